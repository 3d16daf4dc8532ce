"""Where each artefact lies. Names derive from content: a second run overwrites with the same, or skips."""

import hashlib
from typing import Final

STORYBOARD: Final = "storyboard.json"
TRANSCRIPT: Final = "transcript.txt"
NARRATION: Final = "narration.m4a"
CAPTIONS: Final = "captions.vtt"
TIMELINE: Final = "timeline.json"
DRAFT: Final = "draft.mp4"
VIDEO: Final = "video.mp4"
POSTER: Final = "poster.jpg"
HLS_PLAYLIST: Final = "hls/master.m3u8"

SOURCES: Final = "sources/"  # textbook archives, put there to be ingested

CONTENT_TYPES: Final = {
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "m4a": "audio/mp4",
    "vtt": "text/vtt; charset=utf-8",
    "mp4": "video/mp4",
    "m4s": "video/iso.segment",
    "jpg": "image/jpeg",
    "png": "image/png",
    "m3u8": "application/vnd.apple.mpegurl",
    "pcm": "application/octet-stream",
}


def content_type(name: str) -> str:
    """The media type of an object, by its ending."""
    return CONTENT_TYPES[name.rpartition(".")[2]]


SCENES: Final = "scenes/"  # pieces of scenes, of whichever lesson


def lesson(digest: str, name: str = "") -> str:
    """An artefact of the lesson whose storyboard has this digest; without a name, the prefix of them all."""
    return f"lessons/{digest}/{name}"


def scene(kind: str, fingerprint: str, extension: str) -> str:
    """A finished piece of a scene, named by all that it was made from."""
    return f"{SCENES}{kind}/{fingerprint}.{extension}"


def fingerprint(*parts: str | bytes) -> str:
    """32 hex digits over the parts, in order and unambiguously separated."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(len(data).to_bytes(8, "big") + data)
    return digest.hexdigest()[:32]
