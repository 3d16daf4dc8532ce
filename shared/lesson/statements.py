"""A sentence taken apart: its words, with what they say the same as and the opposite of, and its clauses.

There is no grammar here, only word lists and joints; where they fail, a clause comes out too long or too short.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from shared.lesson.opposites import NEGATIONS, NUMBER_WORDS, POLES, SAME, UNITS, Pole
from shared.lesson.words import STOP_WORDS, stem, word_set

# What the lesson itself says to the student: no claim about the subject.
TALK: Final = frozenset(
    stem(word)
    for word in word_set("""
    lesson today topic idea ideas point points key next then first second third last finally step steps happen
    look watch think remember recall imagine picture compare comparison sum recap summary example examples try
    answer question check quick test yourself equation formula symbols words word written write writing line
    whole here follow end able learn know understand understood explain describe story start begin let's short
    tour textbook open book good way keep mind find right wrong true false reason together called mean means
    meaning term terms big simple simply solve solved
    """)
)
_PIECE: Final = re.compile(r"[A-Za-z][A-Za-z'’]*(?:-[A-Za-z][A-Za-z'’]*)*|\d+(?:,\d{3})*(?:\.\d+)?|[,;:()]")
_LETTERS: Final = word_set("a i")  # single letters that are words; the others are symbols
# Words that begin a clause.
_JOINTS: Final = word_set("""
    because while whereas although though but so which when if unless until since therefore where whenever after before
    as
""")
_PRONOUNS: Final = word_set("it they he she this that these those which who its their them one both each")
_CARRIERS: Final = word_set("""
    is are was were be has have had can cannot could may might must will would should do does did
""")
# Verbs of running text, by which "and" and the comma are seen to join clauses rather than things.
_VERBS: Final = frozenset(
    form
    for verb in word_set("""
    absorb accelerate act add allow appear attract become begin bend bounce break build carry cause change collide
    combine come contain control decrease depend describe divide draw drop enter equal exert explain fall flow form gain
    give go grow happen help hold include increase join keep lead leave let lose make mean measure meet move need offer
    pass produce prove provide pull push reach react receive reflect release remain return rise send show slow speed
    split spread stay stop store supply support surround take tell travel turn use vary work
    """)
    for form in (verb, f"{verb}s", f"{verb}es", f"{verb.removesuffix('y')}ies", f"{verb.removesuffix('e')}ed")
)
# Verbs of two words, and other phrases, as one word that says the same.
_PHRASES: Final = tuple(
    (re.compile(rf"\b{pattern}" + ("" if word.endswith(" ") else r"\b"), re.IGNORECASE), word)
    for pattern, word in (
        (r"(?:give|gives|gave|given|giving) up", "loses"),
        (r"(?:give|gives|gave|giving|send|sends|let|lets) (?:off|out)", "releases"),
        (r"(?:take|takes|took|taken|taking|soak|soaks) (?:in|up)", "absorbs"),
        (r"(?:go|goes|went|going) up", "rises"),
        (r"(?:go|goes|went|going) down", "falls"),
        (r"(?:speed|speeds|sped|speeding) up", "accelerates"),
        (r"(?:slow|slows|slowed|slowing) down", "slows"),
        (r"(?:use|uses|used|using) up", "consumes"),
        (r"(?:make|makes|made|making) up", "forms"),
        (r"(?:take|takes|took|taking) place", "happens"),
        (r"(?:just )?as (?:hard|many|much|strongly)(?: as)?", "equally"),
        (r"(?:almost|next to) nothing", "little"),
        (r"(?:keep|keeps|kept|stop|stops|stopped) (?=(?:\w+ ){1,4}from \w+ing\b)", "prevents "),
        (r"out of", "from"),
        (r"up to", "to"),
        (r"no longer", "not"),
    )
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a statement."""

    text: str  # in lower case
    stem: str
    place: int  # among the words of the statement
    is_content: bool  # says something of the subject
    is_number: bool
    poles: tuple[Pole, ...]
    keys: frozenset[str]  # what it can be found by: its stem, and the groups of words that say the same

    def says(self, other: "Token") -> bool:
        """Whether both words may stand for one another."""
        return not self.keys.isdisjoint(other.keys)


@dataclass(frozen=True, eq=False)
class Clause:
    """A part of a statement that says one thing."""

    tokens: tuple[Token, ...]

    @cached_property
    def content(self) -> tuple[Token, ...]:
        """The words that say something of the subject."""
        return tuple(token for token in self.tokens if token.is_content)

    @cached_property
    def keys(self) -> frozenset[str]:
        """What its content words can be found by."""
        return keys(self.content)

    @cached_property
    def words(self) -> frozenset[str]:
        """All its words, in lower case."""
        return frozenset(token.text for token in self.tokens)

    @cached_property
    def negations(self) -> tuple[Token, ...]:
        """The words that deny; "not only" does not."""
        texts = [token.text for token in self.tokens]
        return tuple(
            token
            for place, token in enumerate(self.tokens)
            if token.text in NEGATIONS and not (token.text == "not" and texts[place + 1 : place + 2] == ["only"])
        )

    @cached_property
    def poles(self) -> frozenset[Pole]:
        """The sides that its words take."""
        return frozenset(pole for token in self.tokens for pole in token.poles)

    @cached_property
    def leans(self) -> bool:
        """Whether it takes its subject from the clause before: "and reflects …", "so it …"."""
        words = [token.text for token in self.tokens if token.text not in _JOINTS and token.text not in {"and", "or"}]
        return bool(words) and (words[0] in _PRONOUNS or words[0] in _VERBS or words[0] in _CARRIERS)


