"""Exercises and worked examples of CNXML."""

import re
from typing import Final

from lxml import etree

from shared.books import drafts
from shared.books.book import Draft
from shared.books.cnxml_prose import Prose, append, is_calculator, is_for_teachers
from shared.books.text import closed, count_words, sentences
from shared.books.xmlfile import child, children, classes, local_name

_OPTION_STYLES: Final = frozenset({"lower-alpha", "upper-alpha", "lower-roman", "upper-roman"})
# Sub-questions are numbered like answer options; they ask, or tell the reader to do something.
_ASKS: Final = re.compile(
    r"\?\s*$|^(?:what|which|how|why|when|who|is|are|does|do|find|calculate|compute|construct|determine|draw|sketch|"
    r"state|explain|describe|give|list|name|write|use|identify|complete|graph|estimate|define|suppose|in words|fill|"
    r"make|compare|show|interpret|plot|select|choose|discuss|$)\b|_{3,}",
    re.IGNORECASE,
)
_LETTER_ANSWER: Final = re.compile(r"^\(?([a-h])\)?(?:[.):]\s*|\s*$)", re.IGNORECASE)
_HEADINGS: Final = frozenset({"strategy", "solution", "discussion", "answer", "given", "solution a"})


def exercise_draft(prose: Prose, element: etree._Element, *, section: str, stem: str = "") -> Draft | None:
    """Return an exercise; None for one without words, which stands for a question kept elsewhere.

    `stem` is the text before it that several exercises share.
    """
    problem_element = child(element, "problem")
    problem, options = ("", []) if problem_element is None else _problem(prose, problem_element)
    if count_words(problem) == 0:
        prose.omitted["exercise without words"] += 1
        return None
    problem = f"{stem} {problem}".strip()
    *steps, last = _solution_steps(prose, element) or [""]
    solution = " ".join([*map(closed, steps), last]).strip()
    answer, reason = _answer(solution, options)
    return drafts.exercise(section, problem=problem, options=options, answer=answer, reason=reason)


def example_drafts(prose: Prose, element: etree._Element, *, section: str) -> list[Draft]:
    """Return the problems worked in an example: one a problem, or one of running text and its steps."""
    title = prose.title(element)
    exercises = list(children(element, "exercise"))
    lead = _blocks_outside_exercises(prose, element)
    if not exercises:
        return _from_running_text(prose, element, title=title, section=section)
    found: list[Draft] = []
    for exercise in exercises:
        problem_element = child(exercise, "problem")
        if problem_element is None:
            continue
        problem, options = _problem(prose, problem_element)
        problem = " ".join([*lead, problem, *[closed(option) for option in options]]).strip()
        steps = [*_strategy(prose, problem_element), *_solution_steps(prose, exercise)]
        name = title or prose.title(exercise)
        if count_words(problem):
            found.append(drafts.example(section, title=name, problem=problem, solution=steps))
        elif found and steps:  # the next part of the same problem
            earlier = found[-1].structure
            solution = [*earlier["solution"], *steps]
            found[-1] = drafts.example(section, title=earlier["title"], problem=earlier["problem"], solution=solution)
        elif steps and name:  # told by its title alone
            found.append(drafts.example(section, title=name, problem=name, solution=steps))
        else:
            prose.omitted["exercise without words"] += 1
    return found


def _from_running_text(prose: Prose, element: etree._Element, *, title: str, section: str) -> list[Draft]:
    """An example told in paragraphs: the problem comes first, a list or the rest of the text solves it."""
    parts = [part for part in prose.segments(element) if not isinstance(part, str)]
    first_list = next((i for i, part in enumerate(parts) if local_name(part) in ("list", "solution")), None)
    split = first_list if first_list is not None else 1
    problem: list[str] = []
    solution: list[str] = []
    for i, part in enumerate(parts):
        if local_name(part) == "list" and i >= split:
            solution.extend(prose.items(part))
        else:
            _extend(problem if i < split else solution, prose.block(part))
    if not problem and not solution:
        return []
    if not problem:
        problem, solution = solution[:1], solution[1:]
    return [drafts.example(section, title=title, problem=" ".join(problem), solution=solution)]


