"""Print how often the measure of grounding errs, by kind, beside the plain overlap of words.

`python -m tests.unit.grounding_figures [BOOK …]`; a book is a folder of an OpenStax book, the sample book by default.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from shared.lesson import grounding
from shared.lesson.prose import narrated
from shared.lesson.words import content, stems
from tests.unit.grounding_sets import Case, authored, composed, twisted
from tests.unit.lesson_samples import SAMPLE_BOOK

Judge = Callable[[Case], bool]


def measured(case: Case) -> bool:
    """The measure at hand."""
    return grounding.support(case.sentence, grounding.evidence(case.passages)) >= grounding.SUPPORT_THRESHOLD


def overlapping(case: Case) -> bool:
    """What was there before: at least 0.6 of the sentence's stems and all its numbers occur in the passages."""
    found: set[str] = set()
    for passage in case.passages:
        whole = " ".join((passage.text, passage.section, passage.module_title, json.dumps(passage.structure)))
        found.update(stems(whole, drop=frozenset()), stems(narrated(whole), drop=frozenset()))
    own = content(case.sentence)
    numbers = {stem for stem in own if stem[0].isdigit()}
    return not numbers - found and len(own & found) >= 0.6 * len(own)


def errors(cases: Iterable[Case], judge: Judge) -> dict[str, tuple[int, int]]:
    """By kind, how many were judged wrongly, and of how many."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        counts[case.kind][0] += judge(case) is not case.supported
        counts[case.kind][1] += 1
    return {kind: (wrong, of) for kind, (wrong, of) in counts.items()}


def rate(found: dict[str, tuple[int, int]]) -> float:
    """Share judged wrongly."""
    total = sum(of for _, of in found.values())
    return sum(wrong for wrong, _ in found.values()) / total if total else 0.0


def table(name: str, cases: list[Case]) -> None:
    """One set as a Markdown table."""
    print(f"\n### {name}\n\n| kind | n | wrong | before |\n|---|---|---|---|")
    for supported, title in ((True, "supported, rejected"), (False, "unsupported, accepted")):
        chosen = [case for case in cases if case.supported is supported]
        ours, before = errors(chosen, measured), errors(chosen, overlapping)
        for kind, (wrong, of) in sorted(ours.items()):
            print(f"| {kind} | {of} | {wrong / of:.1%} | {before[kind][0] / of:.1%} |")
        if chosen:
            print(f"| **{title}** | {len(chosen)} | **{rate(ours):.1%}** | {rate(before):.1%} |")


def main(arguments: list[str]) -> None:
    """Print every set."""
    for name in ("development", "held_out"):
        table(name, authored(name))
    for book in map(Path, arguments) if arguments else (SAMPLE_BOOK,):
        cases = composed(book)
        table(f"composed from {book.name}", [*cases, *twisted(cases)])


if __name__ == "__main__":
    main(sys.argv[1:])
