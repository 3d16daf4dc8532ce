"""The voices of Google Cloud Text-to-Speech that a lesson can be spoken with, by what their names say."""

import re
from dataclasses import dataclass
from typing import Final

# Families that answer SSML marks with times. Studio, Journey, Chirp and Gemini voices do not: every lesson would be
# drawn and captioned by guesses. (https://github.com/googleapis/nodejs-text-to-speech/issues/470: WaveNet answers all
# marks, Standard leaves some out; https://github.com/met4citizen/TalkingHead/issues/69: Journey takes no SSML.)
_TIMED: Final = "Standard|Wavenet|Neural2"
# Narrations are turned into English words before they are spoken (shared/media/normalise.py).
_NAME: Final = re.compile(rf"(?P<language>en-[A-Z]{{2}})-(?P<family>{_TIMED})-[A-Z]")


@dataclass(frozen=True, slots=True, kw_only=True)
class GoogleVoice:
    """A voice that tells when each word sounds."""

    name: str
    language: str  # such as "en-US"
    family: str  # in lower case; the price depends on it


def google_voice(name: str) -> GoogleVoice | None:
    """The voice of this name; None where it is none that a lesson can be spoken with."""
    parts = _NAME.fullmatch(name)
    if parts is None:
        return None
    return GoogleVoice(name=name, language=parts["language"], family=parts["family"].lower())
