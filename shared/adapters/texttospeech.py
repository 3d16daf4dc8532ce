"""Speech by Google Cloud Text-to-Speech, with the time of each word from SSML marks.

v1beta1 is the version that answers marks. It is spoken to over HTTP, not gRPC: the answers are the same, no channel
has to survive a fork, and what is tested against a local server is what is deployed.
"""

import io
import time
import wave
from collections.abc import Sequence
from itertools import pairwise
from typing import Final
from urllib.parse import urlsplit

import numpy as np
import requests.exceptions
from google.api_core import exceptions as api
from google.auth.credentials import Credentials
from google.cloud import texttospeech_v1beta1 as texttospeech
from google.cloud.texttospeech_v1beta1.services.text_to_speech.transports import TextToSpeechRestTransport
from google.protobuf.json_format import ParseError  # type: ignore[import-untyped]

from shared import usage
from shared.adapters.google_errors import GOOGLE_API_ERRORS
from shared.adapters.per_process import PerProcess
from shared.adapters.rate import RequestsPerMinute
from shared.adapters.ssml import Utterance, utterances
from shared.adapters.translate import ErrorTable, translated
from shared.errors import InvalidMedia, TransientError
from shared.media.normalise import PAUSES, SpokenToken, spoken_tokens
from shared.media.voices import google_voice
from shared.media.word_times import sounding_end, word_starts
from shared.services import Clip, SpokenWord
from shared.settings import SettingsError
from shared.usage import Measure

ENDPOINT: Final = "https://texttospeech.googleapis.com"
SAMPLE_RATE: Final = 24_000  # the voices' own; a multiple of the frames' length, as all scenes' sound must be
CALL_SECONDS: Final = 45.0  # for one piece of a narration with all its tries; a scene is spoken in two or three
PAUSES_BETWEEN_TRIES: Final = (0.5, 1.5)  # seconds; more is the queue's to wait for

# A project may ask 1,000 times a minute (https://cloud.google.com/text-to-speech/quotas), all instances together, and
# they do not know of each other: each keeps to its share of nine tenths. A lesson asks about 14 times.
PROJECT_REQUESTS_PER_MINUTE: Final = 900
MOST_INSTANCES: Final = 20  # of generate_video; Terraform allows no environment more
REQUESTS_PER_MINUTE: Final = PROJECT_REQUESTS_PER_MINUTE // MOST_INSTANCES
LONGEST_WAIT: Final = 60.0  # seconds for one's turn: after a minute there is one

_MOST_CHARACTERS: Final = 6000  # of one scene's narration, which is a few hundred
_SENTENCE_PAUSE: Final = 0.30  # seconds of silence where a narration was divided for its length
_CLAUSE_PAUSE: Final = 0.12
_PAUSE_WEIGHT: Final = 2  # letters that a pause mark takes as long as

TEXTTOSPEECH_ERRORS: Final[ErrorTable] = (
    (requests.exceptions.RequestException, TransientError),  # not reached, cut off, out of time
    (ParseError, TransientError),  # an answer that is no JSON, or whose sound is no base64
    (UnicodeDecodeError, TransientError),
    *GOOGLE_API_ERRORS,
)
# Over in a moment, often. A try that ran out of time is not.
_PASSING: Final = (
    api.TooManyRequests,
    api.ServerError,
    requests.exceptions.ConnectionError,
    requests.exceptions.ChunkedEncodingError,
)


