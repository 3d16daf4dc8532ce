"""Scenes encoded one by one, and joined into the lesson without encoding again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import av

from shared.errors import InvalidMedia
from shared.media import h264
from shared.media.container import NO_TAGS, mux_in_order, opened, sound_packets, write_file, write_fragment

if TYPE_CHECKING:
    from av.container import InputContainer, OutputContainer
    from av.packet import Packet
    from av.video.frame import VideoFrame

    from shared.media.draw import Frame

ENCODING: Final = "h264/1/crf20"  # part of the name of a stored scene: raised with every change of the settings
_CRF: Final = 20
_LONGEST_DRIFT_SECONDS: Final = 0.1  # between the scenes together and the narration


def encode_scene(frames: "Iterable[Frame]", seconds: float, *, width: int, height: int) -> bytes:
    """Return the pictures of a scene as MP4, `seconds` long (to the nearest 1/30), beginning with a keyframe.

    `frames` come in order, the first at 0; each stays until the next. Raises InvalidMedia where there is none, or one
    is of another size.
    """
    total = h264.slot(seconds)
    if total < 1:
        raise InvalidMedia(f"a scene of {seconds} s cannot be encoded", code="empty_scene")

    def fill(container: "OutputContainer") -> None:
        encoder = h264.Encoder(h264.add_stream(container, width, height, crf=_CRF), total)
        for shot in h264.shots(_pictures(frames, width, height), total):
            container.mux(encoder.feed(shot))
        last = encoder.finish()
        container.mux(last)
        if not last:
            raise InvalidMedia("the scene has no picture", code="empty_scene")

    return write_fragment(fill)


def _pictures(frames: "Iterable[Frame]", width: int, height: int) -> "Iterator[tuple[int, VideoFrame]]":
    scaler = h264.Scaler(width, height)
    for frame in frames:
        if frame.pixels.shape != (height, width, 3):
            raise InvalidMedia(
                f"a frame is {frame.pixels.shape}, not {width}×{height} RGB", code="wrong_frame_size", at=frame.time
            )
        yield h264.slot(frame.time), scaler.scaled(av.VideoFrame.from_ndarray(frame.pixels, format="rgb24"))


def join_scenes(scene_videos: Sequence[bytes], narration_m4a: bytes, *, tags: Mapping[str, str] = NO_TAGS) -> bytes:
    """Return one MP4 of the scenes in order with the narration under them, without encoding anything again.

    Raises InvalidMedia where the scenes were encoded differently, or are together longer or shorter than the sound.
    """
    if not scene_videos:
        raise InvalidMedia("there is no scene to join", code="empty_scene")

    def fill(container: "OutputContainer") -> None:
        with opened(scene_videos[0]) as first, opened(narration_m4a) as narration:
            picture = container.add_stream_from_template(first.streams.video[0])
            sound = container.add_stream_from_template(narration.streams.audio[0])
            header = first.streams.video[0].codec_context.extradata
            ends = _seconds(narration)
        scenes = _joined(scene_videos, header, ends)
        mux_in_order(container, (picture, scenes), (sound, sound_packets(narration_m4a)))

    return write_file(fill, tags=tags)


def _joined(scene_videos: Sequence[bytes], header: bytes | None, sound_seconds: float) -> "Iterator[Packet[Any]]":
    offset, seconds = 0, 0.0
    for number, scene in enumerate(scene_videos, start=1):
        with opened(scene) as container:
            stream = container.streams.video[0]
            if stream.codec_context.extradata != header:
                raise InvalidMedia(f"scene {number} is encoded unlike the first", code="scenes_differ")
            end = offset
            for packet in container.demux(stream):
                if packet.pts is None or packet.dts is None:
                    continue  # the demuxer's end marker
                packet.pts += offset
                packet.dts += offset
                end = packet.pts + (packet.duration or 0)
                seconds = float(end * stream.time_base) if stream.time_base else 0.0
                yield packet
            offset = end
    if abs(seconds - sound_seconds) > _LONGEST_DRIFT_SECONDS:
        raise InvalidMedia(
            f"the scenes last {seconds:.2f} s, the narration {sound_seconds:.2f} s", code="durations_differ"
        )


def _seconds(container: "InputContainer") -> float:
    return (container.duration or 0) / av.time_base
