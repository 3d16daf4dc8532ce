"""HLS: the lesson in three sizes, cut at the same places (RFC 8216), as fragmented MP4 with the narration in each.

The pictures are decoded once and encoded for each size as they come. Segments are found here rather than by FFmpeg's
muxer, whose playlists take a segment's length from its frames and are wrong where a picture stays.
"""

import io
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import av

from shared.errors import InvalidMedia
from shared.media import h264
from shared.media.container import mux_in_order, opened, sound_packets
from shared.media.playlists import MASTER, SEGMENT_SECONDS, Variant, master_playlist, media_playlist

if TYPE_CHECKING:
    from av.audio.stream import AudioStream
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

# Fragments begin at keyframes, which come every four seconds; no index at the end.
_FRAGMENTED: Final = MappingProxyType({"movflags": "+frag_keyframe+empty_moov+default_base_moof+skip_trailer"})


@dataclass(frozen=True, slots=True)
class Size:
    """A rendition: the shorter side of its picture, how it is encoded, and its ceiling in bits a second."""

    short_side: int
    crf: int
    maxrate: int

    @property
    def name(self) -> str:
        """As people call it, and the folder of its files."""
        return f"{self.short_side}p"


SIZES: Final = (Size(720, 21, 3_000_000), Size(480, 21, 1_500_000), Size(360, 22, 800_000))
AUDIO_CODEC: Final = "mp4a.40.2"  # AAC-LC


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rendition:
    """One size, finished."""

    size: Size
    width: int
    height: int
    codec: str
    init: bytes
    segments: Sequence[bytes]
    lengths: Sequence[float]  # seconds of each segment

    def files(self) -> dict[str, bytes]:
        """The file of this size and its playlist."""
        name = f"{self.size.name}.mp4"
        playlist = media_playlist(
            name, header=len(self.init), segments=[len(part) for part in self.segments], seconds=self.lengths
        )
        return {f"{self.size.name}.m3u8": playlist.encode(), name: self.init + b"".join(self.segments)}

    def variant(self) -> Variant:
        """This size in the master playlist. The short last segment counts for the peak only if it is alone."""
        bits = [8 * len(part) for part in self.segments]
        rates = [size / seconds for size, seconds in zip(bits, self.lengths, strict=True)]
        return Variant(
            uri=f"{self.size.name}.m3u8",
            peak_rate=math.ceil(max(rates[:-1] or rates)),
            average_rate=math.ceil(sum(bits) / sum(self.lengths)),
            width=self.width,
            height=self.height,
            codecs=f"{self.codec},{AUDIO_CODEC}",
            frame_rate=h264.FRAME_RATE,
        )


class _Making:
    """One size while it is made."""

    def __init__(self, size: Size, picture: "VideoStream", sound: "AudioStream", total: int) -> None:
        self._size = size
        scale = size.short_side / min(picture.width, picture.height)
        self._width, self._height = _even(picture.width * scale), _even(picture.height * scale)
        self._total = total
        self._scaler = h264.Scaler(self._width, self._height)
        self._buffer = io.BytesIO()
        self._container = av.open(self._buffer, "w", format="mp4", options=dict(_FRAGMENTED))
        self._picture = h264.add_stream(self._container, self._width, self._height, crf=size.crf, maxrate=size.maxrate)
        self._sound = self._container.add_stream_from_template(sound)
        self._encoder = h264.Encoder(self._picture, total)
        self._packets: list[Packet[Any]] = []

    def feed(self, shot: h264.Shot) -> None:
        """Encode one shot in this size."""
        picture = self._scaler.scaled(shot.picture)
        self._packets += self._encoder.feed(h264.Shot(shot.slot, picture, shot.is_keyframe))

    def finish(self, sound: "Iterable[Packet[Any]]") -> _Rendition:
        """Write the sound beside the pictures and cut the segments."""
        self._packets += self._encoder.finish()
        with self._container:
            mux_in_order(self._container, (self._picture, self._packets), (self._sound, sound))
        init, segments = _cut(self._buffer.getvalue())
        lengths = _lengths(self._total)
        if len(segments) != len(lengths):
            raise InvalidMedia(
                f"{self._size.name} was cut into {len(segments)} segments, not {len(lengths)}", code="segments_differ"
            )
        return _Rendition(
            size=self._size,
            width=self._width,
            height=self._height,
            codec=_codec(init),
            init=init,
            segments=segments,
            lengths=lengths,
        )


def renditions(video: bytes, *, remark: str = "") -> dict[str, bytes]:
    """Return the files of the HLS presentation of an MP4 by their names relative to the master playlist.

    `remark` becomes a comment in the master playlist, for telling what the files were made from.
    Raises InvalidMedia where the file has no picture or no sound, or does not decode.
    """
    with opened(video) as container:
        if not container.streams.video or not container.streams.audio:
            raise InvalidMedia("a lesson needs picture and sound", code="missing_stream")
        picture, sound = container.streams.video[0], container.streams.audio[0]
        total = h264.slot(float((picture.duration or 0) * (picture.time_base or 0)))
        makings = [_Making(size, picture, sound, total) for size in SIZES]
        for shot in h264.shots(_pictures(container.decode(picture)), total, hold=False):
            for making in makings:
                making.feed(shot)
    files: dict[str, bytes] = {}
    variants: list[Variant] = []
    for making in makings:
        rendition = making.finish(_audible(video))
        files |= rendition.files()
        variants.append(rendition.variant())
    return {MASTER: master_playlist(variants, remark=remark).encode()} | files


def _pictures(frames: "Iterator[VideoFrame]") -> "Iterator[tuple[int, VideoFrame]]":
    for frame in frames:
        yield h264.slot(frame.time or 0.0), frame


def _audible(video: bytes) -> "Iterator[Packet[Any]]":
    """The sound without the encoder's run-up before 0: fragments carry no edit list to hide it."""
    return (packet for packet in sound_packets(video) if packet.pts is not None and packet.pts >= 0)


def _even(length: float) -> int:
    """The nearest even number: yuv420p halves both sides."""
    return 2 * round(length / 2)


def _lengths(total: int) -> list[float]:
    """Seconds of each segment of a lesson of so many frames."""
    step = SEGMENT_SECONDS * h264.FRAME_RATE
    return [min(step, total - start) / h264.FRAME_RATE for start in range(0, total, step)]


def _cut(fragmented: bytes) -> tuple[bytes, list[bytes]]:
    """Divide a fragmented MP4 into its header and its fragments (ISO/IEC 14496-12: size, type, content)."""
    init, segments, at = b"", list[bytes](), 0
    while at < len(fragmented):
        size = int.from_bytes(fragmented[at : at + 4], "big")
        kind = fragmented[at + 4 : at + 8]
        box = fragmented[at : at + size]
        if size < 8 or len(box) != size:
            raise InvalidMedia("the fragmented file is broken off", code="segments_differ")
        if kind == b"moof":
            segments.append(box)
        elif segments:
            segments[-1] += box
        else:
            init += box
        at += size
    return init, segments


def _codec(init: bytes) -> str:
    """The RFC 6381 name of the H.264 stream: profile, constraints and level from its avcC box."""
    at = init.find(b"avcC")
    if at < 0:
        raise InvalidMedia("the header names no H.264 stream", code="encoding_failed")
    return f"avc1.{init[at + 5 : at + 8].hex()}"
