"""A scene is spoken once, and its silences keep sound and picture on one grid."""

import pytest

from shared.errors import InvalidMedia
from shared.media.audio import join
from shared.media.narration import pad, speak_scene
from shared.media.timeline import Timeline
from shared.services import Clip, SpokenWord
from tests.fakes import MemoryObjects, ToneSpeech


def clip(seconds: float, rate: int = 22_050, words: tuple[SpokenWord, ...] = ()) -> Clip:
    return Clip(pcm=b"\1\0" * round(seconds * rate), sample_rate=rate, words=words)


def test_what_was_spoken_is_not_spoken_again() -> None:
    objects, speech = MemoryObjects(), ToneSpeech()

    first = speak_scene("One two three.", speech, objects)
    again = speak_scene("One two three.", speech, objects)

    assert speech.spoken == ["One two three."]
    assert again == first


def test_another_voice_or_text_is_spoken_anew() -> None:
    objects = MemoryObjects()
    one, other = ToneSpeech(), ToneSpeech(voice="other")

    speak_scene("One two.", one, objects)
    speak_scene("One two.", other, objects)
    speak_scene("One three.", one, objects)

    assert one.spoken == ["One two.", "One three."]
    assert other.spoken == ["One two."]


@pytest.mark.parametrize("kept", ["pcm", "json"])
def test_half_of_a_stored_scene_is_no_scene(kept: str) -> None:
    objects, speech = MemoryObjects(), ToneSpeech()
    speak_scene("One two.", speech, objects)
    for name in [name for name in objects.data if not name.endswith(kept)]:
        del objects.data[name]

    clip = speak_scene("One two.", speech, objects)

    assert len(speech.spoken) == 2
    assert [word.text for word in clip.words] == ["One", "two."]


def test_a_sound_that_is_cut_short_is_spoken_anew() -> None:
    objects, speech = MemoryObjects(), ToneSpeech()
    whole = speak_scene("One two.", speech, objects)
    name = next(name for name in objects.data if name.endswith("pcm"))
    objects.data[name] = objects.data[name][:100]

    assert speak_scene("One two.", speech, objects) == whole
    assert len(speech.spoken) == 2


def test_estimated_times_stay_known_as_estimated() -> None:
    class Estimating(ToneSpeech):
        def speak(self, text: str) -> Clip:
            real = super().speak(text)
            return Clip(pcm=real.pcm, sample_rate=real.sample_rate, words=real.words, timings_estimated=True)

    objects, speech = MemoryObjects(), Estimating()
    speak_scene("One.", speech, objects)

    assert speak_scene("One.", speech, objects).timings_estimated
    assert pad(speak_scene("One.", speech, objects)).timings_estimated


def test_silence_shifts_the_words() -> None:
    padded = pad(clip(1.0, words=(SpokenWord(text="a", start=0.1, end=0.9),)), lead=0.35, tail=0.6)

    assert (padded.words[0].start, padded.words[0].end) == pytest.approx((0.45, 1.25), abs=1e-4)
    assert padded.pcm[: 2 * 7717] == bytes(2 * 7717)
    assert padded.pcm.endswith(bytes(1000))


@pytest.mark.parametrize("rate", [16_000, 22_050, 24_000, 48_000])
@pytest.mark.parametrize("seconds", [0.05, 1.0, 1.05, 3.14159, 9.0500001])
def test_a_scene_is_a_whole_number_of_frames_and_samples(rate: int, seconds: float) -> None:
    padded = pad(clip(seconds, rate))

    tenths = padded.seconds * 10
    assert tenths == pytest.approx(round(tenths), abs=1e-9)
    spoken = round(seconds * rate) / rate
    assert spoken + 0.95 - 1e-4 <= padded.seconds < spoken + 0.95 + 0.1 + 1e-4


def test_clips_are_joined_in_order() -> None:
    one, two = clip(0.5), clip(0.25)

    assert join([one, two]) == (one.pcm + two.pcm, 22_050)


def test_clips_of_two_rates_are_refused() -> None:
    with pytest.raises(InvalidMedia) as raised:
        join([clip(0.5), clip(0.5, 24_000)])
    assert raised.value.code == "mixed_sample_rates"


def test_a_timeline_has_no_gaps_and_reads_back() -> None:
    timeline = Timeline.of(["scene-01", "scene-02", "scene-03"], [4.1, 4.1, 4.1])

    assert [(scene.start, scene.end) for scene in timeline.scenes] == [(0.0, 4.1), (4.1, 8.2), (8.2, 12.3)]
    assert timeline.seconds == 12.3
    assert Timeline.decode(timeline.encode()) == timeline
