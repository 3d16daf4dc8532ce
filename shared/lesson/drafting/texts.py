"""A model's texts made fit to be spoken and shown: what does not belong into a lesson is taken out, long lines cut."""

import re
from collections.abc import Sequence
from typing import Final

from shared.errors import ContentRefused
from shared.lesson import foreign
from shared.lesson.draft import cue_in
from shared.lesson.editing import bullet
from shared.lesson.limits import BULLET_CHARACTERS, BULLET_WORDS
from shared.lesson.prose import narrated, on_screen
from shared.lesson.words import sentences, shown, word_set
from shared.questions import safety
from shared.questions.normalise import clean

_HIDDEN_ELEMENT: Final = re.compile(r"<(script|style|iframe|svg|object)\b[^<>]*>.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_TAG: Final = re.compile(
    r"</?(?:a|abbr|article|b|big|blockquote|body|br|button|center|code|data|details|div|em|embed|font|form|h[1-6]|head"
    r"|hr|html|i|iframe|img|input|ins|li|link|main|mark|meta|object|ol|p|pre|q|s|script|section|small|span|strike|strong"
    r"|style|sub|summary|sup|svg|table|tbody|td|th|thead|tr|u|ul|video)(?:\s+[\w:-]+\s*=[^<>]*)?\s*/?>",
    re.IGNORECASE,
)
_EMPHASIS: Final = re.compile(r"(?<!\w)(\*{1,3}|_{1,3}|`{1,3}|~~)(?=\S)([^*_`~]*\S)\1(?!\w)")
_LINE_MARK: Final = re.compile(r"^\s*(?:#{1,6}|[-*•>])\s+")
_TRAILING: Final = word_set("a an and as at by for from in into is of on or that the to with")
_CUE_WORDS: Final = 5
_CUE_WORDS_LEAST: Final = 2


def plain(text: str) -> str:
    """The text in one line, without control characters and markup."""
    text = _TAG.sub(" ", _HIDDEN_ELEMENT.sub(" ", text))
    text = _LINE_MARK.sub("", clean(text))
    return clean(_EMPHASIS.sub(r"\2", text))


def may_be_said(text: str, field: str = "") -> bool:
    """Whether a text holds no address, no markup, no order to a machine, and nothing that students may not be told.

    `field` is that of the storyboard where it is none of prose, such as "latex".
    """
    return not (foreign.address(text) or foreign.markup(foreign.Text("", field, text))) and _is_safe(text)


def _is_safe(text: str) -> bool:
    try:
        safety.check(text)
    except ContentRefused:
        return False
    return True


def spoken(text: str) -> str:
    """A narration in spoken words; sentences that may not be said are left out."""
    said = []
    for sentence in sentences(plain(text)):
        # Looked at before and after: an address is none any more when its signs are spoken, a formula no markup.
        if not foreign.address(sentence) and _is_safe(sentence):
            words = narrated(sentence)
            said += [words] if words and not foreign.in_part(words) else []
    return " ".join(said)


def line(text: str, characters: int, words: int = 1_000) -> str:
    """A text for the screen, cut at a word where it is longer than its place; empty where it may not be shown."""
    whole = on_screen(plain(text))
    if not whole or not may_be_said(whole):
        return ""
    if len(whole) <= characters and shown(whole) <= words:
        return whole
    kept = whole.split()
    while kept and (len(" ".join(kept)) > characters - 2 or shown(" ".join(kept)) > words or _dangles(kept[-1])):
        kept.pop()
    return f"{' '.join(kept).rstrip(',;:.')} …" if kept else ""


def _dangles(word: str) -> bool:
    return word.lower().strip(",;:") in _TRAILING


def statement(text: str, characters: int = BULLET_CHARACTERS, words: int = BULLET_WORDS) -> str:
    """A sentence as a line: compressed where its structure allows it, cut where not."""
    whole = line(text, 10 * characters)
    if len(whole) <= characters and shown(whole) <= words:
        return whole.rstrip(".")
    compressed = bullet(whole, frozenset(), words, characters)
    return on_screen(compressed) if compressed else line(whole, characters, words)


def latex(text: str) -> str:
    """A formula without the dollar signs or brackets that some put around it; empty where it may not be shown."""
    bare = clean(text)
    if not may_be_said(bare, "latex"):
        return ""
    for before, after in (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]")):
        if bare.startswith(before) and bare.endswith(after) and len(bare) > len(before) + len(after):
            return bare[len(before) : -len(after)].strip()
    return bare


def expression(text: str) -> str:
    """An expression in x; empty where it holds anything but arithmetic, such as a remark."""
    bare = clean(text)
    return bare if may_be_said(bare, "expression") else ""


def cues(narration: str, wanted: Sequence[tuple[str, str]]) -> list[str]:
    """One cue for each (cue, text of its element): as the narration has it, each after the one before, or empty.

    A cue that the narration does not hold is looked for in part, then the element's own words are.
    """
    position = 0
    found = []
    for cue, text in wanted:
        rest = narration[position:]
        phrase = next((held for one in _phrases(cue, text) if (held := cue_in(rest, one))), "")
        if phrase:
            position = narration.find(phrase, position) + 1
        found.append(phrase)
    return found


def _phrases(cue: str, text: str) -> list[str]:
    """What to look for, best first: the cue, its beginnings, runs of the text's words."""
    words = narrated(plain(cue)).strip(" .,;:!?").split()
    phrases = [" ".join(words[:length]) for length in range(len(words), min(len(words), _CUE_WORDS_LEAST) - 1, -1)]
    shown_words = narrated(plain(text)).split()
    for length in range(_CUE_WORDS, _CUE_WORDS_LEAST - 1, -1):
        for start in range(len(shown_words) - length + 1):
            run = [word.strip(".,;:!?()") for word in shown_words[start : start + length]]
            if all(run) and not _dangles(run[-1]):
                phrases.append(" ".join(run))
    return [phrase for phrase in phrases if phrase]
