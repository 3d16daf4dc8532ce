"""Which passages of which books a lesson rests on, and where in it."""

import json
from typing import Final

from functions.api.answers import Citation
from functions.api.remembered import Remembered
from shared import objects
from shared.db import citations as record
from shared.db.engine import single_statement
from shared.errors import ObjectMissing
from shared.services import Services

_cited: Final[Remembered[list[Citation]]] = Remembered()


def citations(services: Services, digest: str | None) -> list[Citation]:
    """Return the citations of the lesson in the order of its scenes; none before its storyboard is written."""
    if digest is None:
        return []
    known = _cited.get(digest)
    if known is None:
        known = _read(services, digest)
        if known:
            _cited.keep(digest, known)
    return known


def _read(services: Services, digest: str) -> list[Citation]:
    try:
        storyboard = json.loads(services.objects.read(objects.lesson(digest, objects.STORYBOARD)))
    except ObjectMissing:
        return []
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
