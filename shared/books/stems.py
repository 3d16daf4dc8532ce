"""Text that several exercises share."""

import re
from typing import Final

_NUMBERS: Final = {
    word: number
    for number, word in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
# "Use the following information to answer the next five exercises."
_ANNOUNCEMENT: Final = re.compile(
    r"^[^.:?]*\bnext\b[^.:?]*\b(?:exercise|question|problem)s?\b[^.:?]*[.:]\s*", re.IGNORECASE
)
_SHARED: Final = re.compile(r"\bnext\s+(?:(?P<count>\w+)\s+)?(?:exercise|question|problem)s?\b", re.IGNORECASE)


class Stem:
    """Text among exercises: it belongs to the next of them, to as many as it says."""

    def __init__(self) -> None:
        self._text = ""
        self._left = 0
        self._taken = False

    def add(self, text: str) -> None:
        """Go on with the text, or begin anew where it was used up or says what it is for."""
        if not text:
            return
        if self._left > 0 and not _SHARED.search(text):
            self._text = f"{self._text} {text}"
            return
        self._text, self._left, self._taken = _ANNOUNCEMENT.sub("", text), _shared_by(text), False

    def take(self) -> str:
        """Return the text for the next exercise; empty where it is used up."""
        if self._left <= 0:
            return ""
        self._left -= 1
        self._taken = True
        return self._text

    @property
    def unused(self) -> str:
        """The text that no exercise took."""
        return "" if self._taken else self._text


def _shared_by(text: str) -> int:
    """For how many of the next exercises the text is said to be meant; one where it does not say."""
    match = _SHARED.search(text)
    if not match:
        return 1
    word = (match["count"] or "one").lower()
    return int(word) if word.isdecimal() else _NUMBERS.get(word, 1)
