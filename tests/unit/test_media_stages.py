"""The two stages that make a lesson's media, on a short storyboard and a voice that is quick."""

import json
import threading
import uuid
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from functions.generate_video.main import handle as generate_video
from functions.process_video.main import handle as process_video
from shared import objects as names
from shared.adapters.no_illustrator import NoIllustrator
from shared.enums import ContentRequestStatus, DegradedReason, LessonStyle, Modality, SceneKind
from shared.errors import InvalidMedia, InvalidStoryboard, TransientError, WorkSuperseded
from shared.lesson.storyboard import (
    BulletsVisual,
    CreditLine,
    CreditsVisual,
    Cued,
    ImageVisual,
    Storyboard,
    TitleVisual,
)
from shared.media.captions import parse_vtt
from shared.media.inspect import inspect_video
from shared.media.playlists import MASTER
from shared.pipeline import GENERATE_VIDEO, PROCESS_VIDEO
from shared.services import Clip, SpokenWord
from shared.work import Advance, Request
from tests.fakes import MemoryObjects
from tests.unit import draw_samples

RATE = 22_050


@dataclass
class BuzzingSpeech:
    """Says every word as 0.2 s of a buzz and 0.1 s of silence; keeps what it said."""

    spoken: list[str] = field(default_factory=list)
    voice: str = "buzz"
    estimated: bool = False

    def speak(self, text: str) -> Clip:
        self.spoken.append(text)
        time = np.arange(int(0.2 * RATE)) / RATE
        word = np.concatenate([np.sin(2 * np.pi * 200 * time) * 9000, np.zeros(int(0.1 * RATE))]).astype("<i2")
        words = text.split()
        step = len(word) / RATE
        return Clip(
            pcm=word.tobytes() * len(words),
            sample_rate=RATE,
            words=tuple(
                SpokenWord(text=said, start=index * step, end=index * step + 0.2) for index, said in enumerate(words)
            ),
            timings_estimated=self.estimated,
        )


@dataclass
class CountingObjects(MemoryObjects):
    """Keeps the names that were written, in order."""

    written: list[str] = field(default_factory=list)

    def write(self, name: str, data: bytes, *, content_type: str) -> None:
        assert content_type == names.content_type(name)
        self.written.append(name)
        super().write(name, data, content_type=content_type)


@dataclass
class WorkAtHand:
    """A stage's hold on the world; is superseded at the report of that number."""

    objects: CountingObjects = field(default_factory=CountingObjects)
    speech: Any = field(default_factory=BuzzingSpeech)
    illustrator: Any = field(default_factory=NoIllustrator)
    superseded_at: int | None = None
    reports: list[tuple[int, str, int | None]] = field(default_factory=list)

    @property
    def services(self) -> Any:
        return SimpleNamespace(objects=self.objects, speech=self.speech, illustrator=self.illustrator)

    def progress(self, percentage: int, label: str, *, eta_seconds: int | None = None) -> None:
        self.reports.append((percentage, label, eta_seconds))
        self.checkpoint()

    def checkpoint(self) -> None:
        if self.superseded_at is not None and len(self.reports) >= self.superseded_at:
            raise WorkSuperseded("another run has it")

    def begin_lesson(self, storyboard_digest: str) -> None:
        pass


LESSON = draw_samples.storyboard(
    "How leaves work",
    "Biology",
    "basketball",
    [
        (SceneKind.HOOK, "Every meal began as light.", TitleVisual(heading="How leaves work")),
        (
            SceneKind.KEY_POINTS,
            "Light is caught, and sugar is made.",
            BulletsVisual(
                heading="Two steps",
                items=[Cued(text="Light is caught", cue="Light"), Cued(text="Sugar is made", cue="sugar")],
            ),
        ),
        (
            SceneKind.CREDITS,
            "This lesson comes from a free textbook.",
            CreditsVisual(
                heading="Where this comes from",
                lines=[CreditLine(attribution=draw_samples.OPENSTAX, licence="CC BY 4.0", url="https://openstax.org")],
            ),
        ),
    ],
)


def request(storyboard: Storyboard | None = LESSON, modality: Modality = Modality.VIDEO) -> Request:
    return Request(
        id=uuid.uuid4(),
        correlation_id=uuid.uuid4(),
        student_id=uuid.uuid4(),
        query="How do leaves work?",
        topic="Leaves",
        grade_level=10,
        interest="basketball",
        style=LessonStyle.BALANCED,
        language="en",
        modality=modality,
        duration_seconds=90,
        status=ContentRequestStatus.GENERATING_VIDEO,
        attempt=1,
        content_key="key",
        storyboard_digest=storyboard.digest() if storyboard else None,
        metadata={},
    )


def at_hand(storyboard: Storyboard = LESSON, **changes: Any) -> WorkAtHand:
    work = WorkAtHand(**changes)
    work.objects.data[names.lesson(storyboard.digest(), names.STORYBOARD)] = storyboard.model_dump_json().encode()
    return work


