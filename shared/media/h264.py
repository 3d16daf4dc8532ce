"""What every H.264 stream of a lesson has in common: the frame grid, when pictures are held, how they are encoded.

A lesson's picture changes a few times a second at most, so only changes are encoded (variable frame rate). A picture
that stays is repeated every second, which costs next to nothing: players seek and finish badly when a stream has no
frame for long. Keyframes come every four seconds and nowhere else, so that streams made from the same pictures can be
cut at the same places. There are no B-frames: what is joined or cut needs no reordering.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from shared.errors import InvalidMedia
from shared.media.playlists import SEGMENT_SECONDS

if TYPE_CHECKING:
    from av.container import OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

FRAME_RATE: Final = 30
TIME_BASE: Final = Fraction(1, FRAME_RATE)
KEYFRAME_SECONDS: Final = SEGMENT_SECONDS
_KEYFRAME: Final = KEYFRAME_SECONDS * FRAME_RATE  # slots between keyframes
_HOLD: Final = FRAME_RATE  # slots after which a picture that stays is repeated
_BT709: Final = 1  # for primaries, transfer and matrix alike (ITU-T H.273)
_LIMITED_RANGE: Final = 1


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture at its place on the grid of 30 slots a second."""

    slot: int
    picture: "VideoFrame"  # yuv420p
    is_keyframe: bool


def slot(seconds: float) -> int:
    """The slot nearest to a time."""
    return round(seconds * FRAME_RATE)


def shots(pictures: "Iterable[tuple[int, VideoFrame]]", total: int, *, hold: bool = True) -> Iterator[Shot]:
    """The pictures, each with the slot where it begins, as they have to be encoded to fill `total` slots.

    Adds the repetitions of what stays (without `hold` only those that have to be keyframes) and marks the keyframes.
    Of pictures in one slot the last is taken; those at or beyond the end are left out.
    """
    step = _HOLD if hold else _KEYFRAME
    held: VideoFrame | None = None
    at = 0
    for begins, picture in pictures:
        if begins >= total:
            break
        if held is not None and begins > at:
            yield from _held(held, at, begins, step)
        held, at = picture, 0 if held is None else begins
    if held is not None:
        yield from _held(held, at, total, step)
        if hold and total - 1 > at and (total - 1) % step:
            yield Shot(total - 1, held, is_keyframe=False)  # else some players end with the frame before


def _held(picture: "VideoFrame", begins: int, ends: int, step: int) -> Iterator[Shot]:
    for at in (begins, *range((begins // step + 1) * step, ends, step)):
        yield Shot(at, picture, is_keyframe=at % _KEYFRAME == 0)


def add_stream(
    container: "OutputContainer", width: int, height: int, *, crf: int, maxrate: int | None = None, threads: int = 2
) -> "VideoStream":
    """Add an H.264 stream; streams of equal arguments can be joined without encoding again."""
    options = {
        "preset": "veryfast",
        "crf": str(crf),
        "profile": "high",
        "bf": "0",
        "g": "100000",  # keyframes are those that are forced
        "sc_threshold": "0",
        "forced-idr": "1",
    }
    if maxrate is not None:
        options |= {"maxrate": str(maxrate), "bufsize": str(2 * maxrate)}
    stream = container.add_stream("libx264", rate=FRAME_RATE, options=options)
    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
    context = stream.codec_context
    context.time_base = TIME_BASE
    context.thread_count = threads
    context.color_primaries = context.color_trc = context.colorspace = _BT709
    context.color_range = _LIMITED_RANGE
    return stream


class Scaler:
    """Brings pictures to one size and to the colours that are encoded; sets its tables up once."""

    def __init__(self, width: int, height: int) -> None:
        self._width, self._height = width, height
        self._reformatter = VideoReformatter()

    def scaled(self, picture: "VideoFrame") -> "VideoFrame":
        """The picture as yuv420p in BT.709, as which it is taken unless it is RGB."""
        return self._reformatter.reformat(
            picture,
            width=self._width,
            height=self._height,
            format="yuv420p",
            src_colorspace=Colorspace.ITU709,
            dst_colorspace=Colorspace.ITU709,
            dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.AREA,
        )


class Encoder:
    """Encodes shots into packets, each lasting until the next, the last until `total`."""

    def __init__(self, stream: "VideoStream", total: int) -> None:
        self._stream = stream
        self._total = total
        self._waiting: Packet[Any] | None = None

    def feed(self, shot: Shot) -> "list[Packet[Any]]":
        """Encode one shot; return the packets that are ready."""
        frame = shot.picture
        frame.pts, frame.time_base = shot.slot, TIME_BASE
        frame.pict_type = PictureType.I if shot.is_keyframe else PictureType.NONE
        return self._timed(self._stream.encode(frame))

    def finish(self) -> "list[Packet[Any]]":
        """Return what is left."""
        ready = self._timed(self._stream.encode(None))
        if self._waiting is not None:
            self._waiting.duration = self._total - _pts(self._waiting)
            ready.append(self._waiting)
        return ready

    def _timed(self, packets: "Iterable[Packet[Any]]") -> "list[Packet[Any]]":
        ready: list[Packet[Any]] = []
        for packet in packets:
            if self._waiting is not None:
                self._waiting.duration = _pts(packet) - _pts(self._waiting)
                ready.append(self._waiting)
            self._waiting = packet
        return ready


def _pts(packet: "Packet[Any]") -> int:
    """The packet's slot: without B-frames the encoder keeps the time base that it is given."""
    if packet.pts is None:
        raise InvalidMedia("an encoded frame has no time", code="encoding_failed")
    return int(packet.pts)
