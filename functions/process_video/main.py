"""Look at the draft as a student would, and only then make it the lesson's video, with its sizes and its poster."""

import functions_framework
from cloudevents.http import CloudEvent

from shared import bootstrap, objects, runtime
from shared.errors import ObjectMissing
from shared.media.captions import parse_vtt
from shared.media.draw import Shape, poster, still
from shared.media.inspect import check_lesson_video
from shared.media.lesson_store import LessonStore
from shared.media.playlists import MASTER
from shared.media.renditions import renditions
from shared.media.timeline import Timeline
from shared.pipeline import PROCESS_VIDEO
from shared.work import Advance, Outcome, Request, Work

bootstrap.check(PROCESS_VIDEO)


def handle(request: Request, work: Work) -> Outcome:
    """Check the draft, store it as the video, then the poster and the renditions."""
    lesson = LessonStore(work.services.objects, request.storyboard_digest)
    storyboard = lesson.storyboard()
    work.progress(90, "Checking the video")
    draft = lesson.read(objects.DRAFT)
    timeline = Timeline.decode(lesson.read(objects.TIMELINE))
    facts, level = check_lesson_video(
        draft,
        captions=parse_vtt(lesson.read(objects.CAPTIONS).decode()),
        scene_spans=[(scene.start, scene.end) for scene in timeline.scenes],
        end_card=still(storyboard.scenes[-1], storyboard, Shape.WIDE),
    )
    lesson.write(objects.VIDEO, draft)
    work.progress(92, "Making the poster")
    picture = poster(storyboard, Shape.WIDE)
    lesson.write(objects.POSTER, picture)
    work.progress(93, "Making sizes for every connection")
    hls_bytes = _store_renditions(lesson, draft, work)
    return Advance(
        output={
            "seconds": facts.seconds,
            "frames": facts.frames,
            "video_bytes": len(draft),
            "poster_bytes": len(picture),
            "hls_bytes": hls_bytes,
            "loudness_lufs": level.integrated,
            "true_peak_dbtp": round(level.true_peak, 2),
        },
    )


def _store_renditions(lesson: LessonStore, draft: bytes, work: Work) -> int:
    """Store the HLS files unless those of this very draft are there; return how many bytes were written.

    The master playlist is written last and tells by a remark what it was made from: where it stands, the others do.
    """
    folder = objects.HLS_PLAYLIST.removesuffix(MASTER)
    remark = f"made from {objects.fingerprint(draft)}"
    try:
        if remark in lesson.read(objects.HLS_PLAYLIST).decode():
            return 0
    except ObjectMissing:
        pass  # the first run
    files = renditions(draft, remark=remark)
    master = files.pop(MASTER)
    for name, data in files.items():
        work.checkpoint()
        lesson.write(folder + name, data)
    lesson.write(objects.HLS_PLAYLIST, master)
    return sum(map(len, files.values())) + len(master)


@functions_framework.cloud_event
def process_video(event: CloudEvent) -> None:
    """Entry point: a message on the topic that PROCESS_VIDEO listens to."""
    runtime.run(PROCESS_VIDEO, handle, event, bootstrap.services(PROCESS_VIDEO))