@dataclass(frozen=True, eq=False)
class Statement:
    """A sentence as words and clauses."""

    text: str
    clauses: tuple[Clause, ...]

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """All words, in order."""
        return tuple(token for clause in self.clauses for token in clause.tokens)

    @cached_property
    def content(self) -> tuple[Token, ...]:
        """The words that say something of the subject."""
        return tuple(token for token in self.tokens if token.is_content)

    @cached_property
    def claimed(self) -> tuple[Token, ...]:
        """The words that claim something: content, and no talk to the student."""
        return claimed(self.content)

    @cached_property
    def keys(self) -> frozenset[str]:
        """What its content words can be found by."""
        return keys(self.content)

    @cached_property
    def poles(self) -> frozenset[Pole]:
        """The sides that its words take."""
        return frozenset().union(*(clause.poles for clause in self.clauses))


def keys(tokens: Iterable[Token]) -> frozenset[str]:
    """What the tokens can be found by."""
    return frozenset(key for token in tokens for key in token.keys)


def claimed(tokens: Iterable[Token]) -> tuple[Token, ...]:
    """Those of the tokens that are no talk to the student."""
    return tuple(token for token in tokens if token.stem not in TALK)


def opposed(token: Token, poles: frozenset[Pole]) -> bool:
    """Whether the word takes the other side of one of these poles."""
    return any((dimension, -side) in poles for dimension, side in token.poles)


@lru_cache(maxsize=8_000)
def parsed(text: str) -> Statement:
    """Take a sentence apart. Mathematics has to stand in words already."""
    plain = text.replace("’", "'")
    for pattern, word in _PHRASES:
        plain = pattern.sub(word, plain)
    pieces = [piece.lower() for piece in _PIECE.findall(plain)]
    parts: list[list[Token]] = [[]]
    words = 0
    for place, piece in enumerate(pieces):
        if piece in ",;:()":
            if piece != "," or _says_something(pieces[place + 1 : place + 8]):
                parts.append([])
            continue
        if piece in _JOINTS or (piece in {"and", "or"} and _is_clause(pieces[place + 1 : place + 6])):
            parts.append([])
        parts[-1].append(_token(piece, words))
        words += 1
    return Statement(text, tuple(Clause(tuple(tokens)) for tokens in _whole(parts)))


def _token(word: str, place: int) -> Token:
    number = NUMBER_WORDS.get(word, word)
    is_number = number[0].isdigit()
    root = stem(number)
    is_content = is_number or not (word in STOP_WORDS or word in NEGATIONS or word in _LETTERS)
    groups = SAME.get(word, frozenset()) if is_content else frozenset()
    return Token(
        text=word,
        stem=root,
        place=place,
        is_content=is_content,
        is_number=is_number,
        poles=POLES.get(word, ()),
        keys=frozenset({root, *(f"={group}" for group in groups)}),
    )


def _up_to(after: Sequence[str], ends: frozenset[str]) -> Sequence[str]:
    stop = next((place for place, word in enumerate(after) if word in ends), len(after))
    return after[:stop]


def _is_clause(after: Sequence[str]) -> bool:
    """Whether what follows an "and" is a clause of its own."""
    words = _up_to(after, frozenset({",", ";", ":", "and", "or"}))
    if not words:
        return False
    adverb = len(words) > 1 and words[0].endswith("ly") and words[1] in _VERBS
    return words[0] in NEGATIONS or words[0] in _VERBS or adverb or _has_verb(words[1:])


def _says_something(after: Sequence[str]) -> bool:
    """Whether what follows a comma, up to the next, is more than the next thing of a list."""
    words = _up_to(after, frozenset({",", ";", ":"}))
    return _has_verb(words) or any(word in _JOINTS for word in words)


def _has_verb(words: Sequence[str]) -> bool:
    return any(word in _CARRIERS or word in _VERBS or word in NEGATIONS for word in words)


def _whole(parts: list[list[Token]]) -> list[list[Token]]:
    """Join the pieces that are too small to say anything with the one after them, or before."""
    kept: list[list[Token]] = []
    waiting: list[Token] = []
    for part in parts:
        tokens, waiting = [*waiting, *part], []
        said = sum(token.is_content for token in tokens)
        denies = any(token.text in NEGATIONS for token in tokens)
        if said > 1 or (said == 1 and (denies or (len(tokens) > 2 and tokens[0].text in _JOINTS))):
            kept.append(tokens)
        else:
            waiting = tokens
    if waiting and kept and not any(token.text in NEGATIONS for token in waiting):
        kept[-1] = [*kept[-1], *waiting]
    elif waiting:
        kept.append(waiting)
    return kept


def unit_after(tokens: Sequence[Token], number: Token) -> str:
    """The unit of measurement that follows a number; empty where none does."""
    near = (token for token in tokens if number.place < token.place <= number.place + 2 and token.text in UNITS)
    return next((token.stem for token in near), "")
