"""Which passages of which books a lesson rests on, where in it, and how far they back what it says."""

import json
from dataclasses import dataclass
from typing import Any, Final

from functions.api.answers import Citation, Grounding
from functions.api.remembered import Remembered
from shared import objects
from shared.db import citations as record
from shared.db.engine import single_statement
from shared.errors import ObjectMissing
from shared.services import Services


@dataclass(frozen=True, slots=True)
class Backing:
    """What a lesson rests on."""

    citations: list[Citation]  # in the order of its scenes
    grounding: Grounding | None  # None before the storyboard is written


_NOTHING: Final = Backing([], None)
_known: Final[Remembered[Backing]] = Remembered()


def backing(services: Services, digest: str | None) -> Backing:
    """Return what the lesson with this storyboard rests on; nothing before its storyboard is written."""
    if digest is None:
        return _NOTHING
    known = _known.get(digest)
    if known is None:
        known = _read(services, digest)
        if known.citations:
            _known.keep(digest, known)
    return known


def _read(services: Services, digest: str) -> Backing:
    try:
        storyboard = json.loads(services.objects.read(objects.lesson(digest, objects.STORYBOARD)))
    except ObjectMissing:
        return _NOTHING
    measured = {name: storyboard[name] for name in Grounding.model_fields if name in storyboard}
    # A lesson of an earlier release has no count of its claims.
    grounding = Grounding(**measured) if measured.keys() == Grounding.model_fields.keys() else None
    return Backing(_citations(services, storyboard), grounding)


def _citations(services: Services, storyboard: dict[str, Any]) -> list[Citation]:
    scenes: dict[str, list[str]] = {}
    for scene in storyboard["scenes"]:
        for passage_id in scene["citations"]:
            scenes.setdefault(passage_id, []).append(scene["id"])
    with single_statement(services.engine) as connection:
        found = record.passages(connection, list(scenes))
    return [
        Citation(
            passage_id=passage.passage_id,
            module_id=passage.module_id,
            book=passage.book,
            section=passage.section or passage.module_title,
            scene_ids=scene_ids,
            url=passage.url,
            licence=passage.licence,
        )
        for passage_id, scene_ids in scenes.items()
        if (passage := found.get(passage_id))
    ]