def _problem(prose: Prose, element: etree._Element) -> tuple[str, list[str]]:
    """The question and its answer options; sub-questions belong to the question."""
    texts: list[str] = []
    options: list[str] = []
    for part in prose.segments(element):
        if isinstance(part, str):
            append(texts, part)
        elif _is_strategy(prose, part) or is_for_teachers(part) or is_calculator(part):
            continue
        elif local_name(part) == "list" and not options and _are_options(prose, part):
            options = prose.items(part)
        else:
            _extend(texts, prose.block(part))
    return " ".join(texts).strip(), options


def _are_options(prose: Prose, element: etree._Element) -> bool:
    items = prose.items(element)
    styled = element.get("number-style") in _OPTION_STYLES or element.get("list-type") == "labeled-item"
    return styled and 2 <= len(items) <= 8 and not any(_ASKS.search(item) for item in items)


def _is_strategy(prose: Prose, element: etree._Element) -> bool:
    return local_name(element) == "note" and prose.title(element).lower().startswith("strategy")


def _strategy(prose: Prose, element: etree._Element) -> list[str]:
    notes = [note for note in children(element, "note") if _is_strategy(prose, note)]
    return [text for note in notes for text in prose.blocks(note)]


def _solution_steps(prose: Prose, exercise: etree._Element) -> list[str]:
    """The solution in steps: its paragraphs and the items of its lists; then what is said about it."""
    steps: list[str] = []
    for holder in children(exercise, "solution", "commentary"):
        for part in prose.segments(holder):
            if isinstance(part, str):
                append(steps, part)
            elif is_for_teachers(part):
                prose.omitted["teacher note"] += 1
            elif is_calculator(part):
                prose.omitted["calculator note"] += 1
            elif local_name(part) == "list":
                steps.extend(prose.items(part))
            else:
                _extend(steps, prose.block(part))
    return [step for step in steps if step.lower().rstrip(".:") not in _HEADINGS]


def _blocks_outside_exercises(prose: Prose, element: etree._Element) -> list[str]:
    texts: list[str] = []
    for part in prose.segments(element):
        if isinstance(part, str):
            append(texts, part)
        elif local_name(part) != "exercise" and not is_calculator(part) and not is_for_teachers(part):
            _extend(texts, prose.block(part))
    return texts


def _extend(texts: list[str], more: list[str]) -> None:
    for text in more:
        append(texts, text)


def _answer(solution: str, options: list[str]) -> tuple[str, str]:
    """Split a solution into the answer, one of the options where there are any, and the reason."""
    if not solution:
        return "", ""
    if options:
        if match := _LETTER_ANSWER.match(solution):
            position = ord(match[1].lower()) - ord("a")
            if position < len(options):
                return options[position], solution[match.end() :].strip()
        for option in sorted(options, key=len, reverse=True):
            bare = option.rstrip(".")
            if solution.lower().startswith(bare.lower()):
                return option, solution[len(bare) :].lstrip(" .,;:—–-")
        return "", solution
    first, *rest = sentences(solution)
    return first, " ".join(rest)


def is_exercise_section(names: frozenset[str]) -> bool:
    """Tell a section of exercises by its classes."""
    return bool(names & _EXERCISE_SECTIONS)


_EXERCISE_SECTIONS: Final = frozenset(
    [
        "check-understanding",
        "concept",
        "critical-thinking",
        "problems",
        "practice-problems",
        "performance",
        "multiple-choice",
        "short-answer",
        "extended-response",
        "practice",
        "free-response",
        "bring-together-homework",
        "bring-together-exercises",
        "exercises",
        "problems-exercises",
        "conceptual-questions",
        "additional-problems",
        "challenge-problems",
        "review-questions",
        "practice-tests",
        "test-prep",
        "review",
    ]
)


def note_kind(element: etree._Element) -> str:
    """Return what a note is to a reader: the first of its classes that says so, or an empty string."""
    names = classes(element)
    for kind, markers in _NOTE_KINDS.items():
        if any(marker in name for name in names for marker in markers):
            return kind
    return ""


_NOTE_KINDS: Final = {
    "teacher": ("teacher",),
    "calculator": ("calculator",),
    "objectives": ("objectives",),
    "misconception": ("misconception",),
    "example": ("worked-example", "example"),
    "exercise": ("try", "check-your-understanding", "checkpoint", "check-understanding"),
    "activity": ("lab", "collab", "virtual-", "watch-", "interactive", "link-to-learning", "simulation", "media-"),
}
