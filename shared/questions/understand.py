"""From a request's words and answers to sections of the books, or to what has to be asked first."""

import logging
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sa

from shared import log
from shared.books.passages import RankedModule
from shared.books.search import module_passages, search_modules
from shared.db.book_search import sources_of_other_models
from shared.db.sections import Section, sections
from shared.enums import PassageKind
from shared.pipeline import CLARIFICATION_ROUNDS
from shared.questions.dialogue import Dialogue
from shared.questions.reading import Question
from shared.questions.resolve import (
    WORDS_ALONE,
    Clear,
    Limits,
    NotCovered,
    Resolution,
    Search,
    Vague,
    best,
    limits,
    resolve,
)
from shared.services import Embeddings

MODULES_SEARCHED: Final = 10
MAXIMUM_MODULES: Final = 2  # of one lesson
# Exercises tell stories (pizza, elections, cars) that draw questions about anything to the section they stand in.
NOT_SEARCHED: Final = frozenset({PassageKind.EXERCISE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Understanding:
    """What was made of a question, and the reading of it that was decided on."""

    resolution: Resolution
    question: Question
    books: tuple[str, ...]  # titles, for the student who asked for something else


def bounds_of(connection: sa.Connection, embeddings: Embeddings) -> Limits:
    """The limits that similarities of these books have to be judged by.

    Books that another model embedded have none: judged by the model's limits, their sections would be foreign to every
    question. Until they are ingested again, words alone decide, and the log says so.
    """
    others = sources_of_other_models(connection, embeddings.model)
    if not others:
        return limits(embeddings.model)
    log.event("books of another embedding model: ingest them again", level=logging.WARNING, count=others)
    return WORDS_ALONE


def understand(connection: sa.Connection, embeddings: Embeddings, query: str, dialogue: Dialogue) -> Understanding:
    """Resolve a question with what the student answered; after the last round nothing is vague any more."""
    bounds = bounds_of(connection, embeddings)
    listed: list[tuple[Section, ...]] = []

    def search(text: str) -> list[RankedModule]:
        return search_modules(connection, embeddings, text, limit=MODULES_SEARCHED, exclude_kinds=NOT_SEARCHED)

    def catalogue() -> tuple[Section, ...]:
        if not listed:
            listed.append(sections(connection))
        return listed[0]

    readings = dialogue.readings(query)
    chosen = _chosen(connection, dialogue)
    if chosen is not None:
        return Understanding(resolution=chosen, question=readings[-1], books=())
    resolutions = [(resolve(question, search, catalogue, bounds), question) for question in readings[:1]]
    for question in readings[1:]:
        if isinstance(resolutions[-1][0], Clear):
            break
        resolutions.append((resolve(question, search, catalogue, bounds), question))
    resolution, question = min(resolutions, key=lambda pair: _preference(pair[0]))
    if isinstance(resolution, Vague) and dialogue.rounds >= CLARIFICATION_ROUNDS:
        resolution, question = _last_resort(readings, search, bounds)
    books = () if isinstance(resolution, Clear) else tuple(dict.fromkeys(section.book for section in catalogue()))
    return Understanding(resolution=resolution, question=question, books=books)


def _chosen(connection: sa.Connection, dialogue: Dialogue) -> Clear | None:
    """The sections that the student chose, as far as they still exist."""
    passages = module_passages(connection, dialogue.chosen[:MAXIMUM_MODULES])
    titles = {passage.module_id: passage.module_title for passage in passages}
    if not titles:
        return None
    return Clear(module_ids=tuple(titles), topic=" and ".join(titles.values()), confidence=1.0)


def _preference(resolution: Resolution) -> int:
    match resolution:
        case Clear():
            return 0
        case Vague():
            return 1
        case NotCovered():
            return 2


def _last_resort(readings: tuple[Question, ...], search: Search, bounds: Limits) -> tuple[Resolution, Question]:
    for question in readings:
        found = best(question, search, bounds)
        if found is not None:
            return found, question
    return NotCovered(foreign=False), readings[0]
