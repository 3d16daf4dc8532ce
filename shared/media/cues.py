"""When an element of a scene appears: with the first word of the phrase that names it."""

import unicodedata
from collections.abc import Sequence

from shared.services import SpokenWord


def cue_times(narration: str, words: Sequence[SpokenWord], cues: Sequence[str]) -> list[float]:
    """Seconds at which each cue's first word starts.

    `words[i]` is the i-th whitespace-separated word of the narration. Cues are looked up in order, each from where
    the one before it was found, then anywhere; punctuation and case do not matter. An empty cue is at 0.0; one
    that is not in the narration is spread evenly between its neighbours.
    """
    if not words:
        return [0.0] * len(cues)
    spoken = _tokens(narration)
    found: list[float | None] = []
    position = 0
    for cue in cues:
        wanted = [word for word, _ in _tokens(cue)]
        if not wanted:
            found.append(0.0 if not cue.strip() else None)
            continue
        at = _find(spoken, wanted, position)
        if at is None:
            at = _find(spoken, wanted, 0)
        if at is None:
            found.append(None)
            continue
        position = at
        found.append(words[min(spoken[at][1], len(words) - 1)].start)
    return _spread(found, words[-1].end)


def _tokens(text: str) -> list[tuple[str, int]]:
    """(bare word, number of the whitespace-separated word it belongs to); "light-dependent" is two of one number."""
    tokens = []
    for index, word in enumerate(text.split()):
        plain = unicodedata.normalize("NFKC", word).casefold().replace("’", "").replace("'", "")
        bare = "".join(character if character.isalnum() else " " for character in plain)
        tokens += [(piece, index) for piece in bare.split()]
    return tokens


def _find(spoken: list[tuple[str, int]], wanted: list[str], start: int) -> int | None:
    count = len(wanted)
    for at in range(start, len(spoken) - count + 1):
        if [word for word, _ in spoken[at : at + count]] == wanted:
            return at
    return None


def _spread(found: list[float | None], end: float) -> list[float]:
    """Fill each run of unknown times evenly between the known times on its sides (0 and `end` at the edges)."""
    times = list(found)
    index = 0
    while index < len(times):
        if times[index] is not None:
            index += 1
            continue
        last = index
        while last < len(times) and times[last] is None:
            last += 1
        before = times[index - 1] if index else 0.0
        after = times[last] if last < len(times) else end
        low, high = before or 0.0, after if after is not None else end
        high = max(low, high)
        count = last - index
        for step in range(count):
            times[index + step] = low + (high - low) * (step + 1) / (count + 1)
        index = last
    return [time or 0.0 for time in times]
