"""A scene's narration spoken, once: what is stored is not spoken again."""

import json
import math
from typing import Final

from shared import objects as names
from shared.errors import ObjectMissing
from shared.media.normalise import NORMALISER_VERSION
from shared.services import Clip, ObjectStore, Speech, SpokenWord

LEAD_SECONDS: Final = 0.35  # silence before a scene's first word: the picture is seen first
TAIL_SECONDS: Final = 0.6  # silence after its last word: the picture is still there
# A scene's length is a multiple of this: a whole number of samples at every rate of voices (16, 22.05, 24 kHz) and of
# frames at 30 a second, so sound and picture cannot drift apart however many scenes there are.
_GRID_SECONDS: Final = 0.1


def speak_scene(narration: str, speech: Speech, objects: ObjectStore) -> Clip:
    """Return the narration spoken, from the store where the same voice has spoken it before."""
    key = names.fingerprint(speech.voice, NORMALISER_VERSION, narration)
    sound, timings = names.scene("speech", key, "pcm"), names.scene("speech", key, "json")
    stored = _stored(narration, sound, timings, objects)
    if stored is not None:
        return stored
    clip = speech.speak(narration)
    # The timings are written last: where they are, the sound is.
    objects.write(sound, clip.pcm, content_type=names.content_type(sound))
    objects.write(timings, _encode(clip), content_type=names.content_type(timings))
    return clip


def pad(clip: Clip, *, lead: float = LEAD_SECONDS, tail: float = TAIL_SECONDS) -> Clip:
    """The clip with silence around it, its length rounded up to a tenth of a second; words are shifted with it."""
    before = round(lead * clip.sample_rate)
    seconds = lead + clip.seconds + tail
    # The small amount keeps what is a tenth already, but for rounding, from being lengthened by another.
    total = round(math.ceil(seconds / _GRID_SECONDS - 1e-6) * _GRID_SECONDS * clip.sample_rate)
    after = total - before - len(clip.pcm) // 2
    shift = before / clip.sample_rate
    return Clip(
        pcm=bytes(2 * before) + clip.pcm + bytes(2 * after),
        sample_rate=clip.sample_rate,
        words=tuple(SpokenWord(text=w.text, start=w.start + shift, end=w.end + shift) for w in clip.words),
        timings_estimated=clip.timings_estimated,
    )


def _encode(clip: Clip) -> bytes:
    return json.dumps(
        {
            "sample_rate": clip.sample_rate,
            "samples": len(clip.pcm) // 2,
            "estimated": clip.timings_estimated,
            "words": [[word.start, word.end] for word in clip.words],
        }
    ).encode()


def _stored(narration: str, sound: str, timings: str, objects: ObjectStore) -> Clip | None:
    try:
        facts, pcm = json.loads(objects.read(timings)), objects.read(sound)
    except ObjectMissing:
        return None
    words = narration.split()
    if facts["samples"] * 2 != len(pcm) or len(facts["words"]) != len(words):
        return None
    return Clip(
        pcm=pcm,
        sample_rate=facts["sample_rate"],
        words=tuple(SpokenWord(text=t, start=s, end=e) for t, (s, e) in zip(words, facts["words"], strict=True)),
        timings_estimated=facts["estimated"],
    )
