"""Markdown and plain text become books as good as those with markup of their own."""

from pathlib import Path

import pytest

from shared.books.book import Book
from shared.books.opening import open_book
from shared.books.passages import Passage
from shared.enums import PassageKind
from shared.errors import InvalidBook

FRONT = """---
title: Heat for Beginners
licence: https://creativecommons.org/licenses/by-sa/4.0/
authors: Ada One and Bo Two
url: https://example.org/heat
---
"""


def book(folder: Path, text: str, name: str = "heat.md") -> Book:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return open_book(path)


def of(found: Book, kind: PassageKind) -> list[Passage]:
    return [passage for passage in found.passages() if passage.kind is kind]


def test_front_matter_says_what_the_book_is(tmp_path: Path) -> None:
    found = book(tmp_path, FRONT + "# Heat\n\nIt flows.\n")
    assert (found.title, found.slug, found.licence) == ("Heat for Beginners", "heat-for-beginners", "CC BY-SA 4.0")
    assert found.attribution == (
        "Heat for Beginners by Ada One and Bo Two, licensed under CC BY-SA 4.0. https://example.org/heat"
    )


def test_without_front_matter_nothing_is_made_up(tmp_path: Path) -> None:
    found = book(tmp_path, "# Heat\n\nIt flows.\n")
    assert (found.title, found.licence, found.licence_url) == ("Heat", "licence unknown", "")
    assert found.attribution == "Heat, licence unknown."
    assert book(tmp_path, "It flows.\n", "my_notes.md").title == "my notes"


def test_a_block_with_other_lines_is_no_front_matter(tmp_path: Path) -> None:
    found = book(tmp_path, "---\nJust words\n---\n\nMore.\n")
    assert [(module.title, module.drafts[0].text) for module in found.modules] == [("Just words", "More.")]


def test_headings_are_modules_and_sections(tmp_path: Path) -> None:
    found = book(tmp_path, "# Heat\n\nBefore.\n\n## 1.2 Energy\n\nOne.\n\n### Work\n\nTwo.\n\n## Energy\n\nThree.\n")
    assert [(module.module_id, module.number, module.title) for module in found.modules] == [
        ("heat.heat", "", "Heat"),
        ("heat.energy", "1.2", "Energy"),
        ("heat.energy-2", "", "Energy"),
    ]
    assert [(passage.section, passage.text) for passage in found.passages()] == [
        ("", "Before."),
        ("", "One."),
        ("Work", "Two."),
        ("", "Three."),
    ]


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("Speed is $v_0 * t_1$ and *slow*.", "Speed is $v_0 * t_1$ and slow."),
        (r"Speed is \(v_0\).", "Speed is $v_0$."),
        ("A ticket costs $5 and a bus $10.", "A ticket costs 5 dollars and a bus 10 dollars."),
        (r"A ticket costs \$5.", "A ticket costs 5 dollars."),
        ("In 10^8 years, x^2 grows.", "In $10^{8}$ years, $x^{2}$ grows."),
        ("Water is H<sub>2</sub>O.", r"Water is $\text{H}_{2}\text{O}$."),
        ("Use `a_b` and <b>bold</b> text.", "Use a_b and bold text."),
        ("The force *F* acts on **m**.", r"The force $F$ acts on $\mathbf{m}$."),
    ],
)
def test_inline_markup_and_mathematics(tmp_path: Path, written: str, text: str) -> None:
    assert next(book(tmp_path, written + "\n").passages()).text == text


def test_displayed_mathematics_is_an_equation_with_its_explanation(tmp_path: Path) -> None:
    found = book(tmp_path, "It obeys\n\n$$\nQ = mc\\Delta T,\n$$\n\nwhere $Q$ is the heat.\n")
    [equation] = of(found, PassageKind.EQUATION)
    assert equation.structure["latex"] == r"Q = mc\Delta T"
    assert of(found, PassageKind.EXPLANATION)[0].text == r"It obeys $Q = mc\Delta T$, where $Q$ is the heat."