class GoogleSpeech:
    """The Speech port, spoken by one of Google's voices. Safe to use from several threads."""

    def __init__(
        self,
        voice: str,
        *,
        endpoint: str = ENDPOINT,
        credentials: Credentials | None = None,
        call_seconds: float = CALL_SECONDS,
        pauses: Sequence[float] = PAUSES_BETWEEN_TRIES,
        requests_per_minute: int = REQUESTS_PER_MINUTE,
        longest_wait: float = LONGEST_WAIT,
    ) -> None:
        """Raise SettingsError for a voice that lessons cannot be spoken with, such as one that tells no times.

        `endpoint` replaces Google's own, `credentials` those of the service account that the process runs as.
        """
        known = google_voice(voice)
        if known is None:
            raise SettingsError("SPEECH_VOICE is no English Standard, Wavenet or Neural2 voice: others tell no times")
        self._known = known
        self._endpoint = endpoint
        self._credentials = credentials
        self._call_seconds = call_seconds
        self._pauses = tuple(pauses)
        self._turns = RequestsPerMinute(requests_per_minute, longest_wait=longest_wait)
        self._client = PerProcess(self._connect)

    @property
    def voice(self) -> str:
        """Name of the voice with all that changes how it sounds."""
        return f"google/{self._known.name}/{SAMPLE_RATE}"

    def speak(self, text: str) -> Clip:
        """Return the text spoken.

        Raises InvalidMedia where there is nothing to speak, far too much, or what came is no sound; TransientError
        where the service does not answer as it should.
        """
        if len(text) > _MOST_CHARACTERS:
            raise InvalidMedia("the narration of a scene is too long to speak", code="narration_too_long")
        tokens = spoken_tokens(text)
        parts = utterances(tokens)
        if not parts:
            raise InvalidMedia("the narration holds no word that can be spoken", code="nothing_to_speak")
        pcm = bytearray()
        spans: dict[int, tuple[float, float]] = {}
        estimated = False
        for part in parts:
            offset = len(pcm) / 2 / SAMPLE_RATE
            sound, marks = self._said(part)
            found, guessed = _spans(tokens, part, sound, marks)
            spans |= {token: (offset + begin, offset + end) for token, (begin, end) in found.items()}
            estimated = estimated or guessed
            pcm += sound
            if part is not parts[-1]:
                pcm += bytes(2 * round((_SENTENCE_PAUSE if part.ends_sentence else _CLAUSE_PAUSE) * SAMPLE_RATE))
        return Clip(
            pcm=bytes(pcm),
            sample_rate=SAMPLE_RATE,
            words=_words(tokens, spans),
            timings_estimated=estimated,
        )

    def _said(self, part: Utterance) -> tuple[bytes, dict[int, float]]:
        """The samples of a piece, and the second of each mark that came back."""
        request = texttospeech.SynthesizeSpeechRequest(
            input=texttospeech.SynthesisInput(ssml=part.ssml),
            voice=texttospeech.VoiceSelectionParams(language_code=self._known.language, name=self._known.name),
            audio_config=texttospeech.AudioConfig(
                audio_encoding=texttospeech.AudioEncoding.LINEAR16, sample_rate_hertz=SAMPLE_RATE
            ),
            enable_time_pointing=[texttospeech.SynthesizeSpeechRequest.TimepointType.SSML_MARK],
        )
        with translated(TEXTTOSPEECH_ERRORS, "speaking"):
            answer = self._asked(request)
        usage.count(f"texttospeech-{self._known.family}", Measure.CHARACTERS, part.billed)
        marks: dict[int, float] = {}
        for point in answer.timepoints:
            if point.mark_name.isdecimal():
                marks.setdefault(int(point.mark_name), point.time_seconds)
        return samples_of(answer.audio_content), marks

    def _asked(self, request: texttospeech.SynthesizeSpeechRequest) -> texttospeech.SynthesizeSpeechResponse:
        self._turns.wait()
        ends = time.monotonic() + self._call_seconds
        for pause in self._pauses:
            try:
                return self._ask(request, ends)
            except _PASSING:
                if time.monotonic() + pause >= ends:
                    raise
            time.sleep(pause)
            self._turns.wait()
        return self._ask(request, ends)

    def _ask(self, request: texttospeech.SynthesizeSpeechRequest, ends: float) -> texttospeech.SynthesizeSpeechResponse:
        # Never zero, which means no time-out at all.
        left = max(0.001, ends - time.monotonic())
        return self._client.get().synthesize_speech(request=request, retry=None, timeout=left)

    def _connect(self) -> texttospeech.TextToSpeechClient:
        where = urlsplit(self._endpoint)
        transport = TextToSpeechRestTransport(host=where.netloc, url_scheme=where.scheme, credentials=self._credentials)
        return texttospeech.TextToSpeechClient(transport=transport)


def samples_of(content: bytes) -> bytes:
    """The samples of a WAV file as asked for: mono, 16 bits, SAMPLE_RATE.

    Raises TransientError where there is none or its end is missing, InvalidMedia where it is something else.
    """
    try:
        with wave.open(io.BytesIO(content)) as sound:
            shape = (sound.getnchannels(), sound.getsampwidth(), sound.getframerate())
            expected = sound.getnframes()
            samples: bytes = sound.readframes(expected)
    except (wave.Error, EOFError) as error:
        if b"RIFF".startswith(content[:4]):
            raise TransientError("the sound that came is cut off") from error
        raise InvalidMedia("what came is no sound", code="speech_failed") from error
    if shape != (1, 2, SAMPLE_RATE):
        raise InvalidMedia("the sound that came is not as asked for", code="speech_failed")
    if not samples or len(samples) != 2 * expected:
        raise TransientError("the sound that came is empty or cut off")
    return samples


def _spans(
    tokens: Sequence[SpokenToken], part: Utterance, sound: bytes, marks: dict[int, float]
) -> tuple[dict[int, tuple[float, float]], bool]:
    """Begin and end of each token of a piece, in seconds of its sound, and whether any begin was estimated."""
    seconds = len(sound) / 2 / SAMPLE_RATE
    spoken = [tokens[token].words for token in part.tokens]
    weights = [sum(len(word) + (_PAUSE_WEIGHT if word[-1] in PAUSES else 1) for word in words) for words in spoken]
    told = {place: marks[token] for place, token in enumerate(part.tokens) if token in marks}
    starts, estimated = word_starts(weights, told, seconds)
    samples = np.frombuffer(sound, dtype="<i2")
    spans: dict[int, tuple[float, float]] = {}
    for token, words, (begin, end) in zip(part.tokens, spoken, pairwise([*starts, seconds]), strict=True):
        # Marks tell beginnings only: before a pause the word ends where it falls silent.
        paused = words[-1][-1] in PAUSES or token == part.tokens[-1]
        spans[token] = (begin, sounding_end(samples, begin, end, SAMPLE_RATE) if paused else end)
    return spans, estimated


def _words(tokens: Sequence[SpokenToken], spans: dict[int, tuple[float, float]]) -> tuple[SpokenWord, ...]:
    """One SpokenWord for each token; one that is not spoken is empty, after the one before."""
    words: list[SpokenWord] = []
    at = 0.0
    for place, token in enumerate(tokens):
        begin, at = spans.get(place, (at, at))
        words.append(SpokenWord(text=token.written, start=begin, end=at))
    return tuple(words)
