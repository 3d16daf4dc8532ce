"""A question as it is read: what it is about, apart from how it asks."""

import re
from dataclasses import dataclass
from typing import Final

from shared.lesson.words import stem
from shared.questions.normalise import clean
from shared.questions.subjects import ANYTHING, SUBJECTS, Subject
from shared.questions.words import FORM_WORDS, searchable, topic_words, words

# "What is charge" asks something of it; "a video on charge" only names it.
_ASKS: Final = re.compile(r"\b(?:what|why|how|which|when|where|who|whats|hows|does|did|is|are|difference|compare|vs)\b")
FEW_WORDS: Final = 3  # so many words or fewer only name a topic
# What is wanted of the topic, beside its explanation; a lesson on "why" is another than one on "how much".
_AIMS: Final = {
    "cause": re.compile(r"\b(?:why|causes?|caused|reasons?|what makes|how come)\b"),
    "comparison": re.compile(
        r"\b(?:differen(?:ce|ces|t)|differ|compare|compared|comparison|contrast|versus|vs|distinguish)\b"
    ),
    "calculation": re.compile(
        r"\b(?:calculat\w+|solv(?:e|ing)|comput(?:e|ing)|work out|formulas?|equations?|find the"
        r"|how (?:much|many|fast|far|long|high))\b"
    ),
}
_LINKS: Final = re.compile(r"\b(?:and|vs|versus|or|to|than|with|from)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a question is about."""

    text: str  # what to search for
    content: tuple[str, ...]  # words that name a topic smaller than a subject, and no mere form
    forms: tuple[str, ...]  # "graph", "law": words that could belong to any section
    subject: Subject | None  # the whole subject that it names, where it names one
    asks: bool  # asks something of its topic, where others only name it
    sides: tuple[tuple[frozenset[str], frozenset[str]], ...]  # stems before and after each word that joins two things
    aims: frozenset[str]  # of "cause", "comparison", "calculation"

    @property
    def stems(self) -> frozenset[str]:
        """Stems of content and form words."""
        return frozenset(stem(word) for word in self.content + self.forms)


def read(text: str) -> Question:
    """Return the question that the text asks; every text can be read, if only as one about nothing."""
    visible = clean(text)
    topical = topic_words(visible)
    subjects = [SUBJECTS[word] for word in topical if word in SUBJECTS]
    smaller = [word for word in topical if word not in SUBJECTS and word not in FORM_WORDS]
    named = None if not subjects else subjects[0] if len(set(subjects)) == 1 else ANYTHING
    plain = " ".join(words(visible.replace("&", " and ")))
    asks = _ASKS.search(plain) is not None
    return Question(
        # A name is searched for bare: the words around it ("a video on …") would blur its meaning.
        text=searchable(visible) if asks or len(topical) > FEW_WORDS or not topical else " ".join(topical),
        # Beside a smaller topic the subject's name is one of its words: "scientific method".
        content=tuple(word for word in topical if smaller and word not in FORM_WORDS),
        forms=tuple(word for word in topical if word in FORM_WORDS),
        subject=named,
        asks=asks,
        sides=_sides(plain, frozenset(smaller)),
        aims=frozenset(aim for aim, pattern in _AIMS.items() if pattern.search(plain)),
    )


def _sides(plain: str, content: frozenset[str]) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    found = []
    for match in _LINKS.finditer(plain):
        before, after = (
            frozenset(stem(word) for word in part.split() if word in content)
            for part in (plain[: match.start()], plain[match.end() :])
        )
        if before and after:
            found.append((before, after))
    return tuple(found)


def read_with_answer(query: str, answer: str) -> Question:
    """Return the question that a query and the student's own answer to a question about it ask together.

    The answer comes first and whole; of the query remain the words that name a topic.
    """
    earlier = read(query)
    kept = [word for word in earlier.content if word not in topic_words(answer)]
    return read(f"{answer} {' '.join(kept)}")
