"""How long things may be: scenes in words, lines on the screen so that a drawing can hold them."""

from typing import Final

WORDS_PER_MINUTE: Final = 165  # how fast average words are spoken; `pace` tells what a text really takes
LENGTH_TOLERANCE: Final = 0.15  # of the duration that was asked for
READING_TOLERANCE: Final = 1.5  # grades above the student's

SCENES_LEAST: Final = 6
SCENES_LEAST_SHORT: Final = 4  # of a lesson so short that six scenes would be shreds
SHORT_SECONDS: Final = 45
SHORT_SLACK_SECONDS: Final = 8  # that such a lesson may run over: it has to hold its four scenes
SCENES_MOST: Final = 14
SCENE_WORDS_LEAST: Final = 12
SCENE_WORDS_MOST: Final = 55

HEADING_WORDS: Final = 7
HEADING_CHARACTERS: Final = 60
BULLET_WORDS: Final = 16
BULLET_CHARACTERS: Final = 100
STATEMENT_WORDS: Final = 26  # of a line that has its page to itself
STATEMENT_CHARACTERS: Final = 170
LABEL_WORDS: Final = 4
LABEL_CHARACTERS: Final = 32
DETAIL_CHARACTERS: Final = 60
TERM_CHARACTERS: Final = 48
MEANING_WORDS: Final = 24
MEANING_CHARACTERS: Final = 170
CELL_WORDS: Final = 8
CELL_CHARACTERS: Final = 60
COLUMN_CHARACTERS: Final = 42
SYMBOL_CHARACTERS: Final = 70
LATEX_CHARACTERS: Final = 140
PROBLEM_CHARACTERS: Final = 260
STEP_CHARACTERS: Final = 120
QUESTION_CHARACTERS: Final = 180
OPTION_CHARACTERS: Final = 70
CAPTION_CHARACTERS: Final = 90


def least_scenes(seconds: float) -> int:
    """How many scenes a lesson of so many seconds has at least."""
    return SCENES_LEAST if seconds >= SHORT_SECONDS else SCENES_LEAST_SHORT


def words_for(seconds: float) -> float:
    """How many words are spoken in so many seconds."""
    return seconds * WORDS_PER_MINUTE / 60


def seconds_for(words: float) -> float:
    """How long so many words take to speak."""
    return words * 60 / WORDS_PER_MINUTE
