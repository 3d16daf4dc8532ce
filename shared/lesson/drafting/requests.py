"""The requests to a model that writes lessons: prompts, with the rules of a lesson filled in from code's own."""

import math
from collections.abc import Sequence
from typing import Any, Final

from shared import prompts
from shared.lesson import interests as library
from shared.lesson import limits
from shared.lesson.drafting import assembly, visuals
from shared.lesson.drafting.excerpts import Excerpts
from shared.lesson.drafting.script import Script
from shared.lesson.rules import Violation
from shared.prompts import Prompt
from shared.questions.normalise import clean
from shared.services import LessonBrief

# Written words of lessons from the sample book, which `shared.lesson.pace` gives 146 to 170 a minute.
_WORDS_A_SECOND: Final = 153 / 60
_CREDITS_WORDS: Final = 18
_SCENE_WORDS: Final = 20  # that a scene has at the least, where a lesson is to have many
_SCENE_SLACK: Final = 3  # words that are left free of a full scene
_CITATIONS_MOST: Final = 4
_QUESTION_CHARACTERS: Final = 1_000
# Sentence lengths that give a grade of the Flesch-Kincaid formula with the syllables of school prose, within reason.
_SENTENCE_WORDS: Final = (8, 18)
_GRADES_A_WORD: Final = 0.39
_GRADES_BEFORE: Final = 2.1


def storyboard(brief: LessonBrief, excerpts: Excerpts) -> Prompt:
    """Ask for a lesson."""
    return Prompt(system=_system(), task=_task(brief), data=prompts.as_data(_material(brief, excerpts)))


def revision(brief: LessonBrief, excerpts: Excerpts, draft: Script, violations: Sequence[Violation]) -> Prompt:
    """Ask for a lesson again, with what is wrong with it."""
    material = _material(brief, excerpts) | {
        "draft": draft.model_dump(mode="json"),
        "violations": [
            {"rule": one.code.value, "scene": _number(one.scene_id), "detail": clean(one.detail)} for one in violations
        ],
    }
    task = f"{_task(brief)}\n\n{prompts.text('writer_revise')}"
    return Prompt(system=_system(), task=task, data=prompts.as_data(material))


def shorter(prompt: Prompt) -> Prompt:
    """The same request after an answer that was cut off."""
    return prompt.with_note(prompts.text("writer_shorter"))


def repaired(prompt: Prompt, problems: Sequence[str]) -> Prompt:
    """The same request after an answer that was no script; nothing of that answer is in it."""
    listed = "\n".join(f"- {problem}" for problem in problems)
    return prompt.with_note(prompts.text("writer_repair", problems=listed))


def _number(scene_id: str) -> int:
    return int(scene_id.rpartition("-")[2]) if scene_id else 0


def _material(brief: LessonBrief, excerpts: Excerpts) -> dict[str, Any]:
    known = library.find(brief.interest)
    return {
        "topic": clean(brief.topic),
        "question": clean(brief.query)[:_QUESTION_CHARACTERS],
        "interest": known.display if known else library.sayable(brief.interest),
        "passages": excerpts.as_data(),
    }


def _task(brief: LessonBrief) -> str:
    least, most = _words(brief.duration_seconds)
    scenes_least = max(limits.least_scenes(brief.duration_seconds) - 1, math.ceil(most / limits.SCENE_WORDS_MOST))
    scenes_most = min(limits.SCENES_MOST - 1, least // _SCENE_WORDS)
    shortest, longest = _SENTENCE_WORDS
    interest = library.find(brief.interest) or library.sayable(brief.interest)
    return prompts.text(
        "writer_task",
        grade=brief.grade_level,
        sentence_words=min(max(round((brief.grade_level - _GRADES_BEFORE) / _GRADES_A_WORD), shortest), longest),
        style=prompts.text(f"style_{brief.style}"),
        words_least=least,
        words_most=most,
        seconds=brief.duration_seconds,
        scenes_least=scenes_least,
        scenes_most=max(scenes_least, scenes_most),
        interest=prompts.text("interest_known" if interest else "interest_none"),
        heading_words=limits.HEADING_WORDS,
        objectives_most=assembly.OBJECTIVES_MOST,
        terms_most=assembly.TERMS_MOST,
    )


def _words(seconds: float) -> tuple[int, int]:
    """Words of narration, least and most, for a lesson of so many seconds with its credits."""
    slack = limits.LENGTH_TOLERANCE / 2
    least, most = (round(seconds * _WORDS_A_SECOND * factor - _CREDITS_WORDS) for factor in (1 - slack, 1 + slack))
    # A lesson of five minutes is more than its scenes hold when all are full.
    held = (limits.SCENES_MOST - 1) * (limits.SCENE_WORDS_MOST - _SCENE_SLACK)
    return min(least, round(held * (1 - slack / 2))), min(most, held)


def _system() -> str:
    # Drawing's libraries are heavy, and only those who write need them here.
    from shared.media.draw import limits as drawn

    least, most = visuals.MAGNITUDES
    return prompts.text(
        "writer_system",
        citations_most=_CITATIONS_MOST,
        scene_words_least=limits.SCENE_WORDS_LEAST,
        scene_words_most=limits.SCENE_WORDS_MOST,
        heading_words=limits.HEADING_WORDS,
        heading_characters=min(limits.HEADING_CHARACTERS, drawn.HEADING),
        bullets_most=visuals.BULLETS_MOST,
        bullet_words=limits.BULLET_WORDS,
        bullet_characters=min(limits.BULLET_CHARACTERS, drawn.BULLET),
        term_characters=min(limits.TERM_CHARACTERS, drawn.TERM),
        meaning_words=limits.MEANING_WORDS,
        meaning_characters=min(limits.MEANING_CHARACTERS, drawn.MEANING),
        note_words=limits.BULLET_WORDS,
        note_characters=min(limits.BULLET_CHARACTERS, drawn.NOTE),
        latex_characters=limits.LATEX_CHARACTERS,
        symbols_most=visuals.SYMBOLS_MOST,
        symbol_characters=min(limits.SYMBOL_CHARACTERS, drawn.SYMBOL_MEANING),
        nodes_most=visuals.NODES_MOST,
        label_words=limits.LABEL_WORDS,
        label_characters=min(limits.LABEL_CHARACTERS, drawn.SMALL_NODE_LABEL),
        detail_characters=min(limits.DETAIL_CHARACTERS, drawn.SMALL_NODE_DETAIL),
        magnitude_least=least,
        magnitude_most=most,
        axis_characters=min(limits.LABEL_CHARACTERS, drawn.AXIS_LABEL),
        markers_most=visuals.MARKERS_MOST,
        column_characters=min(limits.COLUMN_CHARACTERS, drawn.COLUMN),
        rows_most=visuals.ROWS_MOST,
        row_characters=min(limits.COLUMN_CHARACTERS, drawn.ROW_LABEL),
        cell_characters=min(limits.CELL_CHARACTERS, drawn.CELL),
        problem_characters=min(limits.PROBLEM_CHARACTERS, drawn.PROBLEM),
        steps_most=visuals.STEPS_MOST,
        step_characters=min(limits.STEP_CHARACTERS, drawn.SHORT_STEP),
        answer_characters=drawn.ANSWER,
        alternative_characters=visuals.ALTERNATIVE_CHARACTERS,
        question_characters=min(limits.QUESTION_CHARACTERS, drawn.QUESTION),
        options_most=visuals.OPTIONS_MOST,
        option_characters=min(limits.OPTION_CHARACTERS, drawn.OPTION),
    )
