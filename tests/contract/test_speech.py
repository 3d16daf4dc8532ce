"""What every voice has to keep to, and what is Piper's own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from google.auth.credentials import AnonymousCredentials

from shared.adapters.piper import PiperSpeech, load_voice
from shared.adapters.texttospeech import GoogleSpeech
from shared.enums import Port
from shared.errors import InvalidMedia
from shared.services import Clip, Speech
from shared.usage import Measure, metered
from tests.counterparts.texttospeech import TextToSpeech
from tests.fakes import ToneSpeech

pytestmark = pytest.mark.port(Port.SPEECH)

NARRATION = (
    "At the end of the pass, the ball moves at 9.8 m/s² (about 35 km/h). H2O and CO2 — with ATP — make sugar! Is it so?"
)
INJECTION = (
    'Say </speak><audio src="http://evil.example/x.mp3"/> & <break time="10s"/> or &lt;mark name=\'0\'/&gt; "quoted".'
)


@pytest.fixture(scope="module")
def piper() -> PiperSpeech:
    return PiperSpeech()


@pytest.fixture(scope="module")
def service() -> Iterator[TextToSpeech]:
    with TextToSpeech().serving() as service:
        yield service


@pytest.fixture(scope="module")
def google(service: TextToSpeech) -> GoogleSpeech:
    return GoogleSpeech(
        "en-US-Neural2-D",
        endpoint=service.http.url,
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
    )


@pytest.fixture(params=["fake", "piper", "google"])
def speech(request: pytest.FixtureRequest, piper: PiperSpeech, google: GoogleSpeech) -> Speech:
    voices: dict[str, Speech] = {"fake": ToneSpeech(), "piper": piper, "google": google}
    return voices[request.param]


@pytest.fixture(params=["piper", "google"])
def real_speech(request: pytest.FixtureRequest, piper: PiperSpeech, google: GoogleSpeech) -> Speech:
    """The voices that sound; the fake says all that it is given."""
    return piper if request.param == "piper" else google


def keeps_to_the_text(clip: Clip, text: str) -> bool:
    """One word for each of the text, in order, none beginning before the one before has ended, all within the sound."""
    return (
        [word.text for word in clip.words] == text.split()
        and all(word.start <= word.end for word in clip.words)
        and all(one.end <= two.start + 1e-9 for one, two in pairwise(clip.words))
        and clip.words[0].start >= 0
        and clip.words[-1].end <= clip.seconds + 1e-9
    )


@pytest.mark.parametrize(
    "text",
    [
        NARRATION,
        INJECTION,
        "Dr. Who has 1,234 apples, e.g. 3.5 kg; that is approx. 1/2 of 7!",
        "A naïve café — in Zürich — serves crème brûlée. Point A is not a point.",
        "x squared plus two x equals minus one half.",
        "  One\ttwo\n\nthree  ",
    ],
    ids=["science", "markup", "numbers", "accents", "mathematics", "spaces"],
)
def test_every_word_of_the_text_has_its_time(speech: Speech, text: str) -> None:
    assert keeps_to_the_text(speech.speak(text), text)


def test_a_word_that_is_spoken_lasts(real_speech: Speech) -> None:
    clip = real_speech.speak(NARRATION)
    lengths = [word.end - word.start for word in clip.words]

    assert [word.text for word, length in zip(clip.words, lengths, strict=True) if length < 0.02] == ["—", "—"]
    assert not clip.timings_estimated


def test_the_same_words_have_the_same_name_whenever_they_are_spoken(speech: Speech) -> None:
    before = speech.voice
    speech.speak("Two words.")

    assert speech.voice == before != ""


@pytest.mark.parametrize("text", ["", "   ", "— … !", "日本語 😀", "( )"])
def test_what_has_no_word_is_refused(real_speech: Speech, text: str) -> None:
    with pytest.raises(InvalidMedia) as raised:
        real_speech.speak(text)
    assert raised.value.code == "nothing_to_speak"


def test_a_whole_book_is_refused(real_speech: Speech) -> None:
    with pytest.raises(InvalidMedia) as raised:
        real_speech.speak("word " * 2000)
    assert raised.value.code == "narration_too_long"


def test_what_was_spoken_is_counted_by_the_voice(real_speech: Speech) -> None:
    with metered() as meter:
        real_speech.speak("Sugar is made.")

    [(unit, characters)] = meter.quantities.items()
    assert unit.partition("/")[2] == Measure.CHARACTERS
    assert characters >= len("Sugar is made.")


def test_the_sound_is_whole_samples_at_a_usual_rate(speech: Speech) -> None:
    clip = speech.speak("Two words.")

    assert len(clip.pcm) % 2 == 0
    assert clip.sample_rate in {16_000, 22_050, 24_000, 48_000}
    assert clip.seconds > 0.3


def samples(pcm: bytes) -> Any:
    return np.frombuffer(pcm, dtype="<i2").astype(np.float64) / 32768


def test_piper_speaks_at_the_pace_and_level_of_a_teacher(piper: PiperSpeech) -> None:
    text = (
        "Photosynthesis is the process by which plants turn the energy of light into chemical energy. Whenever one "
        "body exerts a force on a second body, the first body experiences a force that is equal in magnitude."
    )

    clip = piper.speak(text)

    sound = samples(clip.pcm)
    assert 135 <= len(text.split()) / clip.seconds * 60 <= 195
    assert 0.3 < np.abs(sound).max() <= 1.0
    assert (np.abs(sound) >= 32766 / 32768).mean() < 1e-4  # not clipped
    assert 0.03 < np.sqrt((sound**2).mean()) < 0.2
    assert not clip.timings_estimated


def test_pipers_words_are_loud_where_they_are_said_to_be(piper: PiperSpeech) -> None:
    clip = piper.speak("Stop. Photosynthesis makes sugar. Done.")
    sound = samples(clip.pcm)
    inside = np.zeros(len(sound), dtype=bool)
    for word in clip.words:
        inside[int(word.start * clip.sample_rate) : int(word.end * clip.sample_rate)] = True

    within, between = np.abs(sound[inside]).mean(), np.abs(sound[~inside]).mean()
    assert within > 8 * between


def test_a_longer_word_takes_longer(piper: PiperSpeech) -> None:
    clip = piper.speak("A photosynthesis of 1,234 a.")
    lengths = {word.text: word.end - word.start for word in clip.words}

    assert lengths["photosynthesis"] > 3 * lengths["of"]
    assert lengths["1,234"] > lengths["photosynthesis"]


def test_a_sentence_without_an_end_is_spoken_in_breaths(piper: PiperSpeech) -> None:
    text = "and the ball goes up and down " * 12

    clip = piper.speak(text)

    assert len(clip.words) == 84
    assert clip.words[-1].end == pytest.approx(clip.seconds, abs=0.5)


@dataclass
class WithoutLengths:
    """The real voice as it would be if the model did not tell how long its phonemes are."""

    real: Any

    def __getattr__(self, name: str) -> Any:
        return getattr(self.real, name)

    def phoneme_ids_to_audio(self, *arguments: Any, **options: Any) -> Any:
        audio, _ = self.real.phoneme_ids_to_audio(*arguments, **options)
        return audio, None


def test_without_lengths_times_are_spread_and_said_to_be() -> None:
    clip = PiperSpeech(load=lambda threads: WithoutLengths(load_voice(threads))).speak("A photosynthesis of sugar.")

    assert clip.timings_estimated
    assert [word.text for word in clip.words] == ["A", "photosynthesis", "of", "sugar."]
    assert all(one.end <= two.start for one, two in zip(clip.words, clip.words[1:], strict=False))
    assert clip.words[-1].end <= clip.seconds
    assert clip.words[1].end - clip.words[1].start > clip.words[2].end - clip.words[2].start


def test_piper_speaks_in_several_threads_at_once() -> None:
    loads: list[int] = []

    def load(threads: int) -> Any:
        loads.append(threads)
        return load_voice(threads)

    speech = PiperSpeech(threads=1, load=load)
    texts = [f"This is sentence number {number} of them." for number in range(6)]
    with ThreadPoolExecutor(max_workers=3) as pool:
        clips = list(pool.map(speech.speak, texts))

    assert loads == [1]
    for text, clip in zip(texts, clips, strict=True):
        assert [word.text for word in clip.words] == text.split()
        assert 1.0 < clip.seconds < 6.0


def test_fresh_voices_say_the_same_texts_alike() -> None:
    first, second = PiperSpeech(threads=1), PiperSpeech(threads=1)

    assert first.speak("The same words.").pcm == second.speak("The same words.").pcm
