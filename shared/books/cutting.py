"""Cutting the running text of a section into passages of about equal length."""

from typing import Final

from shared.books.text import count_words, sentences

TARGET_WORDS: Final = 200  # of one passage
# A border between sentences is taken when it is nearer to the ideal place than one between paragraphs by this.
_PARAGRAPH_BONUS: Final = 45


def cut(paragraphs: list[str], *, target: int = TARGET_WORDS) -> list[str]:
    """Return the text in passages of about `target` words; they end where paragraphs or at least sentences do.

    Paragraphs within a passage are separated by an empty line. Nothing is dropped or repeated.
    """
    pieces = [
        (sentence, first == 0) for paragraph in paragraphs for first, sentence in enumerate(_in_sentences(paragraph))
    ]
    if not pieces:
        return []
    ends: list[int] = []  # words up to and with each piece
    for sentence, _ in pieces:
        ends.append((ends[-1] if ends else 0) + count_words(sentence))
    count = max(1, round(ends[-1] / target))
    borders = _borders(pieces, ends, count)
    return [_text(pieces[start:end]) for start, end in zip([0, *borders], [*borders, len(pieces)], strict=True)]


def _in_sentences(paragraph: str) -> list[str]:
    return sentences(paragraph) or ([paragraph] if paragraph else [])


def _borders(pieces: list[tuple[str, bool]], ends: list[int], count: int) -> list[int]:
    """Indices of the pieces that begin a new passage, the first one left out."""
    borders: list[int] = []
    for k in range(1, count):
        ideal = ends[-1] * k / count
        lowest = (borders[-1] if borders else 0) + 1
        candidates = range(lowest, len(pieces) - (count - k) + 1)
        if not candidates:
            break
        borders.append(
            min(candidates, key=lambda i: abs(ends[i - 1] - ideal) + (0 if pieces[i][1] else _PARAGRAPH_BONUS))
        )
    return borders


def _text(pieces: list[tuple[str, bool]]) -> str:
    out = pieces[0][0]
    for sentence, first in pieces[1:]:
        out += ("\n\n" if first else " ") + sentence
    return out
