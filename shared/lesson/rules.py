"""The rules of a lesson, checked on any writer's storyboard before anything is spoken or drawn."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.books.passages import Passage
from shared.enums import DegradedReason
from shared.lesson import foreign, grounding, limits, readability, screen_limits, shown
from shared.lesson.cues import cues
from shared.lesson.pace import scene_seconds
from shared.lesson.prose import RAW_SIGNS
from shared.lesson.pruning import section_of
from shared.lesson.storyboard import CreditsVisual, QuizVisual, Scene, Storyboard
from shared.lesson.words import count, sentences


class Rule(StrEnum):
    """What can be wrong with a storyboard."""

    UNKNOWN_CITATION = "unknown_citation"  # a cited passage is not in the brief
    UNSUPPORTED_CLAIM = "unsupported_claim"  # a sentence says what its passages do not
    UNSUPPORTED_SCREEN = "unsupported_screen"  # a line, a definition, a formula, a key term or a quiz does
    CUE_MISSING = "cue_missing"  # a cue is not in the narration, or out of order
    MARKUP = "markup"  # LaTeX, a bare sign or tags in the narration, tags or commands elsewhere
    ADDRESS = "address"  # a web address, an e-mail address or a telephone number in a text
    HIDDEN_CHARACTER = "hidden_character"  # a control or direction character in a text
    READING_LEVEL = "reading_level"  # too hard for the grade
    LESSON_LENGTH = "lesson_length"  # not within 15 % of what was asked for, and not declared shorter
    SCENE_COUNT = "scene_count"
    SCENE_LENGTH = "scene_length"
    SCREEN_TEXT = "screen_text"  # a text is too long to be drawn
    ORDER = "order"  # a text gives the system orders, as an injected one would
    CREDITS_MISSING = "credits_missing"  # a book that is used is not credited
    CREDITS_FOREIGN = "credits_foreign"  # a credit is not, word for word, that of a passage
    QUIZ_ANSWER = "quiz_answer"  # the answer is none of the options, or options repeat
    REPETITION = "repetition"  # a sentence is said twice
    SCENE_ORDER = "scene_order"  # scene ids are not in order


@dataclass(frozen=True, slots=True)
class Violation:
    """One rule broken, where, and how; `scene_id` is empty for the lesson as a whole."""

    code: Rule
    scene_id: str
    detail: str


def check(storyboard: Storyboard, passages: Sequence[Passage]) -> list[Violation]:
    """Return every violation, in the order of the scenes; an empty list is a lesson that may be made."""
    known = {passage.passage_id: passage for passage in passages}
    found = [violation for scene in storyboard.scenes for violation in _scene(scene, known)]
    for scene_id, sentence in grounding.unsupported(storyboard, known):
        found.append(Violation(Rule.UNSUPPORTED_CLAIM, scene_id, sentence))
    for element in shown.unstated(storyboard, known):
        found.append(Violation(Rule.UNSUPPORTED_SCREEN, element.scene_id, f"{element.element}: {element.text}"))
    found += _foreign(storyboard)
    found += _whole(storyboard, known)
    return found


def spoken_seconds(storyboard: Storyboard) -> float:
    """How long the lesson takes to tell."""
    return sum(scene_seconds(scene.narration) for scene in storyboard.scenes)


def reading_grade(storyboard: Storyboard) -> float:
    """The grade level of the whole narration; the lesson's own key terms do not count as hard words."""
    taught = [term.term for term in storyboard.key_terms]
    return readability.grade(" ".join(scene.narration for scene in storyboard.scenes), taught)


def _scene(scene: Scene, known: Mapping[str, Passage]) -> Iterator[Violation]:
    for cited in scene.citations:
        if cited not in known:
            yield Violation(Rule.UNKNOWN_CITATION, scene.id, cited)
    sign = RAW_SIGNS.search(scene.narration)
    if sign:
        yield Violation(Rule.MARKUP, scene.id, f"{sign[0]!r} in the narration")
    words = count(scene.narration)
    if not limits.SCENE_WORDS_LEAST <= words <= limits.SCENE_WORDS_MOST:
        yield Violation(Rule.SCENE_LENGTH, scene.id, f"{words} words")
    for group in cues(scene.visual):
        position = 0
        for cue in group:
            place = scene.narration.find(cue, position)
            if place < 0:
                yield Violation(Rule.CUE_MISSING, scene.id, cue)
            else:
                position = place + 1
    for detail in screen_limits.excesses(scene.visual):
        yield Violation(Rule.SCREEN_TEXT, scene.id, detail)
    if isinstance(scene.visual, QuizVisual):
        yield from _answers(scene.id, scene.visual.options, scene.visual.answer_index)


