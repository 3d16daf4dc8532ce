"""Write the storyboard of a lesson from the passages that were retrieved, and check it."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, objects, runtime
from shared.books.search import passages_by_id
from shared.db.engine import single_statement
from shared.enums import DegradedReason, Modality
from shared.errors import ContentNotFound, InvalidStoryboard
from shared.lesson import gate
from shared.lesson.pruning import INDISPENSABLE, renumbered
from shared.lesson.storyboard import Storyboard
from shared.lesson.transcript import transcript
from shared.pipeline import GENERATE_SCRIPT
from shared.questions.dialogue import Dialogue
from shared.services import LessonBrief
from shared.work import Advance, Outcome, Request, Work

bootstrap.check(GENERATE_SCRIPT)


def handle(request: Request, work: Work) -> Outcome:
    """Store storyboard and transcript under the storyboard's digest; record the digest."""
    brief = _brief(request, work)
    work.progress(34, "Writing the storyboard")
    writer = work.services.writer
    written = writer.storyboard(brief)
    work.progress(44, "Checking the script against the books")
    drawn = request.modality is Modality.VIDEO
    lesson = gate.passed(written, brief, writer, fitted=_drawable if drawn else _as_it_is)
    storyboard = lesson.storyboard
    digest = storyboard.digest()
    work.begin_lesson(digest)
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
            **lesson.as_output(),
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
    degraded = sorted({*storyboard.degraded, DegradedReason.SHORTER})
    return storyboard.model_copy(update={"scenes": renumbered(scenes), "degraded": degraded})


def _as_it_is(storyboard: Storyboard) -> Storyboard:
    return storyboard


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
