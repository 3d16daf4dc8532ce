"""The lesson's sound: scenes joined, brought to the loudness of speech on the web, encoded as AAC.

Loudness is measured after ITU-R BS.1770 (FFmpeg's ebur128). The target is −16 LUFS with true peaks under −1 dBTP, as
podcasts and video sites ask. Speech at that level needs its peaks held, so a gentle compressor and a limiter come
first, and the gain is corrected until the limited sound measures right.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from typing import TYPE_CHECKING, Final

import av
import numpy as np

from shared.errors import InvalidMedia
from shared.media.container import opened, write_file
from shared.services import Clip

if TYPE_CHECKING:
    from av.audio.frame import AudioFrame
    from av.container import OutputContainer
    from numpy.typing import NDArray

    _Filters = Sequence[tuple[str, str]]

TARGET_LUFS: Final = -16.0
TOLERANCE_LU: Final = 1.0
PEAK_LIMIT_DBTP: Final = -1.0
RATE: Final = 48_000
BIT_RATE: Final = 128_000

_AIM_LU: Final = 0.2  # how near the target the gain is corrected to
_CORRECTIONS: Final = 5
_LIMIT_DB: Final = -2.0  # the limiter's ceiling: AAC overshoots it by some tenths
_SILENCE_LUFS: Final = -60.0
# Rumble off; above −24 dB half the rise: sentences come out more alike, as a speaker at a microphone would.
_EVEN: Final = (
    ("aresample", str(RATE)),
    ("highpass", "f=70"),
    ("acompressor", "threshold=-24dB:ratio=2:attack=8:release=120:knee=6"),
    ("aformat", "sample_fmts=fltp"),
)
_BLOCK: Final = 1024  # samples of an AAC frame


@dataclass(frozen=True, slots=True, kw_only=True)
class Loudness:
    """How loud a sound is: LUFS over all of it, and its highest true peak in dBTP."""

    integrated: float
    true_peak: float


def join(clips: Sequence[Clip]) -> tuple[bytes, int]:
    """Return the clips one after the other as PCM, and their common sample rate."""
    rates = {clip.sample_rate for clip in clips}
    if len(rates) != 1:
        raise InvalidMedia(f"clips of {len(rates)} sample rates cannot be joined", code="mixed_sample_rates")
    return b"".join(clip.pcm for clip in clips), rates.pop()


def master(pcm: bytes, sample_rate: int) -> bytes:
    """Return mono 16-bit PCM as stereo AAC in an M4A that plays from its start, at the target loudness.

    Raises InvalidMedia where the sound is silent or cannot be brought to the target.
    """
    voice = np.frombuffer(pcm, dtype="<i2").astype(np.float32) / np.float32(32768)
    length = round(len(voice) * RATE / sample_rate)
    even = _filtered(voice, sample_rate, _EVEN, length)
    before = _measured(even)
    if before.integrated < _SILENCE_LUFS:
        raise InvalidMedia("the narration is silent", code="silent_narration")
    gain = TARGET_LUFS - before.integrated
    for _ in range(_CORRECTIONS):
        limited = _filtered(even, RATE, _louder(gain), length)
        missing = TARGET_LUFS - _measured(limited).integrated
        if abs(missing) <= _AIM_LU:
            return _encoded(limited)
        gain += missing
    raise InvalidMedia("the narration cannot be brought to its loudness", code="loudness_off_target")


def loudness(media: bytes) -> Loudness:
    """Measure the first audio stream of a file; raise InvalidMedia where there is none."""
    with opened(media) as container:
        if not container.streams.audio:
            raise InvalidMedia("there is no audio stream", code="no_audio_stream")
        return _measure(container.decode(container.streams.audio[0]))


def _louder(gain: float) -> "_Filters":
    ceiling = 10 ** (_LIMIT_DB / 20)
    return (
        ("volume", f"{gain:.2f}dB"),
        ("alimiter", f"limit={ceiling:.4f}:attack=4:release=60:level=0:latency=1"),
        ("aformat", "sample_fmts=fltp"),
    )


def _filtered(voice: "NDArray[np.float32]", rate: int, filters: "_Filters", length: int) -> "NDArray[np.float32]":
    """The filtered sound at 48 kHz, of exactly the given length: sound and picture are cut to the same one."""
    blocks = [frame.to_ndarray()[0] for frame in _through(_frames(voice, rate, channels=1), filters)]
    sound = np.concatenate(blocks) if blocks else np.zeros(0, dtype=np.float32)
    return np.pad(sound[:length], (0, max(0, length - len(sound))))


def _measured(voice: "NDArray[np.float32]") -> Loudness:
    return _measure(_frames(voice, RATE, channels=2))  # as it is heard: on two loudspeakers


def _measure(frames: "Iterable[AudioFrame]") -> Loudness:
    facts: dict[str, str] = {}
    for frame in _through(frames, (("ebur128", "metadata=1:peak=true:framelog=quiet"),)):
        facts = frame.metadata or facts
    peak = float(facts.get("lavfi.r128.true_peak", "0"))
    return Loudness(
        integrated=float(facts.get("lavfi.r128.I", "-inf")),
        true_peak=20 * math.log10(peak) if peak > 0 else -math.inf,
    )


def _frames(voice: "NDArray[np.float32]", rate: int, *, channels: int, block: int = RATE) -> "Iterator[AudioFrame]":
    layout = "stereo" if channels == 2 else "mono"
    for start in range(0, len(voice), block):
        piece = voice[start : start + block]
        frame = av.AudioFrame.from_ndarray(np.stack([piece] * channels), format="fltp", layout=layout)
        frame.sample_rate, frame.pts, frame.time_base = rate, start, Fraction(1, rate)
        yield frame


def _through(frames: "Iterable[AudioFrame]", filters: "_Filters") -> "Iterator[AudioFrame]":
    """Frames of one format through a chain of FFmpeg's filters."""
    frames = iter(frames)
    first = next(frames, None)
    if first is None:
        return
    graph = av.filter.Graph()
    source = graph.add_abuffer(
        sample_rate=first.sample_rate,
        format=first.format.name,
        layout=first.layout.name,
        time_base=Fraction(1, first.sample_rate),
    )
    sink = graph.add("abuffersink")
    graph.link_nodes(source, *(graph.add(name, options) for name, options in filters), sink).configure()
    for frame in chain([first], frames, [None]):
        source.push(frame)
        while True:
            try:
                yield sink.pull()  # type: ignore[misc]
            except (av.BlockingIOError, av.EOFError):
                break


def _encoded(voice: "NDArray[np.float32]") -> bytes:
    def fill(container: "OutputContainer") -> None:
        stream = container.add_stream("aac", rate=RATE, layout="stereo", options={"aac_coder": "fast"})
        stream.bit_rate = BIT_RATE
        for frame in chain(_frames(voice, RATE, channels=2, block=_BLOCK), [None]):
            container.mux(stream.encode(frame))

    return write_file(fill, format="ipod")
