"""The scenes of one lesson, spoken and drawn side by side: a scene is drawn while the next one is spoken."""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Final, Self

from functions.generate_video.generate_video_pictures import Pictures
from shared import objects as names
from shared import usage
from shared.errors import ObjectMissing
from shared.lesson.storyboard import Scene, Storyboard
from shared.media.draw import Shape, draw_scene
from shared.media.encode import ENCODING, encode_scene
from shared.media.narration import pad, speak_scene
from shared.pipeline import PIPELINE_VERSION
from shared.services import Clip, Speech
from shared.work import Work

SPEAKING: Final = (50, 66)  # progress
DRAWING: Final = (66, 84)
# Shares of the stage's time, for the estimate of what is left: most of the drawing is done beside the speaking.
_SPEAKING_SHARE: Final = 0.75


class CountingSpeech:
    """The voice, counting what it really had to say: what was stored is not said again."""

    def __init__(self, speech: Speech) -> None:
        self._speech = speech
        self.characters = 0

    @property
    def voice(self) -> str:
        """Name of the voice."""
        return self._speech.voice

    def speak(self, text: str) -> Clip:
        """Return the text spoken."""
        self.characters += len(text)
        return self._speech.speak(text)


class Studio:
    """Speaks in the caller's thread and draws in one of its own. One thread draws, as the rasteriser holds the GIL."""

    def __init__(self, storyboard: Storyboard, work: Work, *, speech: Speech, pictures: Pictures, shape: Shape) -> None:
        self._storyboard = storyboard
        self._work = work
        self._speech = speech
        self._pictures = pictures
        self._shape = shape
        self._objects = work.services.objects
        self._artist = ThreadPoolExecutor(max_workers=1, thread_name_prefix="artist")
        self._drawings: list[Future[bytes]] = []
        self._began = time.monotonic()

    @classmethod
    @contextmanager
    def opened(cls, storyboard: Storyboard, work: Work, *, speech: Speech, shape: Shape = Shape.WIDE) -> Iterator[Self]:
        """A studio whose threads have ended when this is left, whatever happens inside."""
        with Pictures.opened(work.services) as pictures:
            studio = cls(storyboard, work, speech=speech, pictures=pictures, shape=shape)
            try:
                yield studio
            finally:
                studio._artist.shutdown(wait=True, cancel_futures=True)

    def speak(self, *, draw: bool) -> list[Clip]:
        """Return every scene spoken, with its silences; with `draw`, each is handed to the artist at once."""
        clips: list[Clip] = []
        scenes = self._storyboard.scenes
        if draw:
            for scene in scenes:
                self._pictures.ask(scene)
        for number, scene in enumerate(scenes):
            self._report(SPEAKING, number, "Speaking", _SPEAKING_SHARE * number / len(scenes))
            clip = pad(speak_scene(scene.narration, self._speech, self._objects))
            clips.append(clip)
            if draw:
                self._drawings.append(self._artist.submit(usage.in_this_run(self._drawn), scene, clip))
        return clips

    def drawings(self) -> list[bytes]:
        """Return every scene's pictures as MP4, in order; wait for those that are not finished."""
        videos: list[bytes] = []
        for number, drawing in enumerate(self._drawings):
            done = _SPEAKING_SHARE + (1 - _SPEAKING_SHARE) * number / len(self._drawings)
            self._report(DRAWING, number, "Drawing", done)
            videos.append(drawing.result())
        return videos

    @property
    def lacks_pictures(self) -> bool:
        """Whether drawings stand in for illustrations, of the scenes that were handed to the artist."""
        return self._pictures.any_missing

    def _drawn(self, scene: Scene, clip: Clip) -> bytes:
        picture = self._pictures.of(scene)
        name = drawing_name(self._storyboard, scene, clip, self._shape, picture)
        try:
            return self._objects.read(name)
        except ObjectMissing:
            frames = draw_scene(scene, self._storyboard, clip.words, clip.seconds, self._shape, picture=picture)
            video = encode_scene(frames, clip.seconds, width=self._shape.width, height=self._shape.height)
            self._objects.write(name, video, content_type=names.content_type(name))
            return video

    def _report(self, span: tuple[int, int], number: int, verb: str, done: float) -> None:
        count = len(self._storyboard.scenes)
        elapsed = time.monotonic() - self._began
        self._work.progress(
            span[0] + (span[1] - span[0]) * number // count,
            f"{verb} scene {number + 1} of {count}",
            eta_seconds=round(elapsed * (1 - done) / done) if done else None,
        )


def drawing_name(storyboard: Storyboard, scene: Scene, clip: Clip, shape: Shape, picture: bytes | None = None) -> str:
    """Name of a drawn scene, from all that it is made from: the lesson's look comes from its storyboard."""
    timings = " ".join(f"{word.start:.3f}" for word in clip.words)
    key = names.fingerprint(
        storyboard.digest(),
        scene.id,
        timings,
        f"{clip.seconds:.3f}",
        shape.name,
        ENCODING,
        str(PIPELINE_VERSION),
        *([] if picture is None else [picture]),
    )
    return names.scene("picture", key, "mp4")
