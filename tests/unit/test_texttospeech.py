"""Google's voice against a stand-in of its service: what is asked of it, its answers and its failures, case by case."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials

from shared.adapters.ssml import MOST_BYTES
from shared.adapters.texttospeech import (
    MOST_INSTANCES,
    PROJECT_REQUESTS_PER_MINUTE,
    REQUESTS_PER_MINUTE,
    SAMPLE_RATE,
    GoogleSpeech,
)
from shared.errors import InvalidMedia, PermanentError, PipelineError, TransientError
from shared.pipeline import GENERATE_VIDEO
from shared.settings import Settings, SettingsError
from shared.usage import metered
from tests.conftest import ROOT
from tests.counterparts.http_fake import Answer
from tests.counterparts.texttospeech import LETTER_SECONDS, PAUSE_SECONDS, TextToSpeech, answer_of, error, wav

TEXT = "The canary sings. Then, it sleeps."
Marks = list[tuple[str, Any]]


@pytest.fixture
def service() -> Iterator[TextToSpeech]:
    with TextToSpeech().serving() as service:
        yield service


def speech(service: TextToSpeech, voice: str = "en-US-Neural2-D", **changes: Any) -> GoogleSpeech:
    options: dict[str, Any] = {"endpoint": service.http.url, "pauses": (0.0, 0.0)} | changes
    options.setdefault("credentials", AnonymousCredentials())  # type: ignore[no-untyped-call]
    return GoogleSpeech(voice, **options)


def test_the_words_are_asked_for_with_a_mark_before_each(service: TextToSpeech) -> None:
    speech(service).speak("At 9.8 m/s, ATP — e.g. A or a leaf.")

    [asked] = service.http.asked
    assert asked.json["voice"] == {"languageCode": "en-US", "name": "en-US-Neural2-D"}
    assert asked.json["audioConfig"] == {"audioEncoding": "LINEAR16", "sampleRateHertz": SAMPLE_RATE}
    letter = '<say-as interpret-as="characters">A</say-as>'
    assert asked.json["input"]["ssml"] == (
        '<speak><mark name="0"/>At <mark name="1"/>nine point eight <mark name="2"/>meters per second, '
        f'<mark name="3"/>{letter} T P, <mark name="5"/>for example <mark name="6"/>{letter} <mark name="7"/>or '
        '<mark name="8"/>a <mark name="9"/>leaf.</speak>'
    )


def test_no_text_becomes_markup(service: TextToSpeech) -> None:
    speech(service).speak("Say </speak><audio src='http://evil.example/a.mp3'/> & <mark name='1'/> now.")

    [document] = service.documents
    assert set(re.findall(r"</?([a-z-]+)", document)) <= {"speak", "mark", "say-as"}
    assert service.played == []
    assert "audio" in service.said[0]


def test_words_are_loud_where_they_are_said_to_be(service: TextToSpeech) -> None:
    clip = speech(service).speak(TEXT)

    sound = np.abs(np.frombuffer(clip.pcm, dtype="<i2").astype(np.int32))
    inside = np.zeros(len(sound), dtype=bool)
    for word in clip.words:
        inside[int(word.start * SAMPLE_RATE) : int(word.end * SAMPLE_RATE)] = True
    assert sound[inside].mean() > 20 * sound[~inside].mean()
    assert clip.words[0].end == pytest.approx(3 * LETTER_SECONDS)
    # Before a pause a word ends where it falls silent, not where the next begins.
    assert clip.words[3].start - clip.words[2].end == pytest.approx(PAUSE_SECONDS, abs=0.05)
    assert clip.words[-1].end < clip.seconds - 0.15
    assert not clip.timings_estimated


LONG = " ".join(f"Sentence number {number} tells how light becomes sugar, and why." for number in range(60))


def test_a_long_text_is_divided_at_sentences_and_joined_exactly(service: TextToSpeech) -> None:
    clip = speech(service).speak(LONG)

    documents = [asked.json["input"]["ssml"] for asked in service.http.asked]
    assert len(documents) > 2
    assert all(len(document.encode()) <= MOST_BYTES for document in documents)
    assert all(said.endswith("why.") for said in service.said)
    assert [word.text for word in clip.words] == LONG.split()
    assert all(one.end <= two.start for one, two in pairwise(clip.words))
    assert not clip.timings_estimated
    # Every "Sentence" is as loud where it was said to begin as anywhere, also after the joints.
    sound = np.frombuffer(clip.pcm, dtype="<i2").astype(np.int32)
    for word in clip.words:
        if word.text == "Sentence":
            begin = round(word.start * SAMPLE_RATE)
            assert np.abs(sound[begin : begin + 2400]).mean() > 2000
            assert np.abs(sound[max(0, begin - 2400) : begin - 24]).mean() < 50 or begin == 0


def test_a_sentence_longer_than_a_request_is_divided_all_the_same(service: TextToSpeech) -> None:
    text = "and the ball goes up and down " * 60

    clip = speech(service).speak(text)

    assert len(service.said) > 1
    assert len(clip.words) == 420


def test_the_limit_is_of_bytes_not_of_characters(service: TextToSpeech) -> None:
    text = "Zürichs naïve Crème-brûlée-Köche äßen çà et là. " * 100

    clip = speech(service).speak(text)

    documents = [asked.json["input"]["ssml"] for asked in service.http.asked]
    assert all(len(document.encode()) <= MOST_BYTES for document in documents)
    assert max(len(document.encode()) for document in documents) > 0.95 * MOST_BYTES, "each holds what it can"
    assert len(clip.words) == len(text.split())


def test_a_word_longer_than_a_request_is_refused(service: TextToSpeech) -> None:
    with pytest.raises(InvalidMedia) as raised:
        speech(service).speak("a" * 5500)
    assert raised.value.code == "narration_too_long"
    assert service.http.asked == []


@pytest.mark.parametrize("family", ["Standard", "Wavenet", "Neural2"])
def test_what_is_billed_is_counted_by_the_voices_family(service: TextToSpeech, family: str) -> None:
    with metered() as meter:
        speech(service, f"en-GB-{family}-A").speak(LONG)

    billed = sum(len(re.sub(r"<mark[^>]*>", "", document)) for document in service.documents)
    assert meter.quantities == {f"texttospeech-{family.lower()}/characters": billed}


def test_what_was_not_said_is_not_counted(service: TextToSpeech) -> None:
    service.http.script = [error(500, "INTERNAL")] * 3
    with metered() as meter, pytest.raises(TransientError):
        speech(service).speak(TEXT)

    assert meter.quantities == {}


@pytest.mark.parametrize(
    "voice",
    ["en-US-Studio-O", "en-US-Chirp3-HD-Charon", "en-US-Journey-D", "Kore", "de-DE-Neural2-B", "en-US-Neural2-D\n", ""],
)
def test_a_voice_that_tells_no_times_is_refused_before_anything_is_said(voice: str) -> None:
    with pytest.raises(SettingsError, match="SPEECH_VOICE"):
        GoogleSpeech(voice)


def test_such_a_voice_stops_the_start() -> None:
    with pytest.raises(SettingsError, match="SPEECH_VOICE"):
        Settings.from_env({"SPEECH_VOICE": "en-US-Studio-O"}, uses=())
    assert Settings.from_env({"SPEECH_VOICE": "en-US-Neural2-D"}, uses=()).speech_voice == "en-US-Neural2-D"


def test_another_voice_has_another_name() -> None:
    assert GoogleSpeech("en-US-Neural2-D").voice != GoogleSpeech("en-US-Neural2-F").voice


def only(*places: int) -> Callable[[Marks], Marks]:
    return lambda marks: [mark for mark in marks if int(mark[0]) in places]


def moved(place: int, second: float) -> Callable[[Marks], Marks]:
    return lambda marks: [(name, second if int(name) == place else time) for name, time in marks]


@pytest.mark.parametrize(
    "marked",
    [
        lambda marks: [],
        only(0, 1, 4, 5),
        only(1, 3),
        moved(2, 0.0),
        moved(1, 900.0),
        moved(4, -1.0),
        lambda marks: list(zip([name for name, _ in marks], [time for _, time in reversed(marks)], strict=True)),
        lambda marks: [("nonsense", 0.1), ("", 0.2), ("99", 0.3)],
        lambda marks: [(name, "NaN") for name, _ in marks],  # as JSON writes it
    ],
    ids=["none", "fewer", "few", "backwards", "beyond", "negative", "reversed", "unknown", "nan"],
)
def test_marks_that_are_missing_or_wrong_are_estimated(service: TextToSpeech, marked: Callable[[Marks], Marks]) -> None:
    exact = speech(service).speak(TEXT)
    service.marked = marked

    clip = speech(service).speak(TEXT)

    assert clip.timings_estimated
    assert [word.text for word in clip.words] == TEXT.split()
    assert all(0 <= word.start < word.end <= clip.seconds for word in clip.words)
    assert all(one.end <= two.start + 1e-9 for one, two in pairwise(clip.words))
    # Spread by the words' lengths, the guesses are near; the marks that came and can be are kept.
    assert all(abs(one.start - two.start) < 0.4 for one, two in zip(exact.words, clip.words, strict=True))


def test_a_mark_told_twice_counts_once(service: TextToSpeech) -> None:
    service.marked = lambda marks: [*marks, *((name, time + 0.5) for name, time in marks)]

    clip = speech(service).speak(TEXT)

    assert not clip.timings_estimated
    assert clip.words[1].start == pytest.approx(3 * LETTER_SECONDS)


@pytest.mark.parametrize(
    ("answer", "expected", "tries"),
    [
        (error(400, "INVALID_ARGUMENT", "canary"), PermanentError, 1),
        (error(401, "UNAUTHENTICATED", "canary"), TransientError, 1),
        (error(403, "PERMISSION_DENIED", "canary"), TransientError, 1),
        (error(404, "NOT_FOUND", "canary"), TransientError, 1),
        (error(409, "ABORTED", "canary"), TransientError, 1),
        (error(429, "RESOURCE_EXHAUSTED", "canary"), TransientError, 3),
        (error(500, "INTERNAL", "canary"), TransientError, 3),
        (error(503, "UNAVAILABLE", "canary"), TransientError, 3),
        (error(504, "DEADLINE_EXCEEDED", "canary"), TransientError, 3),
        (Answer(status=502, body=b"<html>canary</html>"), TransientError, 3),
        (Answer(body=b"<html>canary</html>"), TransientError, 1),
        (Answer(body=b""), TransientError, 1),
        (Answer(body=b"\xff\xfe canary"), TransientError, 1),
        (Answer(body=answer_of(wav(0.5)).body[:200]), TransientError, 1),
        (Answer(body=answer_of(wav(0.5)).body, cut=200), TransientError, 3),
        (Answer.of({}), TransientError, 1),
        (Answer.of({"audioContent": "canary!"}), TransientError, 1),
        (answer_of(b""), TransientError, 1),
        (answer_of(wav(0.0)), TransientError, 1),
        (answer_of(wav(0.5)[:30]), TransientError, 1),
        (answer_of(wav(0.5)[:-100]), TransientError, 1),
        (answer_of(b"ID3\x04 this is an MP3"), InvalidMedia, 1),
        (answer_of(wav(0.5, rate=16_000)), InvalidMedia, 1),
        (answer_of(wav(0.5, channels=2)), InvalidMedia, 1),
        (answer_of(wav(0.5, width=1)), InvalidMedia, 1),
    ],
)
def test_each_failure_is_told_as_what_has_to_happen_next(
    service: TextToSpeech, answer: Answer, expected: type[PipelineError], tries: int
) -> None:
    service.http.script = [answer] * 3

    with pytest.raises(PipelineError) as raised:
        speech(service).speak(TEXT)

    assert type(raised.value) is expected
    assert len(service.http.asked) == tries
    assert "canary" not in str(raised.value)


@pytest.mark.parametrize("status", [401, 403, 404])
def test_what_the_deployment_lacks_is_named(service: TextToSpeech, status: int) -> None:
    service.http.script = [error(status, "NO")]

    with pytest.raises(TransientError, match="the deployment lacks"):
        speech(service).speak(TEXT)


def test_a_service_that_does_not_answer_is_given_up(service: TextToSpeech) -> None:
    service.http.script = [Answer(hang=True)]

    with pytest.raises(TransientError):
        speech(service, call_seconds=0.3).speak(TEXT)
    assert len(service.http.asked) == 1
    assert service.http.was_left()


def test_an_answer_that_is_late_is_not_waited_for(service: TextToSpeech) -> None:
    service.http.script = [replace(answer_of(wav(0.5)), delay=20.0)]

    with pytest.raises(TransientError):
        speech(service, call_seconds=0.3).speak(TEXT)
    assert len(service.http.asked) == 1


def test_a_service_that_is_not_there_is_given_up() -> None:
    with TextToSpeech().serving() as gone:
        url = gone.http.url

    with pytest.raises(TransientError):
        speech(gone, endpoint=url).speak(TEXT)


def test_a_failure_that_passes_is_not_noticed(service: TextToSpeech) -> None:
    service.http.script = [error(429, "RESOURCE_EXHAUSTED"), Answer(body=b'{"audio', cut=3)]

    assert len(speech(service).speak(TEXT).words) == 6


class Refusing(AnonymousCredentials):
    """Credentials that cannot be had."""

    def __init__(self, error: Exception) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._error = error

    def before_request(self, *_: Any) -> None:
        raise self._error


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (auth.RefreshError("canary"), "the deployment lacks"),  # type: ignore[no-untyped-call]
        (auth.DefaultCredentialsError("canary"), "the deployment lacks"),  # type: ignore[no-untyped-call]
        (auth.TransportError("canary"), "TransportError"),  # type: ignore[no-untyped-call]
    ],
)
def test_credentials_that_cannot_be_had_are_no_fault_of_the_request(
    service: TextToSpeech, failure: Exception, text: str
) -> None:
    with pytest.raises(TransientError, match=text) as raised:
        speech(service, credentials=Refusing(failure)).speak(TEXT)
    assert "canary" not in str(raised.value)


def test_a_wav_file_with_other_chunks_is_read(service: TextToSpeech) -> None:
    service.http.script = [answer_of(wav(2.0, extra=True))]

    assert speech(service).speak(TEXT).seconds == pytest.approx(2.0)


def test_a_further_try_is_a_request_of_the_minute_too(service: TextToSpeech) -> None:
    service.http.script = [error(503, "UNAVAILABLE")]

    with pytest.raises(TransientError, match="minute"):
        speech(service, requests_per_minute=1, longest_wait=1.0).speak(TEXT)
    assert len(service.http.asked) == 1


def test_the_requests_of_a_minute_are_kept_to(service: TextToSpeech) -> None:
    voice = speech(service, requests_per_minute=1, longest_wait=1.0)
    voice.speak(TEXT)

    with pytest.raises(TransientError, match="minute"):
        voice.speak(TEXT)
    assert len(service.http.asked) == 1


def test_all_instances_together_keep_to_the_projects_share() -> None:
    chosen = "".join(path.read_text() for path in (ROOT / "terraform" / "environments").glob("*.tfvars"))
    instances = [int(number) for number in re.findall(r"generate_video *=.*max_instances *= *(\d+)", chosen)]

    assert instances
    assert max(*instances, GENERATE_VIDEO.size.max_instances) <= MOST_INSTANCES
    assert MOST_INSTANCES * REQUESTS_PER_MINUTE <= PROJECT_REQUESTS_PER_MINUTE < 1000