def stored(work: WorkAtHand, name: str) -> bytes:
    return work.objects.data[names.lesson(LESSON.digest(), name)]


@pytest.fixture(scope="module")
def generated() -> tuple[WorkAtHand, Advance]:
    work = at_hand()
    outcome = generate_video(request(), work)
    assert isinstance(outcome, Advance)
    return work, outcome


@pytest.fixture
def draft(generated: tuple[WorkAtHand, Advance]) -> WorkAtHand:
    """A lesson whose draft is there, to be processed."""
    return WorkAtHand(objects=CountingObjects(data=dict(generated[0].objects.data)))


def test_the_draft_holds_every_scene_for_as_long_as_it_is_spoken(generated: tuple[WorkAtHand, Advance]) -> None:
    work, outcome = generated

    timeline = json.loads(stored(work, names.TIMELINE))
    facts = inspect_video(stored(work, names.DRAFT))
    words = sum(len(scene.narration.split()) for scene in LESSON.scenes)
    assert [scene["id"] for scene in timeline["scenes"]] == ["scene-01", "scene-02", "scene-03"]
    assert facts.video_seconds == pytest.approx(timeline["seconds"], abs=1 / 30)
    assert facts.audio_seconds == pytest.approx(timeline["seconds"], abs=0.03)
    assert 0.3 * words + 3 * 0.95 <= timeline["seconds"] <= 0.3 * words + 3 * 1.06
    assert (facts.width, facts.height) == (1280, 720)
    assert outcome.output["seconds"] == timeline["seconds"]
    assert outcome.degraded == ()


def test_the_captions_are_the_narration(generated: tuple[WorkAtHand, Advance]) -> None:
    cues = parse_vtt(stored(generated[0], names.CAPTIONS).decode())

    assert " ".join(" ".join(cue.text.split()) for cue in cues) == " ".join(s.narration for s in LESSON.scenes)


def test_what_was_spoken_is_counted(generated: tuple[WorkAtHand, Advance]) -> None:
    _, outcome = generated

    assert outcome.output["characters_spoken"] == sum(len(scene.narration) for scene in LESSON.scenes)


def test_progress_rises_within_the_stages_bounds(generated: tuple[WorkAtHand, Advance]) -> None:
    reports = generated[0].reports

    percentages = [percentage for percentage, *_ in reports]
    assert percentages == sorted(percentages)
    assert GENERATE_VIDEO.progress <= percentages[0]
    assert percentages[-1] <= GENERATE_VIDEO.progress_end
    assert [label for _, label, _ in reports[:2]] == ["Speaking scene 1 of 3", "Speaking scene 2 of 3"]
    assert reports[-1][1] == "Drawing scene 3 of 3"


def test_the_sound_can_be_played_before_the_draft_is_there(generated: tuple[WorkAtHand, Advance]) -> None:
    order = [name.rpartition("/")[2] for name in generated[0].objects.written if name.startswith("lessons/")]

    assert order == [names.NARRATION, names.CAPTIONS, names.TIMELINE, names.DRAFT]


def test_a_redelivery_speaks_and_draws_nothing_again(generated: tuple[WorkAtHand, Advance]) -> None:
    before, _ = generated
    work = WorkAtHand(objects=CountingObjects(data=dict(before.objects.data)))

    outcome = generate_video(request(), work)

    assert isinstance(outcome, Advance)
    assert work.speech.spoken == []
    assert outcome.output["characters_spoken"] == 0
    assert [name for name in work.objects.written if name.startswith("scenes/")] == []
    assert stored(work, names.DRAFT) == stored(before, names.DRAFT)


def test_a_run_that_was_stopped_leaves_its_finished_scenes_to_the_next() -> None:
    first = at_hand(superseded_at=3)
    with pytest.raises(WorkSuperseded):
        generate_video(request(), first)
    assert len(first.speech.spoken) == 2
    assert not any(thread.name.startswith("artist") for thread in threading.enumerate())

    second = WorkAtHand(objects=first.objects)
    generate_video(request(), second)

    assert second.speech.spoken == [LESSON.scenes[2].narration]


def test_audio_is_all_that_is_made_where_audio_was_asked_for() -> None:
    work = at_hand()

    outcome = generate_video(request(modality=Modality.AUDIO), work)

    assert isinstance(outcome, Advance)
    assert {name.rpartition("/")[2] for name in work.objects.written if name.startswith("lessons/")} == {
        names.NARRATION,
        names.CAPTIONS,
        names.TIMELINE,
    }
    assert not [name for name in work.objects.written if name.startswith("scenes/picture/")]
    assert "draft_bytes" not in outcome.output


def test_estimated_times_are_told() -> None:
    work = at_hand(speech=BuzzingSpeech(estimated=True))

    outcome = generate_video(request(modality=Modality.AUDIO), work)

    assert isinstance(outcome, Advance)
    assert outcome.degraded == (DegradedReason.ESTIMATED_TIMINGS,)


