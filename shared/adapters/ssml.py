"""Narrations as SSML, with a mark before each word of the text, in pieces that one request may hold.

The words come from `shared.media.normalise` and are escaped all the same: no text of a student or a book can become
markup, which could make the service fetch and play sound from elsewhere.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from shared.errors import InvalidMedia
from shared.media.normalise import PAUSES, SpokenToken

MOST_BYTES: Final = 5000  # of a request, tags and all (https://cloud.google.com/text-to-speech/quotas)

_OPENING: Final = "<speak>"
_CLOSING: Final = "</speak>"
_SENTENCE_ENDS: Final = ".!?"
_CLAUSE_ENDS: Final = ",;:"
# As a word of its own "A" is an article to the service; the other letters cannot be mistaken.
_LETTER_A: Final = re.compile(r"^A(?=[.,;:!?]|$)")
_SPELT_A: Final = '<say-as interpret-as="characters">A</say-as>'


@dataclass(frozen=True, slots=True, kw_only=True)
class Utterance:
    """What one request speaks: the tokens that sound in it, by their places in the text, each marked with its place."""

    ssml: str
    tokens: tuple[int, ...]
    billed: int  # characters: of text and tags, marks apart (https://cloud.google.com/text-to-speech/pricing)
    ends_sentence: bool


@dataclass(frozen=True, slots=True)
class _Piece:
    """One token as SSML."""

    token: int
    mark: str
    words: str
    pause: str  # the pause mark that its last word ends with

    @property
    def size(self) -> int:
        return len(self.mark) + len(self.words.encode())


def utterances(tokens: Sequence[SpokenToken], *, most_bytes: int = MOST_BYTES) -> list[Utterance]:
    """The narration in as few requests as hold it, divided at the end of a sentence where one is, then of a clause.

    Raises InvalidMedia where a single word is too long for a request.
    """
    pieces = [_piece(place, token) for place, token in enumerate(tokens) if token.words]
    made: list[Utterance] = []
    begin = 0
    while begin < len(pieces):
        end = _division(pieces, begin, _most(pieces, begin, most_bytes))
        made.append(_utterance(pieces[begin:end]))
        begin = end
    return made


def _piece(place: int, token: SpokenToken) -> _Piece:
    words = "".join(f"{_LETTER_A.sub(_SPELT_A, escape(word))} " for word in token.words)
    last = token.words[-1][-1]
    return _Piece(place, f'<mark name="{place}"/>', words, last if last in PAUSES else "")


def _most(pieces: Sequence[_Piece], begin: int, most_bytes: int) -> int:
    """Where the longest run of pieces ends that begins here and that a request holds."""
    room = most_bytes - len(_OPENING) - len(_CLOSING)
    end = begin
    while end < len(pieces) and pieces[end].size <= room:
        room -= pieces[end].size
        end += 1
    if end == begin:
        raise InvalidMedia("a word of the narration is too long to speak", code="narration_too_long")
    return end


def _division(pieces: Sequence[_Piece], begin: int, end: int) -> int:
    if end == len(pieces):
        return end
    for marks in (_SENTENCE_ENDS, _CLAUSE_ENDS):
        for place in range(end, begin, -1):
            if pieces[place - 1].pause and pieces[place - 1].pause in marks:
                return place
    return end


def _utterance(pieces: Sequence[_Piece]) -> Utterance:
    ssml = _OPENING + "".join(piece.mark + piece.words for piece in pieces).rstrip() + _CLOSING
    pause = pieces[-1].pause
    return Utterance(
        ssml=ssml,
        tokens=tuple(piece.token for piece in pieces),
        billed=len(ssml) - sum(len(piece.mark) for piece in pieces),
        ends_sentence=bool(pause) and pause in _SENTENCE_ENDS,
    )
