"""Lines: text cleaned of what cannot be drawn, and broken so that lines are few and even."""

import re
import unicodedata
from typing import Final

from shared.errors import InvalidStoryboard
from shared.media.draw import fonts

TEXT_CANNOT_BE_DRAWN: Final = "text_cannot_be_drawn"

_BREAK_AFTER: Final = re.compile(r"(?<=[-–—])(?=\w{3})")
_OPERATORS: Final = frozenset("=+−-×·÷≈≠<>≤≥→⇌⟶")
_NUMBER: Final = re.compile(r"[−-]?\d[\d.,]*")
_LONGEST_GROUP: Final = 20  # characters that are kept on one line
_SLASH: Final = re.compile(r"(?<=/)(?=\w)")
_VOWEL_THEN_CONSONANT: Final = re.compile(r"(?<=[aeiouy])(?=[bcdfghjklmnpqrstvwxz][aeiouyhlr])", re.IGNORECASE)
_LOST_SHARE: Final = 0.2  # of the letters that may have no glyph before the text counts as unreadable


def clean(text: str) -> str:
    """The text as it can be drawn: no control characters, single spaces, only letters that the fonts have.

    What has no glyph is replaced by its compatibility form, or left out (an emoji). InvalidStoryboard where the
    fonts lack the script altogether.
    """
    kept: list[str] = []
    letters = lost = 0
    for character in unicodedata.normalize("NFC", text):
        if character.isspace():
            kept.append(" ")
            continue
        if unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Cn"}:
            continue
        drawable = _drawable(character)
        kept.append(drawable)
        if character.isalpha():
            letters += 1
            lost += not drawable
    if lost > _LOST_SHARE * letters:
        raise InvalidStoryboard(f"{lost} of {letters} letters have no glyph", code=TEXT_CANNOT_BE_DRAWN)
    return " ".join("".join(kept).split())


def _drawable(character: str) -> str:
    if _has_glyphs(character):
        return character
    plain = unicodedata.normalize("NFKC", character)
    return plain if _has_glyphs(plain) else ""


def _has_glyphs(text: str) -> bool:
    # The fallback's signs beyond the basic plane are emoji in outline, which look like a mistake.
    return all(
        ord(c) in fonts.characters(fonts.INTER) or (ord(c) < 0x10000 and ord(c) in fonts.characters(fonts.FALLBACK))
        for c in text
    )


def _greedy(words: list[str], limit: float, size: float, weight: int) -> list[str] | None:
    lines: list[str] = []
    current = ""
    for word in words:
        # A piece that follows a hyphen belongs to the one before it, without a space.
        joined = word[1:] if word.startswith("\0") else f" {word}" if current else word
        if current and fonts.width(current + joined, size, weight) <= limit:
            current += joined
            continue
        word = word.removeprefix("\0")
        if fonts.width(word, size, weight) > limit:
            return None
        if current:
            lines.append(current)
        current = word
    return [*lines, current] if current else lines


def _pieces(text: str) -> list[str]:
    """What may stand on lines of its own; what follows a hyphen begins with a null."""
    return [
        piece if index == 0 else f"\0{piece}"
        for word in text.split()
        for index, piece in enumerate(_BREAK_AFTER.split(word))
    ]


def _kept_together(text: str) -> list[str]:
    """The same, but a number stays with its unit, and a short equation in one piece."""
    words = text.split()
    groups: list[str] = []
    for before, word in zip(["", *words], words, strict=False):
        operated = (word in _OPERATORS and word != "→") or before in _OPERATORS  # an arrow may begin a line
        counted = bool(_NUMBER.fullmatch(before))
        if groups and (operated or counted) and len(groups[-1]) + len(word) < _LONGEST_GROUP:
            groups[-1] += f" {word}"
        else:
            groups.append(word)
    return [piece for group in groups for piece in ([group] if " " in group else _pieces(group))]


def wrap(text: str, limit: float, size: float, weight: int) -> tuple[str, ...] | None:
    """As few lines as possible within `limit` pixels, then as even as possible; None where a word is too long."""
    words = _kept_together(text)
    lines = _greedy(words, limit, size, weight)
    if lines is None:
        words = _pieces(text)
        lines = _greedy(words, limit, size, weight)
    if lines is None or len(lines) < 2:
        return None if lines is None else tuple(lines)
    low, high = limit / len(lines) * 0.5, limit
    while high - low > size / 4:
        middle = (low + high) / 2
        narrower = _greedy(words, middle, size, weight)
        if narrower is not None and len(narrower) == len(lines):
            lines, high = narrower, middle
        else:
            low = middle
    return tuple(lines)


def hyphenated(text: str, limit: float, size: float, weight: int) -> str:
    """Words wider than the limit cut after a slash, or between syllables (a vowel, then a consonant) with a hyphen."""
    return " ".join(
        word if fonts.width(word, size, weight) <= limit else _cut(word, limit, size, weight) for word in text.split()
    )


def _cut(word: str, limit: float, size: float, weight: int) -> str:
    parts: list[str] = []
    rest = word
    while fonts.width(rest, size, weight) > limit:
        slashes = [m.start() for m in _SLASH.finditer(rest) if fonts.width(rest[: m.start()], size, weight) <= limit]
        if slashes:
            parts.append(rest[: slashes[-1]])
            rest = rest[slashes[-1] :]
            continue
        places = [m.start() for m in _VOWEL_THEN_CONSONANT.finditer(rest) if 3 <= m.start() <= len(rest) - 3]
        fitting = [at for at in places if fonts.width(f"{rest[:at]}-", size, weight) <= limit]
        if not fitting:
            return word
        parts.append(f"{rest[: fitting[-1]]}-")
        rest = rest[fitting[-1] :]
    return " ".join([*parts, rest])
