"""What a finished file really is, and whether a lesson may be shown to a student."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from shared.errors import InvalidMedia
from shared.media.audio import PEAK_LIMIT_DBTP, TARGET_LUFS, TOLERANCE_LU, Loudness, loudness
from shared.media.captions import Cue
from shared.media.container import opened

if TYPE_CHECKING:
    from av.stream import Stream
    from av.video.frame import VideoFrame
    from numpy.typing import NDArray

LONGEST_DRIFT_SECONDS: Final = 0.5  # between picture and sound
CAPTIONS_DRIFT_SECONDS: Final = 2.0  # between the last caption's end and the video's
_BLANK_DEVIATION: Final = 1.5  # of luma, 0 to 255: a picture of one colour has compression noise only
# A drawn card encoded and decoded again differs by a few levels, wherever one looks; another card by far more where
# its text stands. So the worst of the blocks decides, not the mean, which text hardly moves.
_BLOCK: Final = 24
_CARD_DIFFERENCE: Final = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaFacts:
    """What an MP4 holds. Lengths are in seconds; a stream that is not there has 0 seconds and an empty codec."""

    seconds: float
    width: int
    height: int
    video_codec: str
    audio_codec: str
    faststart: bool
    frames: int
    video_seconds: float
    audio_seconds: float


def inspect_video(media: bytes) -> MediaFacts:
    """Read the facts from the file's index; raise InvalidMedia where it does not open."""
    with opened(media) as container:
        video = container.streams.video[0] if container.streams.video else None
        audio = container.streams.audio[0] if container.streams.audio else None
        lengths = [_seconds(stream) if stream is not None else 0.0 for stream in (video, audio)]
        return MediaFacts(
            seconds=max(lengths),
            width=video.width if video is not None else 0,
            height=video.height if video is not None else 0,
            video_codec=video.codec_context.name if video is not None else "",
            audio_codec=audio.codec_context.name if audio is not None else "",
            faststart=is_faststart(media),
            frames=video.frames if video is not None else 0,
            video_seconds=lengths[0],
            audio_seconds=lengths[1],
        )


def is_faststart(media: bytes) -> bool:
    """Whether the index of an MP4 stands before its data, so that it plays while it loads."""
    at = 0
    while at + 8 <= len(media):
        size, kind = int.from_bytes(media[at : at + 4], "big"), media[at + 4 : at + 8]
        if kind in {b"moov", b"mdat"}:
            return kind == b"moov"
        if size < 8:
            return False
        at += size
    return False


def check_lesson_video(
    media: bytes,
    *,
    captions: Sequence[Cue],
    scene_spans: Sequence[tuple[float, float]],
    end_card: "NDArray[np.uint8]",
) -> tuple[MediaFacts, Loudness]:
    """Look at a lesson as a student would get it; raise InvalidMedia with the code of what is wrong.

    `scene_spans` are the scenes' beginnings and ends in seconds, `end_card` is the last scene's picture as drawn.
    """
    facts = inspect_video(media)
    _check_streams(facts)
    _check_captions(facts, captions)
    level = loudness(media)
    if abs(level.integrated - TARGET_LUFS) > TOLERANCE_LU or level.true_peak > PEAK_LIMIT_DBTP:
        raise InvalidMedia(
            f"the sound has {level.integrated:.1f} LUFS and peaks at {level.true_peak:.1f} dBTP",
            code="loudness_off_target",
        )
    _check_pictures(media, [(start + end) / 2 for start, end in scene_spans], end_card)
    return facts, level


def _check_streams(facts: MediaFacts) -> None:
    if not facts.video_codec:
        raise InvalidMedia("there is no video stream", code="no_video_stream")
    if not facts.audio_codec:
        raise InvalidMedia("there is no audio stream", code="no_audio_stream")
    if (facts.video_codec, facts.audio_codec) != ("h264", "aac"):
        raise InvalidMedia(f"the streams are {facts.video_codec} and {facts.audio_codec}", code="wrong_codec")
    if not facts.faststart:
        raise InvalidMedia("the video plays only once it is loaded whole", code="not_faststart")
    if abs(facts.video_seconds - facts.audio_seconds) > LONGEST_DRIFT_SECONDS:
        raise InvalidMedia(
            f"the picture lasts {facts.video_seconds:.2f} s, the sound {facts.audio_seconds:.2f} s",
            code="durations_differ",
        )


def _check_captions(facts: MediaFacts, captions: Sequence[Cue]) -> None:
    if not captions:
        raise InvalidMedia("there are no captions", code="captions_differ")
    if abs(captions[-1].end - facts.seconds) > CAPTIONS_DRIFT_SECONDS or captions[-1].end > facts.seconds:
        raise InvalidMedia(
            f"the captions end at {captions[-1].end:.2f} s, the video at {facts.seconds:.2f} s", code="captions_differ"
        )


def _check_pictures(media: bytes, moments: Sequence[float], end_card: "NDArray[np.uint8]") -> None:
    """Decode everything once: no scene is blank in its middle, and the lesson ends with its end card."""
    waiting = sorted(moments)
    held: VideoFrame | None = None
    with opened(media) as container:
        for frame in container.decode(container.streams.video[0]):
            while waiting and held is not None and (frame.time or 0.0) > waiting[0]:
                _check_not_blank(held, waiting.pop(0))
            held = frame
    if held is None:
        raise InvalidMedia("there is no picture", code="no_video_stream")
    for moment in waiting:
        _check_not_blank(held, moment)
    shown = np.asarray(held.to_ndarray(format="rgb24"), dtype=np.uint8)
    if shown.shape != end_card.shape or _worst_block(shown, end_card) > _CARD_DIFFERENCE:
        raise InvalidMedia("the lesson does not end with its credits", code="no_end_card")


def _check_not_blank(frame: "VideoFrame", moment: float) -> None:
    if float(np.asarray(frame.to_ndarray(format="gray")).std()) < _BLANK_DEVIATION:
        raise InvalidMedia(f"the picture is blank at {moment:.1f} s", code="blank_picture")


def _worst_block(shown: "NDArray[np.uint8]", drawn: "NDArray[np.uint8]") -> float:
    """The mean difference of luma within the block where it is greatest, 0 to 255."""
    difference = np.abs(_luma(shown) - _luma(drawn))
    rows, columns = difference.shape[0] // _BLOCK, difference.shape[1] // _BLOCK
    blocks = difference[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    return float(blocks.mean(axis=(1, 3)).max())


def _luma(pixels: "NDArray[np.uint8]") -> "NDArray[np.float32]":
    """Brightness after ITU-R BT.709."""
    weights = np.array([0.2126, 0.7152, 0.0722], dtype=np.float32)
    return np.asarray(pixels, dtype=np.float32) @ weights


def _seconds(stream: "Stream") -> float:
    return float((stream.duration or 0) * (stream.time_base or 0))
