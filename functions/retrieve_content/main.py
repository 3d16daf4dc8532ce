"""Choose the passages that a lesson may be written from."""

from collections.abc import Sequence
from typing import Final

import functions_framework
import sqlalchemy as sa
from cloudevents.http import CloudEvent

from shared import bootstrap, runtime
from shared.books.passages import Passage, RankedModule
from shared.books.search import module_passages, search_modules, search_passages
from shared.db.engine import single_statement
from shared.db.sections import sections
from shared.enums import PassageKind
from shared.errors import ContentNotFound
from shared.pipeline import CLARIFICATION_ROUNDS, RETRIEVE_CONTENT
from shared.questions import dialogue
from shared.questions.dialogue import Dialogue
from shared.questions.resolve import offer_anything
from shared.questions.understand import NOT_SEARCHED, bounds_of
from shared.services import Services
from shared.work import Advance, Outcome, Request, Work

bootstrap.check(RETRIEVE_CONTENT)

BEST_PASSAGES: Final = 16  # of the chosen sections, put first
OTHER_MODULES: Final = 3  # further sections whose best passages may be quoted beside
OTHER_PASSAGES: Final = 6  # of these, together
MAXIMUM_PASSAGES: Final = 240  # two long sections have about 200
OTHER_COVERAGE: Final = 0.5  # share of the question's words that another section holds at least
# A lesson needs something that explains; exercises and pictures alone do not.
EXPLAINING: Final = frozenset(
    {
        PassageKind.EXPLANATION,
        PassageKind.DEFINITION,
        PassageKind.EXAMPLE,
        PassageKind.SUMMARY,
        PassageKind.STEPS,
        PassageKind.EQUATION,
    }
)


def handle(request: Request, work: Work) -> Outcome:
    """Record the ids of the passages: the best of the chosen sections, the rest of these, the best of others."""
    said = Dialogue.of(request.metadata)
    module_ids: list[str] = list(request.metadata.get("module_ids", []))
    text = said.search_text(request.query) or request.topic or ""
    work.progress(18, "Choosing the passages for your lesson")
    with single_statement(work.services.engine) as connection:
        whole = module_passages(connection, module_ids)
        if not any(passage.kind in EXPLAINING for passage in whole):
            if said.rounds >= CLARIFICATION_ROUNDS or not (catalogue := sections(connection)):
                raise ContentNotFound("the chosen sections hold nothing to explain from", modules=len(module_ids))
            return dialogue.ask(offer_anything(catalogue), rounds=said.rounds)
        ranked = search_passages(connection, work.services.embeddings, text, module_ids=module_ids, limit=BEST_PASSAGES)
        work.checkpoint()
        others = _others(connection, work.services, text, module_ids)
    best = [found.passage for found in ranked]
    chosen = _ids([*best, *whole, *others])[:MAXIMUM_PASSAGES]
    return Advance(
        metadata={"passage_ids": chosen},
        output={
            "passages": len(chosen),
            "of_chosen_sections": len(whole),
            "of_other_sections": len(others),
            "best_scores": [round(found.score, 3) for found in ranked[:5]],
        },
    )


def _others(connection: sa.Connection, services: Services, text: str, module_ids: Sequence[str]) -> list[Passage]:
    """The best passages of further sections that are about the question as well."""
    bounds = bounds_of(connection, services.embeddings)

    def fits(module: RankedModule) -> bool:
        near = module.similarity >= bounds.likely and module.coverage >= OTHER_COVERAGE
        return module.module_id not in module_ids and near

    found = search_modules(
        connection,
        services.embeddings,
        text,
        limit=len(module_ids) + 2 * OTHER_MODULES,
        exclude_kinds=NOT_SEARCHED,
    )
    modules = [module for module in found if fits(module)][:OTHER_MODULES]
    passages = [ranked for module in modules for ranked in module.passages]
    return [ranked.passage for ranked in sorted(passages, key=lambda ranked: -ranked.score)[:OTHER_PASSAGES]]


def _ids(passages: Sequence[Passage]) -> list[str]:
    return list(dict.fromkeys(passage.passage_id for passage in passages))


@functions_framework.cloud_event
def retrieve_content(event: CloudEvent) -> None:
    """Entry point: a message on the topic that RETRIEVE_CONTENT listens to."""
    runtime.run(RETRIEVE_CONTENT, handle, event, bootstrap.services(RETRIEVE_CONTENT))
