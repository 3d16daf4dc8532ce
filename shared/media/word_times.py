"""When words sound, from what a voice tells of them: marks that can be missing, out of order, or beyond the sound."""

import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUIET: Final = 330  # of 32767, about -40 dB: below it a voice is silent
_RELEASE_SECONDS: Final = 0.04  # kept after the last loud sample: words die away


def word_starts(weights: Sequence[float], marks: Mapping[int, float], seconds: float) -> tuple[list[float], bool]:
    """Return the second at which each of the words begins, never falling, and whether any had to be estimated.

    `marks` holds what the voice told, by the word's place. A word without a usable mark begins between its neighbours,
    after its share of the time that the words between them need by `weights`.
    """
    told = _in_order([(place, marks[place]) for place in range(len(weights)) if _usable(place, marks, seconds)])
    anchors = told if told and told[0][0] == 0 else [(0, 0.0), *told]
    needed = [0.0, *accumulate(weights)]
    starts: list[float] = []
    for (place, begin), (following, end) in pairwise([*anchors, (len(weights), seconds)]):
        whole = needed[following] - needed[place]
        starts += [begin + (end - begin) * (needed[word] - needed[place]) / whole for word in range(place, following)]
    return starts, len(told) < len(weights)


def _usable(place: int, marks: Mapping[int, float], seconds: float) -> bool:
    """Whether a word was told to begin within the sound; the first alone can begin with it."""
    second = marks.get(place, math.nan)
    return math.isfinite(second) and 0 <= second < seconds and (second > 0 or place == 0)


def _in_order(told: Sequence[tuple[int, float]]) -> list[tuple[int, float]]:
    """The most marks whose times rise: the longest such subsequence, so that one wild mark costs only itself.

    None where that is not most of them: marks that contradict each other so much tell nothing.
    """
    ends: list[float] = []  # the lowest time that a run of each length can end with
    last: list[int] = []  # which mark that is
    before: list[int] = []  # for each mark the one before it in the longest run that it ends
    for number, (_, second) in enumerate(told):
        length = bisect_left(ends, second)
        before.append(last[length - 1] if length else -1)
        ends[length : length + 1] = [second]
        last[length : length + 1] = [number]
    kept: list[tuple[int, float]] = []
    number = last[-1] if last else -1
    while number >= 0:
        kept.append(told[number])
        number = before[number]
    return kept[::-1] if 2 * len(kept) > len(told) else []


def sounding_end(samples: "NDArray[np.int16]", begin: float, end: float, rate: int) -> float:
    """Return the second at which the sound between two seconds has died away; `end` where it is silent all along."""
    import numpy as np

    first, last = round(begin * rate), round(end * rate)
    loud = np.flatnonzero(np.abs(samples[first:last].astype(np.int32)) > _QUIET)
    if not loud.size:
        return end
    return min(end, (first + int(loud[-1]) + 1) / rate + _RELEASE_SECONDS)
