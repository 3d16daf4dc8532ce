"""Which samples belong to which word, from the phonemes of a sentence.

The phonemiser runs small words together ("of the" becomes one group of phonemes) and may split others, so groups and
words cannot simply be counted off. Each word's phonemes, as it sounds alone, are aligned with those of the sentence
by dynamic programming (Needleman and Wunsch, 1970).
"""

from collections.abc import Sequence
from itertools import accumulate
from typing import Final

_UNSOUNDED: Final = frozenset("ˈˌːˑʲ̩̯̃")  # stress, length and the like: they belong to the phoneme beside them
_BOUNDARIES: Final = frozenset(" ,;:.?!")
_GAP: Final = -1
_MATCH: Final = 2
_BOUNDARY_MATCH: Final = 4
_OTHER_SOUND: Final = -1  # a reduced vowel for a full one
_SOUND_FOR_BOUNDARY: Final = -6


def word_spans(
    phonemes: Sequence[str], samples: Sequence[int], words: Sequence[Sequence[str]]
) -> list[tuple[int, int]]:
    """Return (first sample, end sample) of each word.

    `samples` holds one length for each of the sentence's `phonemes`; `words` the phonemes of each word by itself,
    with the pause mark that follows it. A word that left no phoneme gets an empty span where it would stand.
    """
    starts = [0, *accumulate(samples)]
    sounded = [index for index, phoneme in enumerate(phonemes) if phoneme not in _UNSOUNDED]
    expected = [
        (phoneme, number) for number, word in enumerate(words) for phoneme in [*word, " "] if phoneme not in _UNSOUNDED
    ]
    owners = _align([phonemes[index] for index in sounded], expected)
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for index, owner in zip(sounded, owners, strict=True):
        if owner is not None and phonemes[index] not in _BOUNDARIES:
            first.setdefault(owner, index)
            last[owner] = index
    return _spans(phonemes, starts, first, last, len(words))


def _spans(
    phonemes: Sequence[str], starts: Sequence[int], first: dict[int, int], last: dict[int, int], count: int
) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    end_before = 0
    for number in range(count):
        if number not in first:
            spans.append((end_before, end_before))
            continue
        begin, end = first[number], last[number] + 1
        while begin > 0 and phonemes[begin - 1] in _UNSOUNDED:  # a stress mark stands before its vowel
            begin -= 1
        while end < len(phonemes) and phonemes[end] in _UNSOUNDED - {"ˈ", "ˌ"}:
            end += 1
        start = max(starts[begin], end_before)
        end_before = max(starts[end], start)
        spans.append((start, end_before))
    return spans


def _align(heard: Sequence[str], expected: Sequence[tuple[str, int]]) -> list[int | None]:
    """For each phoneme heard, the number of the word it belongs to; None for one that matches nothing."""
    columns = len(expected)
    scores = [[_GAP * column for column in range(columns + 1)]]
    for row, phoneme in enumerate(heard, start=1):
        above = scores[-1]
        line = [_GAP * row]
        for column in range(columns):
            together = above[column] + _similarity(phoneme, expected[column][0])
            line.append(max(together, above[column + 1] + _GAP, line[-1] + _GAP))
        scores.append(line)
    return _trace(scores, heard, expected)


def _similarity(heard: str, expected: str) -> int:
    is_boundary = heard in _BOUNDARIES
    if is_boundary != (expected in _BOUNDARIES):
        return _SOUND_FOR_BOUNDARY
    if is_boundary:
        return _BOUNDARY_MATCH
    return _MATCH if heard == expected else _OTHER_SOUND


def _trace(
    scores: Sequence[Sequence[int]], heard: Sequence[str], expected: Sequence[tuple[str, int]]
) -> list[int | None]:
    owners: list[int | None] = [None] * len(heard)
    row, column = len(heard), len(expected)
    while row and column:
        score = scores[row][column]
        if score == scores[row - 1][column - 1] + _similarity(heard[row - 1], expected[column - 1][0]):
            row, column = row - 1, column - 1
            owners[row] = expected[column][1]
        elif score == scores[row - 1][column] + _GAP:
            row -= 1
            owners[row] = expected[column - 1][1]  # an extra sound belongs to the word being spoken
        else:
            column -= 1
    return owners