def test_lists_tables_and_pictures(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        "To measure:\n\n1. **Weigh**: Use scales.\n2. Warm it:\n   $$E = Pt$$\n3. Read.\n\n"
        '| Quantity | Unit |\n|---|---|\n| Heat | $J$ |\n\n![A pan on a stove](pan.png "Warming")\n',
    )
    assert of(found, PassageKind.STEPS)[0].structure == {
        "title": "To measure",
        "items": [
            {"label": "Weigh", "text": "Use scales."},
            {"label": "", "text": "Warm it: $E = Pt$"},
            {"label": "", "text": "Read."},
        ],
    }
    assert of(found, PassageKind.TABLE)[0].structure["rows"] == [["Heat", "$J$"]]
    assert of(found, PassageKind.FIGURE)[0].structure == {"alt": "A pan on a stove", "caption": "Warming"}


def test_sections_are_what_their_headings_say(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        "# Heat\n\nHeat flows.\n\n## Learning Objectives\n\n- Tell heat apart.\n\n## Summary\n\n- It flows.\n\n"
        "## Exercises\n\n1. What is heat? Answer: Energy.\n\n## Example: A Cup\n\nHow much?\n\nTake $Q$.\n\n"
        "## Misconceptions\n\nHeat is no substance.\n\n# Work\n\nWork is done.\n\n# Glossary\n\n"
        "- **Heat**: energy in transit\n- **Work**: force along a path\n",
    )
    assert of(found, PassageKind.OBJECTIVE)[0].structure == {"items": ["Tell heat apart"]}
    assert of(found, PassageKind.SUMMARY)[0].structure == {"items": ["It flows."]}
    assert of(found, PassageKind.EXERCISE)[0].structure["answer"] == "Energy."
    assert of(found, PassageKind.EXAMPLE)[0].structure == {
        "title": "A Cup",
        "problem": "How much?",
        "solution": ["Take $Q$."],
    }
    assert of(found, PassageKind.MISCONCEPTION)[0].text == "Heat is no substance."
    definitions = {passage.structure["term"]: passage.module_title for passage in of(found, PassageKind.DEFINITION)}
    assert definitions == {"Heat": "Heat", "Work": "Work"}  # each beside the text that uses the term


def test_code_is_left_out_and_counted(tmp_path: Path) -> None:
    found = book(tmp_path, "Words.\n\n```python\nprint('$5')\n```\n")
    assert ([passage.text for passage in found.passages()], found.omitted) == (["Words."], {"code block": 1})


def test_plain_text_has_headings_lists_and_mathematics(tmp_path: Path) -> None:
    found = book(
        tmp_path,
        "HEAT AND WORK\n\nHeat flows\nin 10^3 seconds, $x_1$.\n\nSummary\n-------\n- One\n- Two\n",
        "heat.txt",
    )
    assert [(p.kind, p.module_title, p.text) for p in found.passages()] == [
        (PassageKind.EXPLANATION, "Heat And Work", "Heat flows in $10^{3}$ seconds, $x_1$."),
        (PassageKind.SUMMARY, "Summary", "One. Two."),
    ]


@pytest.mark.parametrize("name", ["empty.md", "empty.txt"])
def test_an_empty_file_is_an_empty_book(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidBook) as error:
        book(tmp_path, "\n \n", name)
    assert error.value.code == "book_empty"


def test_text_that_is_not_utf_8_is_named_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "latin.md").write_bytes("Fine.\nNot caf\xe9.\n".encode("latin-1"))
    with pytest.raises(InvalidBook, match=r"latin\.md, line 2") as error:
        open_book(tmp_path / "latin.md")
    assert error.value.code == "book_unreadable"


def test_a_byte_order_mark_and_windows_line_ends_are_no_text(tmp_path: Path) -> None:
    (tmp_path / "w.md").write_bytes(b"\xef\xbb\xbf# Heat\r\n\r\nIt flows.\r\n")
    assert [passage.text for passage in open_book(tmp_path / "w.md").passages()] == ["It flows."]
