"""Write the storyboard of a lesson from the passages that were retrieved, and check it."""

from typing import Final

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, objects, runtime
from shared.books.search import passages_by_id
from shared.db.engine import single_statement
from shared.enums import DegradedReason, Modality, SceneKind
from shared.errors import ContentNotFound, InvalidStoryboard
from shared.lesson.rules import check
from shared.lesson.storyboard import Storyboard
from shared.lesson.transcript import transcript
from shared.pipeline import GENERATE_SCRIPT
from shared.questions.dialogue import Dialogue
from shared.services import LessonBrief
from shared.work import Advance, Outcome, Request, Work

bootstrap.check(GENERATE_SCRIPT)

# Without these a lesson is none: where it begins, and whose work it rests on.
INDISPENSABLE: Final = frozenset({SceneKind.HOOK, SceneKind.CREDITS})


def handle(request: Request, work: Work) -> Outcome:
    """Store storyboard and transcript under the storyboard's digest; record the digest."""
    brief = _brief(request, work)
    work.progress(34, "Writing the storyboard")
    storyboard = work.services.writer.storyboard(brief)
    work.progress(44, "Checking the script against the books")
    storyboard = _drawable(storyboard) if request.modality is Modality.VIDEO else storyboard
    violations = check(storyboard, brief.passages)
    if violations:
        rules = sorted({violation.code for violation in violations})
        raise InvalidStoryboard(f"storyboard breaks {', '.join(rules)}", rules=rules)
    digest = storyboard.digest()
    for name, text in (
        (objects.STORYBOARD, storyboard.model_dump_json()),
        (objects.TRANSCRIPT, transcript(storyboard)),
    ):
        where = objects.lesson(digest, name)
        work.services.objects.write(where, text.encode(), content_type=objects.content_type(name))
    return Advance(
        columns={"storyboard_digest": digest},
        output={
            "scenes": len(storyboard.scenes),
            "passages_cited": len({citation for scene in storyboard.scenes for citation in scene.citations}),
            "supported_share": storyboard.supported_share,
        },
        degraded=tuple(storyboard.degraded),
    )


def _drawable(storyboard: Storyboard) -> Storyboard:
    """Leave out scenes that cannot be drawn; found here, where another script can still be written, not later."""
    # Only video lessons are drawn; the others need none of these libraries.
    from shared.media.draw import Shape, unfit

    found = unfit(storyboard, (Shape.WIDE,))
    if not found:
        return storyboard
    scenes = [scene for scene in storyboard.scenes if scene.id not in found]
    needed = {scene.kind for scene in storyboard.scenes} & INDISPENSABLE
    if not needed <= {scene.kind for scene in scenes}:
        raise InvalidStoryboard(f"scenes cannot be drawn: {', '.join(sorted(error.code for error in found.values()))}")
    numbered = [scene.model_copy(update={"id": f"scene-{n:02d}"}) for n, scene in enumerate(scenes, start=1)]
    return storyboard.model_copy(
        update={"scenes": numbered, "degraded": sorted({*storyboard.degraded, DegradedReason.SHORTER})}
    )


def _brief(request: Request, work: Work) -> LessonBrief:
    identifiers = request.metadata.get("passage_ids", [])
    with single_statement(work.services.engine) as connection:
        passages = passages_by_id(connection, identifiers)
    if not passages:
        raise ContentNotFound("none of the retrieved passages is in the books any more")
    return LessonBrief(
        query=Dialogue.of(request.metadata).spoken(request.query),
        topic=request.topic or passages[0].module_title,
        module_ids=tuple(request.metadata.get("module_ids", ())),
        grade_level=request.grade_level,
        interest=request.interest,
        style=request.style,
        language=request.language,
        duration_seconds=request.duration_seconds,
        passages=tuple(passages),
    )


@functions_framework.cloud_event
def generate_script(event: CloudEvent) -> None:
    """Entry point: a message on the topic that GENERATE_SCRIPT listens to."""
    runtime.run(GENERATE_SCRIPT, handle, event, bootstrap.services(GENERATE_SCRIPT))
