"""HLS playlists (RFC 8216) as text. The references in them are relative; whoever serves them signs them.

Each size of a lesson is one file, and its segments are parts of it (EXT-X-BYTERANGE): a player that is given signed
links needs one for each size instead of one for every four seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

MASTER: Final = "master.m3u8"
SEGMENT_SECONDS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One size in the master playlist; rates in bits a second."""

    uri: str
    peak_rate: int
    average_rate: int
    width: int
    height: int
    codecs: str
    frame_rate: float


def master_playlist(variants: Sequence[Variant], *, remark: str = "") -> str:
    """The playlist of all sizes; `remark` is a comment that players ignore."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:7", *([f"# {remark}"] if remark else []), "#EXT-X-INDEPENDENT-SEGMENTS"]
    for variant in variants:
        lines += [
            f"#EXT-X-STREAM-INF:BANDWIDTH={variant.peak_rate},AVERAGE-BANDWIDTH={variant.average_rate},"
            f'RESOLUTION={variant.width}x{variant.height},CODECS="{variant.codecs}",FRAME-RATE={variant.frame_rate:.3f}',
            variant.uri,
        ]
    return "\n".join(lines) + "\n"


def media_playlist(uri: str, *, header: int, segments: Sequence[int], seconds: Sequence[float]) -> str:
    """The playlist of one file: the length in bytes of its header, then bytes and seconds of each segment."""
    lines = [
        "#EXTM3U",
        "#EXT-X-VERSION:7",
        f"#EXT-X-TARGETDURATION:{SEGMENT_SECONDS}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f'#EXT-X-MAP:URI="{uri}",BYTERANGE="{header}@0"',
    ]
    starts = accumulate(segments, initial=header)
    for size, start, length in zip(segments, starts, seconds, strict=False):
        lines += [f"#EXTINF:{length:.5f},", f"#EXT-X-BYTERANGE:{size}@{start}", uri]
    return "\n".join([*lines, "#EXT-X-ENDLIST"]) + "\n"