def _foreign(storyboard: Storyboard) -> Iterator[Violation]:
    """What no text of a lesson may hold."""
    for text in foreign.texts(storyboard):
        for rule, found in (
            (Rule.ADDRESS, foreign.address(text.text)),
            (Rule.HIDDEN_CHARACTER, foreign.hidden(text.text)),
            (Rule.MARKUP, foreign.markup(text)),
            (Rule.ORDER, "" if text.field in {"latex", "expression"} else foreign.order(text.text)),
        ):
            if found:
                yield Violation(rule, text.scene_id, f"{text.field}: {found}")


def _answers(scene_id: str, options: Sequence[str], answer_index: int) -> Iterator[Violation]:
    if not 0 <= answer_index < len(options):
        yield Violation(Rule.QUIZ_ANSWER, scene_id, f"answer {answer_index} of {len(options)} options")
    if len({option.strip().lower() for option in options}) != len(options):
        yield Violation(Rule.QUIZ_ANSWER, scene_id, "options repeat")


def _whole(storyboard: Storyboard, known: Mapping[str, Passage]) -> Iterator[Violation]:
    short = DegradedReason.SHORTER in storyboard.degraded
    least = limits.SCENES_LEAST_SHORT if short else limits.least_scenes(storyboard.duration_seconds)
    if not least <= len(storyboard.scenes) <= limits.SCENES_MOST:
        yield Violation(Rule.SCENE_COUNT, "", f"{len(storyboard.scenes)} scenes")
    if [scene.id for scene in storyboard.scenes] != [f"scene-{n:02d}" for n in range(1, len(storyboard.scenes) + 1)]:
        yield Violation(Rule.SCENE_ORDER, "", "scene ids do not count up from scene-01")
    seconds, asked = spoken_seconds(storyboard), storyboard.duration_seconds
    slack = limits.SHORT_SLACK_SECONDS if asked < limits.SHORT_SECONDS else 0
    if seconds > asked * (1 + limits.LENGTH_TOLERANCE) + slack or (
        seconds < asked * (1 - limits.LENGTH_TOLERANCE) and not short
    ):
        yield Violation(Rule.LESSON_LENGTH, "", f"{seconds:.0f} s for {asked} s")
    level = reading_grade(storyboard)
    if level > storyboard.grade_level + limits.READING_TOLERANCE:
        yield Violation(Rule.READING_LEVEL, "", f"grade {level:.1f} for grade {storyboard.grade_level}")
    yield from _credits(storyboard, known)
    for question in storyboard.quiz:
        yield from _answers("", question.options, question.answer_index)
    said = Counter(sentence for scene in storyboard.scenes for sentence in set(sentences(scene.narration)))
    for sentence, times in said.items():
        if times > 1:
            yield Violation(Rule.REPETITION, "", sentence)


def _credits(storyboard: Storyboard, known: Mapping[str, Passage]) -> Iterator[Violation]:
    """Every book that a scene cites is in the sources and on the credits scene, with its license, and no other is."""
    cited = [known[one] for scene in storyboard.scenes for one in scene.citations if one in known]
    lines = [
        (line.attribution, line.licence, line.url)
        for scene in storyboard.scenes
        if isinstance(scene.visual, CreditsVisual)
        for line in scene.visual.lines
    ]
    listed = [(source.attribution, source.licence, source.url) for source in storyboard.sources]
    for attribution, licence in sorted({(passage.attribution, passage.licence) for passage in cited}):
        for places in (lines, listed):
            if (attribution, licence) not in {(first, second) for first, second, _ in places}:
                yield Violation(Rule.CREDITS_MISSING, "", f"{attribution} ({licence})")
    real = {(passage.attribution, passage.licence, passage.url) for passage in cited}
    for credit in dict.fromkeys((*lines, *listed)):
        if credit not in real:
            yield Violation(Rule.CREDITS_FOREIGN, "", " ".join(credit))
    titles = {passage.book for passage in cited}
    sections = {section_of(passage) for passage in cited}
    for source in storyboard.sources:
        if (
            source.book not in titles
            or not set(source.sections) <= sections
            or not set(source.passage_ids) <= set(known)
        ):
            yield Violation(Rule.CREDITS_FOREIGN, "", source.book)