def test_a_drawing_in_place_of_an_illustration_is_told() -> None:
    scenes = [
        replace_visual(LESSON, 0, ImageVisual(heading="A leaf", prompt="a leaf", alt="a leaf")),
        *LESSON.scenes[1:],
    ]
    lesson = LESSON.model_copy(update={"scenes": scenes})

    outcome = generate_video(request(lesson), at_hand(lesson))

    assert isinstance(outcome, Advance)
    assert outcome.degraded == (DegradedReason.NO_ILLUSTRATION,)


def replace_visual(storyboard: Storyboard, index: int, visual: Any) -> Any:
    return storyboard.scenes[index].model_copy(update={"visual": visual})


def test_a_voice_that_fails_for_now_leaves_no_thread_behind() -> None:
    class Failing(BuzzingSpeech):
        def speak(self, text: str) -> Clip:
            if len(self.spoken) == 1:
                raise TransientError("429")
            return super().speak(text)

    with pytest.raises(TransientError):
        generate_video(request(), at_hand(speech=Failing()))
    assert not any(thread.name.startswith("artist") for thread in threading.enumerate())


@pytest.mark.parametrize("handle", [generate_video, process_video])
def test_a_request_without_a_storyboard_is_refused(handle: Any) -> None:
    for asked in (request(None), request()):
        with pytest.raises(InvalidStoryboard) as raised:
            handle(asked, WorkAtHand())
        assert raised.value.code == "storyboard_missing"


def test_a_storyboard_that_is_none_is_refused_without_quoting_it() -> None:
    work = WorkAtHand()
    work.objects.data[names.lesson(LESSON.digest(), names.STORYBOARD)] = b'{"title": "secret words"}'

    with pytest.raises(InvalidStoryboard) as raised:
        generate_video(request(), work)
    assert "secret" not in str(raised.value)


def test_processing_makes_everything_that_is_watched(draft: WorkAtHand) -> None:
    outcome = process_video(request(), draft)

    assert isinstance(outcome, Advance)
    assert stored(draft, names.VIDEO) == stored(draft, names.DRAFT)
    assert stored(draft, names.POSTER)[:3] == b"\xff\xd8\xff"
    hls = sorted(name.rpartition("/")[2] for name in draft.objects.data if "/hls/" in name)
    assert hls == ["360p.m3u8", "360p.mp4", "480p.m3u8", "480p.mp4", "720p.m3u8", "720p.mp4", MASTER]
    assert draft.objects.written[-1].endswith(names.HLS_PLAYLIST)
    assert outcome.output["loudness_lufs"] == pytest.approx(-16, abs=1)
    percentages = [percentage for percentage, *_ in draft.reports]
    assert percentages == sorted(percentages)
    assert PROCESS_VIDEO.progress <= percentages[0] <= percentages[-1] <= PROCESS_VIDEO.progress_end


def test_processing_again_makes_no_sizes_again(draft: WorkAtHand) -> None:
    process_video(request(), draft)
    draft.objects.written.clear()

    outcome = process_video(request(), draft)

    assert isinstance(outcome, Advance)
    assert outcome.output["hls_bytes"] == 0
    assert [name for name in draft.objects.written if "/hls/" in name] == []


def test_sizes_of_another_draft_are_made_anew(draft: WorkAtHand) -> None:
    name = names.lesson(LESSON.digest(), names.HLS_PLAYLIST)
    draft.objects.data[name] = b"#EXTM3U\n# made from 0123\n"

    process_video(request(), draft)

    assert b"#EXT-X-STREAM-INF" in draft.objects.data[name]


def test_a_draft_that_ends_without_its_credits_is_refused_and_not_shown(draft: WorkAtHand) -> None:
    """The credits of the storyboard are not those that were drawn."""
    last = LESSON.scenes[-1]
    credit = CreditLine(
        attribution="Somebody else entirely wrote all of this.", licence="CC BY-SA 4.0", url="https://x.org"
    )
    visual = CreditsVisual(heading="Other credits", lines=[credit])
    changed = LESSON.model_copy(update={"scenes": [*LESSON.scenes[:-1], last.model_copy(update={"visual": visual})]})
    draft.objects.data[names.lesson(LESSON.digest(), names.STORYBOARD)] = changed.model_dump_json().encode()

    with pytest.raises(InvalidMedia) as raised:
        process_video(request(), draft)
    assert raised.value.code == "no_end_card"
    assert draft.objects.written == []


def test_captions_that_do_not_parse_are_refused(draft: WorkAtHand) -> None:
    draft.objects.data[names.lesson(LESSON.digest(), names.CAPTIONS)] = b"not captions"

    with pytest.raises(InvalidMedia) as raised:
        process_video(request(), draft)
    assert raised.value.code == "invalid_captions"


def test_the_narration_alone_is_no_draft(draft: WorkAtHand) -> None:
    draft.objects.data[names.lesson(LESSON.digest(), names.DRAFT)] = stored(draft, names.NARRATION)

    with pytest.raises(InvalidMedia) as raised:
        process_video(request(), draft)
    assert raised.value.code == "no_video_stream"
