"""Repair of empty cross-references: a publisher's renderer writes "Figure 5.3" there, the file has nothing.

A parser marks the place with what is referred to ("the figure"). A lesson does not show the book's figure, so
clauses that only point to it are dropped; where the sentence needs a noun it gets one.
"""

import re
from typing import Final

from shared.books.text import REFERENCE

_OPEN, _CLOSE = REFERENCE
_ONE: Final = f"{_OPEN}[^{_CLOSE}]*{_CLOSE}"
_PART: Final = r"(?:\s?\([a-z]\)(?:\s?(?:,|and|–|-)\s?\([a-z]\))*|(?<=\ue007)[a-d]\b)?"
_SEVERAL: Final = re.compile(
    rf"{_ONE}{_PART}(?:(?:\s?,\s?(?:and\s|or\s)?|\s?(?:and|or|through|to|–)\s?){_ONE}{_PART})+"
)
_SHOWN: Final = (
    r"(?:shown|illustrated|seen|depicted|drawn|indicated|pictured|demonstrated|described|presented|given|listed|"
    r"summarized|displayed|represented|diagrammed|plotted|outlined|sketched)"
)
_POINTER: Final = (
    rf"(?:(?:(?:also\s)?see(?:\salso)?|refer(?:\sback)?\sto|compare(?:\swith)?|recall|look\sat|as\sin|in|from|"
    rf"(?:as\s|like\sthe\sone\s)?(?:is\s|are\s|can\sbe\s)?{_SHOWN}\s(?:\w+ly\s)?(?:in|by|on))\s)"
)
_PARENTHESIS: Final = re.compile(
    rf"\s*[(\[]\s*{_POINTER}?(?:part\s\([a-z]\)\sof\s)?{_ONE}{_PART}\s*[)\]]", re.IGNORECASE
)
_WHOLE_SENTENCE: Final = re.compile(rf"(?:(?<=^)|(?<=[.!?]\s))\s*See\s(?:also\s)?{_ONE}{_PART}\s*\.\s*")
_OPENING_CLAUSE: Final = re.compile(
    rf"(?P<start>^|[.!?]\s+)(?:As\s(?:is\s|can\sbe\s|you\scan\s)?(?:{_SHOWN}|see)\s(?:in|by|on|from)\s)"
    rf"{_ONE}{_PART}\s*,\s*(?P<next>\w)"
)
_CLOSING_CLAUSE: Final = re.compile(
    rf"\s*,?\s(?:as|like\sthe\s(?:one|ones))\s(?:is\s|are\s|was\s|can\sbe\s)?{_SHOWN}\s(?:\w+ly\s)?(?:in|by|on)\s"
    rf"{_ONE}{_PART}(?=\s*[.;:])"
)
_NAMED: Final = re.compile(
    rf"\b(?P<name>figure|table|equation|example|exercise|section|chapter)s?\s{_ONE}", re.IGNORECASE
)
_DETERMINED: Final = re.compile(rf"\b(?P<word>the|this|that|these)\s+{_OPEN}the\s", re.IGNORECASE)
_SENTENCE_START: Final = re.compile(rf"(?:^|(?<=[.!?]\s)|(?<=[.!?]”\s))(\s*){_OPEN}(\w)")


def reference(noun: str) -> str:
    """Mark a place that refers to something the text does not name, such as "the figure"."""
    return f"{_OPEN}{noun}{_CLOSE}"


def repair_references(text: str) -> str:
    """Return the text with every marked reference dropped or named, so that its sentences read well."""
    if _OPEN not in text:
        return text
    text = _SEVERAL.sub(_together, text)
    text = _PARENTHESIS.sub("", text)
    text = _WHOLE_SENTENCE.sub("", text)
    text = _OPENING_CLAUSE.sub(lambda match: match["start"] + match["next"].upper(), text)
    text = _CLOSING_CLAUSE.sub("", text)
    text = _NAMED.sub(lambda match: match["name"], text)
    text = re.sub(rf"({_ONE}){_PART}", r"\1", text)
    text = _DETERMINED.sub(rf"\g<word> {_OPEN}", text)
    text = _SENTENCE_START.sub(lambda match: match[1] + _OPEN + match[2].upper(), text)
    text = re.sub(rf"(\w){_OPEN}", rf"\1 {_OPEN}", text)
    return re.sub(rf"{_CLOSE}(?=\w)", f"{_CLOSE} ", text).replace(_OPEN, "").replace(_CLOSE, "")


def _together(match: re.Match[str]) -> str:
    """Several references in a row: one plural, or the different things once each."""
    nouns = list(dict.fromkeys(re.findall(rf"{_OPEN}([^{_CLOSE}]*){_CLOSE}", match[0])))
    if len(nouns) == 1:
        return reference(f"{nouns[0]}s" if not nouns[0].endswith(("s", "”")) else nouns[0])
    return reference(", ".join(nouns[:-1]) + " and " + nouns[-1])
