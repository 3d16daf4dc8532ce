"""Building the drafts of passages: the one place that says how each kind reads as plain text."""

from typing import Final

from shared.books.book import Draft
from shared.books.text import closed
from shared.enums import PassageKind

GLOSSARY: Final = "Glossary"
_ABLE_TO: Final = "By the end of this section, you will be able to: "


def explanation(section: str, text: str) -> Draft:
    """Running text."""
    return Draft(kind=PassageKind.EXPLANATION, section=section, text=text, structure={"heading": section})


def objective(section: str, items: list[str]) -> Draft:
    """What the reader will be able to do."""
    text = _ABLE_TO + "; ".join(items) + "."
    return Draft(kind=PassageKind.OBJECTIVE, section=section, text=text, structure={"items": items})


def definition(term: str, meaning: str) -> Draft:
    """A glossary entry."""
    structure = {"term": term, "meaning": meaning}
    return Draft(kind=PassageKind.DEFINITION, section=GLOSSARY, text=f"{term}: {meaning}", structure=structure)


def example(section: str, *, title: str, problem: str, solution: list[str]) -> Draft:
    """A worked problem; the solution is in steps."""
    structure = {"title": title, "problem": problem, "solution": solution}
    text = _sentences(title, problem, *solution)
    return Draft(kind=PassageKind.EXAMPLE, section=section, text=text, structure=structure)


def exercise(section: str, *, problem: str, options: list[str], answer: str = "", reason: str = "") -> Draft:
    """A question to the reader."""
    structure = {"problem": problem, "options": options, "answer": answer, "reason": reason}
    text = _sentences(problem, *options, answer, reason)
    return Draft(kind=PassageKind.EXERCISE, section=section, text=text, structure=structure)


def summary(section: str, items: list[str]) -> Draft:
    """The section's own summary."""
    return Draft(kind=PassageKind.SUMMARY, section=section, text=_sentences(*items), structure={"items": items})


def equation(section: str, *, latex: str, name: str = "", context: str = "") -> Draft:
    """A formula with its name and the sentences that explain its symbols; each of the two may be empty."""
    text = " ".join(part for part in (f"{name}:" if name else "", f"${latex}$.", context) if part)
    structure = {"latex": latex, "name": name, "context": context}
    return Draft(kind=PassageKind.EQUATION, section=section, text=text, structure=structure)


def steps(section: str, title: str, items: list[dict[str, str]]) -> Draft:
    """An enumerated process; each item is {"label", "text"}."""
    lines = [f"{item['label']}: {item['text']}" if item["label"] else item["text"] for item in items]
    text = " ".join([*([f"{title.rstrip('.:')}:"] if title else []), _sentences(*lines)])
    return Draft(kind=PassageKind.STEPS, section=section, text=text, structure={"title": title, "items": items})


def table(section: str, *, title: str, header: list[str], rows: list[list[str]]) -> Draft:
    """A comparison; in the text each cell is named by its column."""
    lines = []
    for first, *others in rows:
        cells = [
            f"{header[i]}: {cell}" if i < len(header) and header[i] else cell
            for i, cell in enumerate(others, start=1)
            if cell
        ]
        lines.append(" – ".join(part for part in (first, "; ".join(cells)) if part))
    structure = {"title": title, "header": header, "rows": rows}
    text = _sentences(title, *lines)
    return Draft(kind=PassageKind.TABLE, section=section, text=text, structure=structure)


def misconception(section: str, text: str) -> Draft:
    """A common error and its correction."""
    return Draft(kind=PassageKind.MISCONCEPTION, section=section, text=text, structure={"text": text})


def figure(section: str, *, alt: str, caption: str) -> Draft:
    """A picture, as its description and caption tell it."""
    structure = {"alt": alt, "caption": caption}
    return Draft(kind=PassageKind.FIGURE, section=section, text=_sentences(caption, alt), structure=structure)


def _sentences(*parts: str) -> str:
    return " ".join(closed(part) for part in parts if part)
