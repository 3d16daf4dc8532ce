"""Speak the lesson, draw it, and join both into one video; sound and captions are stored as soon as they are there."""

import functions_framework
from cloudevents.http import CloudEvent

from functions.generate_video.generate_video_scenes import CountingSpeech, Studio
from shared import bootstrap, objects, runtime
from shared.enums import DegradedReason, Modality
from shared.lesson.storyboard import Storyboard
from shared.media import audio, captions
from shared.media.encode import join_scenes
from shared.media.lesson_store import LessonStore
from shared.media.timeline import Timeline
from shared.pipeline import GENERATE_VIDEO
from shared.services import Clip
from shared.work import Advance, Outcome, Request, Work

bootstrap.check(GENERATE_VIDEO)


def handle(request: Request, work: Work) -> Outcome:
    """Store narration, captions and timeline, and for a video the draft; reuse every scene that is stored."""
    lesson = LessonStore(work.services.objects, request.storyboard_digest)
    storyboard = lesson.storyboard()
    speech = CountingSpeech(work.services.speech)
    wants_video = request.modality is Modality.VIDEO
    output: dict[str, object] = {"scenes": len(storyboard.scenes)}
    degraded: list[str] = []
    with Studio.opened(storyboard, work, speech=speech) as studio:
        clips = studio.speak(draw=wants_video)
        narration = audio.master(*audio.join(clips))
        timeline = Timeline.of([scene.id for scene in storyboard.scenes], [clip.seconds for clip in clips])
        _store_sound(lesson, clips, narration, timeline)
        if wants_video:
            draft = join_scenes(studio.drawings(), narration, tags=_tags(storyboard))
            lesson.write(objects.DRAFT, draft)
            output["draft_bytes"] = len(draft)
            if studio.lacks_pictures:
                degraded.append(DegradedReason.NO_ILLUSTRATION)
    if any(clip.timings_estimated for clip in clips):
        degraded.append(DegradedReason.ESTIMATED_TIMINGS)
    output |= {
        "seconds": timeline.seconds,
        "narration_bytes": len(narration),
        "characters_spoken": speech.characters,
        "characters": sum(len(scene.narration) for scene in storyboard.scenes),
    }
    return Advance(output=output, degraded=tuple(degraded))


def _store_sound(lesson: LessonStore, clips: list[Clip], narration: bytes, timeline: Timeline) -> None:
    spoken = [
        captions.SceneWords(offset=span.start, words=clip.words)
        for span, clip in zip(timeline.scenes, clips, strict=True)
    ]
    lesson.write(objects.NARRATION, narration)
    lesson.write(objects.CAPTIONS, captions.to_vtt(captions.cues(spoken)).encode())
    lesson.write(objects.TIMELINE, timeline.encode())


def _tags(storyboard: Storyboard) -> dict[str, str]:
    """What the file says of itself wherever it is taken: title, and the books with their licences."""
    credits = "; ".join(f"{source.attribution} {source.licence}" for source in storyboard.sources)
    return {"title": storyboard.title, "copyright": credits}


@functions_framework.cloud_event
def generate_video(event: CloudEvent) -> None:
    """Entry point: a message on the topic that GENERATE_VIDEO listens to."""
    runtime.run(GENERATE_VIDEO, handle, event, bootstrap.services(GENERATE_VIDEO))
