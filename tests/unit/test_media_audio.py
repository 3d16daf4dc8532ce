"""The narration's loudness, measured on what was encoded."""

import io

import av
import numpy as np
import pytest

from shared.errors import InvalidMedia
from shared.media.audio import loudness, master

RATE = 22_050


def speechlike(seconds: float, level: float) -> bytes:
    """Syllables of noise with pauses between them, and a click far above them, as plosives make."""
    random = np.random.default_rng(5)
    time = np.arange(int(seconds * RATE)) / RATE
    syllables = np.clip(np.sin(2 * np.pi * 2.1 * time), 0, 1) * (np.sin(2 * np.pi * 0.2 * time) > -0.8)
    tone = sum(np.sin(2 * np.pi * 130 * k * time) / k for k in range(1, 9))
    sound = syllables * (tone + 0.2 * random.standard_normal(len(time))) * level * 0.3
    sound[:: RATE // 2] = level * 3
    return np.clip(sound * 32767, -32767, 32767).astype("<i2").tobytes()


@pytest.mark.parametrize("level", [0.03, 0.3])
def test_quiet_and_loud_voices_come_out_alike(level: float) -> None:
    measured = loudness(master(speechlike(8, level), RATE))

    assert measured.integrated == pytest.approx(-16, abs=0.6)
    assert measured.true_peak <= -1.0


def test_the_file_plays_from_its_start_and_is_as_long_as_the_sound() -> None:
    media = master(speechlike(4.3, 0.2), RATE)

    assert media.find(b"moov") < media.find(b"mdat")
    with av.open(io.BytesIO(media)) as container:
        stream = container.streams.audio[0]
        assert (stream.codec_context.name, stream.rate, stream.layout.name) == ("aac", 48_000, "stereo")
        assert float(stream.duration * stream.time_base) == pytest.approx(4.3, abs=0.002)
        samples = sum(frame.samples for frame in container.decode(stream))
    assert samples / 48_000 == pytest.approx(4.3, abs=0.03)


def test_the_sound_is_where_it_was() -> None:
    """Filters and encoder must not shift the words against the picture."""
    sound = np.zeros(3 * RATE, dtype="<i2")
    begin = int(1.5 * RATE)
    sound[begin : begin + RATE] = 9000 * np.sin(2 * np.pi * 300 * np.arange(RATE) / RATE)

    with av.open(io.BytesIO(master(sound.tobytes(), RATE))) as container:
        heard = np.concatenate([frame.to_ndarray()[0] for frame in container.decode(audio=0)])

    loud = np.flatnonzero(np.abs(heard) > 0.05)
    assert loud[0] / 48_000 == pytest.approx(1.5, abs=0.003)
    assert loud[-1] / 48_000 == pytest.approx(2.5, abs=0.02)


@pytest.mark.parametrize("pcm", [b"", bytes(2 * RATE * 2)])
def test_silence_is_refused(pcm: bytes) -> None:
    with pytest.raises(InvalidMedia) as raised:
        master(pcm, RATE)
    assert raised.value.code == "silent_narration"


def test_loudness_is_that_of_the_standard() -> None:
    """EBU Tech 3341, case 1: a stereo tone of 1 kHz at −23 dBFS has −23 LUFS."""
    tone = 10 ** (-23 / 20) * np.sin(2 * np.pi * 1000 * np.arange(48_000 * 5) / 48_000)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="wav") as container:
        stream = container.add_stream("pcm_f32le", rate=48_000, layout="stereo")
        frame = av.AudioFrame.from_ndarray(
            np.stack([tone, tone], axis=1).astype(np.float32).reshape(1, -1), format="flt", layout="stereo"
        )
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    measured = loudness(buffer.getvalue())

    assert measured.integrated == pytest.approx(-23, abs=0.1)
    assert measured.true_peak == pytest.approx(-23, abs=0.2)


def test_what_is_no_media_is_refused() -> None:
    with pytest.raises(InvalidMedia) as raised:
        loudness(b"not a sound")
    assert raised.value.code == "undecodable_media"
