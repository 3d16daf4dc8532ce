"""Names of whole subjects, and which sections of the books to offer when a question names nothing smaller."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.db.sections import Section
from shared.lesson.words import stem
from shared.questions.words import topic_words

MAXIMUM_OPTIONS: Final = 4
# The book that ships with the project: it yields to those that a school brought itself.
SAMPLE_SOURCE: Final = "foundations"
SAMPLE_PENALTY: Final = 0.3  # in the fit of a title, 0 to 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A subject and the titles to look for as ways into it.

    Of each entry the first word has to be in a section's title; the others make one title fit better than another.
    """

    name: str
    entries: tuple[str, ...]


ANYTHING: Final = Subject(
    name="",
    entries=(
        "scientific method",
        "newton first law inertia motion",
        "cells life",
        "ratios proportions",
        "chemical reactions",
        "sampling data",
        "waves types properties",
    ),
)
_PHYSICS: Final = Subject(
    name="physics",
    entries=(
        "newton first law inertia motion",
        "energy conservation mechanical",
        "waves types properties",
        "ohm law electric circuits",
        "light reflection refraction",
        "momentum collisions",
        "heat transfer",
    ),
)
_CHEMISTRY: Final = Subject(
    name="chemistry",
    entries=(
        "atoms periodic table structure",
        "chemical reactions",
        "chemical bonds",
        "acids bases",
        "gases",
        "solutions",
    ),
)
_BIOLOGY: Final = Subject(
    name="biology",
    entries=(
        "cells life",
        "photosynthesis",
        "genetics traits inherited",
        "selection natural evolution",
        "ecosystems",
        "human body",
    ),
)
_MATHEMATICS: Final = Subject(
    name="mathematics",
    entries=(
        "ratios rates proportions",
        "quadratic functions equations",
        "linear equations",
        "probability rules",
        "triangles angles",
        "fractions",
    ),
)
_STATISTICS: Final = Subject(
    name="statistics",
    entries=(
        "sampling data variation",
        "center measures data",
        "probability rules",
        "normal distribution standard",
        "hypotheses null alternative",
    ),
)
_ALGEBRA: Final = Subject(
    name="algebra", entries=("quadratic functions equations", "linear equations", "polynomials", "inequalities")
)
_GEOMETRY: Final = Subject(name="geometry", entries=("triangles angles", "area", "volume", "circles"))

SUBJECTS: Final[Mapping[str, Subject]] = MappingProxyType(
    {
        "science": ANYTHING,
        "sciences": ANYTHING,
        "scientific": ANYTHING,
        "stem": ANYTHING,
        "physics": _PHYSICS,
        "chemistry": _CHEMISTRY,
        "chem": _CHEMISTRY,
        "biology": _BIOLOGY,
        "bio": _BIOLOGY,
        "math": _MATHEMATICS,
        "maths": _MATHEMATICS,
        "mathematics": _MATHEMATICS,
        "statistics": _STATISTICS,
        "stats": _STATISTICS,
        "algebra": _ALGEBRA,
        "geometry": _GEOMETRY,
    }
)


def entries(subject: Subject, sections: Sequence[Section]) -> tuple[Section, ...]:
    """Sections that lead into the subject, at most four, from as many of its entries; empty where the books have none.

    A book that bears the subject's name is looked in before others. For no subject in particular, and for a book of
    that name in which no entry is found, the first sections of chapters spread over the books stand in.
    """
    if not sections:
        return ()
    own = [section for section in sections if subject.name and subject.name in section.book.casefold()]
    found: dict[str, Section] = {}
    for entry in subject.entries:
        section = _titled(entry, own) or _titled(entry, sections)
        if section is not None:
            found.setdefault(section.module_id, section)
    if len(found) < 2 and (own or not subject.name):
        found |= {section.module_id: section for section in _spread(own or sections)}
    return tuple(found.values())[:MAXIMUM_OPTIONS]


def _titled(entry: str, sections: Sequence[Section]) -> Section | None:
    """The section whose title fits the entry best, of a school's own books before the sample's."""
    head, *rest = (stem(word) for word in entry.split())
    best: tuple[float, Section] | None = None
    for section in sections:
        title = {stem(word) for word in topic_words(section.title)}
        if head not in title:
            continue
        fit = len(title & {head, *rest}) / len(title | {head, *rest}) - SAMPLE_PENALTY * (
            section.source == SAMPLE_SOURCE
        )
        if best is None or fit > best[0]:
            best = (fit, section)
    return None if best is None else best[1]


def _spread(sections: Sequence[Section]) -> Iterator[Section]:
    """Yield the first sections of chapters evenly apart."""
    firsts = list({(section.source, section.chapter): section for section in reversed(sections)}.values())[::-1]
    step = max(1, len(firsts) // MAXIMUM_OPTIONS)
    yield from firsts[::step][:MAXIMUM_OPTIONS]
