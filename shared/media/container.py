"""Files of sound and picture, made and opened in memory."""

import heapq
import io
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import av

from shared.errors import InvalidMedia

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.stream import Stream

NO_TAGS: Final[Mapping[str, str]] = MappingProxyType({})


def write_file(
    fill: "Callable[[OutputContainer], None]", *, format: str = "mp4", tags: Mapping[str, str] = NO_TAGS
) -> bytes:
    """Return the MP4 (or "ipod": M4A) that `fill` muxes, its index before its data, so that it plays while it loads.

    FFmpeg moves the index by reading the file again, for which it has to have a name: it is written to a folder that
    is gone when this returns.
    """
    with tempfile.TemporaryDirectory(prefix="vividly-") as folder:
        path = Path(folder) / "media"
        with av.open(str(path), "w", format=format, options={"movflags": "+faststart"}) as container:
            container.metadata.update(tags)
            fill(container)
        return path.read_bytes()


def write_fragment(fill: "Callable[[OutputContainer], None]", *, options: Mapping[str, str] = NO_TAGS) -> bytes:
    """Return the MP4 that `fill` muxes, without touching the disk."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4", options=dict(options)) as container:
        fill(container)
    return buffer.getvalue()


@contextmanager
def opened(media: bytes) -> "Iterator[InputContainer]":
    """Open a file held in memory; what FFmpeg cannot read is InvalidMedia."""
    try:
        with av.open(io.BytesIO(media), "r") as container:
            yield container
    except av.FFmpegError as error:
        raise InvalidMedia(f"the file does not open or decode: {error.strerror}", code="undecodable_media") from error


def sound_packets(media: bytes) -> "Iterator[Packet[Any]]":
    """The packets of a file's first audio stream."""
    with opened(media) as container:
        for packet in container.demux(container.streams.audio[0]):
            if packet.pts is not None:  # the demuxer's end marker has none
                yield packet


def mux_in_order(container: "OutputContainer", *tracks: "tuple[Stream, Iterable[Packet[Any]]]") -> None:
    """Write the tracks' packets by time, as a player reads them side by side."""
    for _, stream, packet in heapq.merge(*(_placed(*track) for track in tracks), key=lambda item: item[0]):
        packet.stream = stream
        container.mux(packet)


def _placed(stream: "Stream", packets: "Iterable[Packet[Any]]") -> "Iterator[tuple[float, Stream, Packet[Any]]]":
    for packet in packets:
        yield _time(packet), stream, packet


def _time(packet: "Packet[Any]") -> float:
    return float((packet.dts or 0) * packet.time_base)
