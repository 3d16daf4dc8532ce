"""Cleaning of a book's characters, and the cutting of prose into sentences and words.

The markers below are private-use characters: `clean` removes them from what a book holds, so that whoever reads
inline markup can put them into text to mark what is not prose yet (see `shared.books.scripts`).
"""

import re
import unicodedata
from typing import Final

SUPERSCRIPT: Final = ("\ue000", "\ue001")  # opening and closing marker
SUBSCRIPT: Final = ("\ue002", "\ue003")
MATHEMATICS: Final = ("\ue004", "\ue005")
REFERENCE: Final = ("\ue006", "\ue007")
BREAK: Final = "\ue008"  # a line break that separates statements

# Bytes of Windows-1252 that were taken for code points of their own; the five without a sign vanish.
_WINDOWS_1252: Final = {code: bytes([code]).decode("cp1252", errors="ignore") for code in range(0x80, 0xA0)}
# UTF-8 quotation marks and dashes that were read as Windows-1252 once too often.
_TWICE_ENCODED: Final = {
    sign.encode().decode("cp1252", errors="ignore"): sign for sign in ("‘", "’", "“", "”", "–", "—", "…")
}
_INVISIBLE: Final = dict.fromkeys([0xAD, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F, 0x2060, 0x2061, 0xFEFF], "")
_PRIVATE_USE: Final = dict.fromkeys(range(0xE000, 0xF900), "")
_CONTROLS: Final = {code: " " for code in [*range(0x20), 0x7F] if chr(code) not in "\t\n"} | {0x00: ""}
_SAME_SIGN: Final = {0x2010: "-", 0x2011: "-", 0x2012: "–", 0x2219: "·", 0x00B5: "μ", 0x00BA: "°", 0x223C: "~"}
_TABLE: Final = _WINDOWS_1252 | _INVISIBLE | _PRIVATE_USE | _CONTROLS | _SAME_SIGN

_SPACES: Final = re.compile(r"[^\S\n]+")
_MANY_BREAKS: Final = re.compile(r"\s*\n\s*\n\s*")

_SCALE: Final = r"(?:thousand|million|billion|trillion)"
_MONEY: Final = re.compile(rf"(?:US)?\$\s?(\d[\d,]*(?:\.\d+)?)((?:\s|-){_SCALE}\b)?(?:[\s-]dollars?\b)?(-(?=[a-z]))?")
_BEFORE_ADJECTIVE: Final = re.compile(
    r"\b(?:a|an|one|two|three|four|five|six|ten|hundred|each|every)\s$", re.IGNORECASE
)

# Words after which a full stop does not end a sentence.
_ABBREVIATIONS: Final = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "prof",
        "st",
        "vs",
        "etc",
        "e.g",
        "i.e",
        "fig",
        "figs",
        "eq",
        "eqs",
        "sec",
        "approx",
        "no",
        "vol",
        "al",
        "jr",
        "sr",
        "inc",
        "u.s",
        "u.k",
        "a.m",
        "p.m",
        "ca",
        "cf",
    ]
)
_SENTENCE_END: Final = re.compile(r"[.!?…]+[\"”’)\]]*(?=\s+[\"“‘(\[$]*[A-Z0-9$“(])|\n\s*\n")
_WORD: Final = re.compile(r"\S*\w\S*")


def clean(text: str) -> str:
    """Return the text with wrong, invisible and control characters mended or removed; spacing is kept."""
    for wrong, right in _TWICE_ENCODED.items():
        text = text.replace(wrong, right)
    text = text.replace("â€\x9d", "”")
    return unicodedata.normalize("NFC", text.translate(_TABLE))


def squeeze(text: str) -> str:
    """Return the text on one line, with single spaces and none before closing punctuation."""
    return re.sub(r"\s+([,.;:!?)\]])(?!\d)", r"\1", " ".join(text.split()))


def paragraphs(text: str) -> list[str]:
    """Split at empty lines; each paragraph is squeezed to one line."""
    return [one for part in _MANY_BREAKS.split(text) if (one := squeeze(part))]


def spell_money(text: str) -> str:
    """Write amounts in words, since `$` delimits mathematics: "$5 million" becomes "5 million dollars"."""

    def spelled(match: re.Match[str]) -> str:
        amount, scale, hyphen = match[1], match[2] or "", match[3]
        if hyphen:  # "a $5-per-head fee"
            return f"{amount}{scale}-dollar-"
        following = text[match.end() : match.end() + 12]
        if _BEFORE_ADJECTIVE.search(text[: match.start()]) and re.match(r"\s(?!per\b|and\b|or\b|to\b)[a-z]", following):
            return f"{amount}{scale.replace(' ', '-')}-dollar"
        return f"{amount}{scale} {'dollar' if amount == '1' and not scale else 'dollars'}"

    return _MONEY.sub(spelled, text).replace("$", "dollars")


def sentences(text: str) -> list[str]:
    """Split prose into sentences; mathematics between dollar signs is never split."""
    pieces: list[str] = []
    start = 0
    for match in _SENTENCE_END.finditer(text):
        before = text[start : match.start()]
        if before.count("$") % 2 or _ends_in_abbreviation(before, match[0]):
            continue
        pieces.append(text[start : match.end()].strip())
        start = match.end()
    pieces.append(text[start:].strip())
    return [piece for piece in pieces if piece]


def _ends_in_abbreviation(before: str, end: str) -> bool:
    if end != ".":
        return False
    last = before.rsplit(maxsplit=1)[-1].lower().lstrip("(\"“‘'[") if before.split() else ""
    return last in _ABBREVIATIONS or (len(last) == 1 and last.isalpha() and last not in "ai")


def count_words(text: str) -> int:
    """Return the number of whitespace-separated words that hold a letter or a digit."""
    return sum(1 for _ in _WORD.finditer(text))


def closed(text: str) -> str:
    """Return the text as a sentence: with a full stop where it has no end yet."""
    text = text.rstrip()
    return text if not text or text[-1] in ".!?:;…" or text[-2:] in {".”", ".)", "?”", "!”"} else text + "."


def slugify(text: str) -> str:
    """Return the text in lower-case ASCII letters, digits and single hyphens, as addresses have it."""
    ascii_text = unicodedata.normalize("NFKD", re.sub(r"['’‘]", "", text)).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
