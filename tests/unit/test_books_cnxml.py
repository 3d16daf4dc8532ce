"""A CNXML book becomes passages of the right kinds, with their structure and place."""

from pathlib import Path
from typing import Any

import pytest

from shared.books.book import Book, licence_name
from shared.books.opening import open_book
from shared.books.passages import Passage
from shared.enums import PassageKind
from tests.book_files import chapter, document, write_book

MATH = "<m:math><m:mrow><m:mi>V</m:mi><m:mo>=</m:mo><m:mi>I</m:mi><m:mi>R</m:mi></m:mrow></m:math>"


def read(folder: Path, content: str, **more: Any) -> list[Passage]:
    return list(open_book(write_book(folder, {"m0001": document(content, **more)})).passages())


def only(passages: list[Passage], kind: PassageKind) -> Passage:
    [found] = [passage for passage in passages if passage.kind is kind]
    return found


def test_the_collection_says_what_the_book_is(tmp_path: Path) -> None:
    book = open_book(write_book(tmp_path, {"m54138": document("<para>Words.</para>")}, slug="physics", title="Physics"))
    assert (book.slug, book.title, book.language, book.licence) == ("physics", "Physics", "en", "CC BY 4.0")
    assert book.attribution == (
        "Physics by Ada One, Bo Two and Cy Three, OpenStax, licensed under CC BY 4.0. "
        "Access for free at https://openstax.org/details/books/physics"
    )


def test_a_book_of_another_publisher_is_not_called_openstax(tmp_path: Path) -> None:
    book = open_book(write_book(tmp_path, {"vf01": document("<para>Words.</para>")}))
    assert book.attribution == "A Small Book by Ada One, Bo Two and Cy Three, licensed under CC BY 4.0."
    assert book.url == ""


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("http://creativecommons.org/licenses/by/4.0/", "CC BY 4.0"),
        ("https://creativecommons.org/licenses/by-nc-sa/3.0/deed.en", "CC BY-NC-SA 3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0"),
        ("https://example.org/terms", "Our own terms"),
    ],
)
def test_licences_have_short_names(url: str, name: str) -> None:
    assert licence_name(url, "Our own  terms") == name


def _numbers(book: Book) -> list[tuple[str, str, str]]:
    return [(module.module_id, module.chapter, module.number) for module in book.modules]


def test_sections_are_counted_within_chapters_and_introductions_are_not(tmp_path: Path) -> None:
    modules = {
        "m1000": document("<para>About.</para>", title="Preface", attributes=' class="preface"'),
        "m1001": document("<para>Hello.</para>", title="Introduction", attributes=' class="introduction"'),
        "m1002": document("<para>One.</para>", title="First"),
        "m1003": document("<para>Two.</para>", title="Second"),
        "m1004": document("<para>Three.</para>", title="Third"),
        "m1005": document("<para>Units.</para>", title="Reference Tables", attributes=' class="appendix"'),
    }
    contents = (
        '<col:module document="m1000"/>'
        + chapter("Motion", "m1001", "m1002", "m1003")
        + chapter("Heat", "m1004")
        + '<col:module document="m1005"/>'
    )
    book = open_book(write_book(tmp_path, modules, contents=contents, slug="physics"))
    assert _numbers(book) == [
        ("m1000", "", ""),
        ("m1001", "Motion", ""),
        ("m1002", "Motion", "1.1"),
        ("m1003", "Motion", "1.2"),
        ("m1004", "Heat", "2.1"),
        ("m1005", "", ""),
    ]
    assert [module.url for module in book.modules][1:3] == [
        "https://openstax.org/books/physics/pages/1-introduction",
        "https://openstax.org/books/physics/pages/1-1-first",
    ]
    assert (book.omitted["preface"], book.modules[0].drafts) == (1, ())


def test_chapters_are_counted_through_nested_parts(tmp_path: Path) -> None:
    modules = {f"n{number}": document("<para>Words.</para>", title=f"T{number}") for number in range(4)}
    unit = "<col:subcollection><md:title>{}</md:title><col:content>{}</col:content></col:subcollection>"
    contents = unit.format("Unit 1", chapter("A", "n0", "n1") + chapter("B", "n2")) + unit.format(
        "Unit 2", chapter("C", "n3")
    )
    book = open_book(write_book(tmp_path, modules, contents=contents))
    assert _numbers(book) == [("n0", "A", "1.1"), ("n1", "A", "1.2"), ("n2", "B", "2.1"), ("n3", "C", "3.1")]


def test_running_text_is_an_explanation_under_its_heading(tmp_path: Path) -> None:
    [passage] = read(tmp_path, "<section><title>Inertia</title><para>A body stays.</para></section>")
    assert (passage.kind, passage.section, passage.text) == (PassageKind.EXPLANATION, "Inertia", "A body stays.")
    assert passage.structure == {"heading": "Inertia"}
    assert (passage.module_title, passage.chapter, passage.number, passage.position) == ("Forces", "Motion", "1.1", 0)


def test_passages_never_cross_sections(tmp_path: Path) -> None:
    words = " ".join(["word"] * 30) + "."
    content = "".join(
        f"<section><title>S{number}</title><para>{words}</para></section><para>Between {number}.</para>"
        for number in range(2)
    )
    assert [(p.section, p.text[:7]) for p in read(tmp_path, content)] == [
        ("S0", "word wo"),
        ("", "Between"),
        ("S1", "word wo"),
        ("", "Between"),
    ]


def test_a_displayed_formula_stands_in_the_text_and_by_itself_with_what_explains_it(tmp_path: Path) -> None:
    content = (
        "<section><title>Ohm</title><para>A law gives the voltage:</para>"
        f'<equation id="e">{MATH}</equation><para>where <emphasis effect="italics">V</emphasis> is the voltage.</para>'
        "</section>"
    )
    passages = read(tmp_path, content)
    assert only(passages, PassageKind.EXPLANATION).text == (
        "A law gives the voltage: $V = IR$, where $V$ is the voltage."
    )
    assert only(passages, PassageKind.EQUATION).structure == {
        "latex": "V = IR",
        "name": "",
        "context": "A law gives the voltage $V = IR$, where $V$ is the voltage.",
    }


def test_key_equations_name_the_formulas_of_the_text(tmp_path: Path) -> None:
    content = (
        f'<section><title>Ohm</title><para>It is this.</para><equation id="e">{MATH}</equation></section>'
        '<section class="key-equations"><title>Key Equations</title><table><tgroup cols="2"><tbody>'
        f"<row><entry>Ohm’s law</entry><entry>{MATH}</entry></row></tbody></tgroup></table></section>"
    )
    passage = only(read(tmp_path, content), PassageKind.EQUATION)
    assert (passage.structure["name"], passage.section) == ("Ohm’s law", "Ohm")


def test_definitions_objectives_and_summary(tmp_path: Path) -> None:
    content = (
        '<note class="learning-objectives"><title>Objectives</title><list><item>Describe inertia, and</item>'
        "<item>Use it.</item></list></note>"
        '<section class="summary"><title>Section Summary</title>'
        "<list><item>Bodies stay</item><item>Or go.</item></list></section>"
    )
    glossary = "<glossary><definition><term>inertia</term><meaning>tendency to stay</meaning></definition></glossary>"
    passages = read(tmp_path, content, glossary=glossary)
    assert only(passages, PassageKind.OBJECTIVE).structure == {"items": ["Describe inertia", "Use it"]}
    assert only(passages, PassageKind.SUMMARY).structure == {"items": ["Bodies stay", "Or go."]}
    definition = only(passages, PassageKind.DEFINITION)
    assert definition.structure == {"term": "inertia", "meaning": "tendency to stay"}
    assert definition.text == "inertia: tendency to stay"


def test_an_enumerated_list_is_steps_and_stays_in_the_text(tmp_path: Path) -> None:
    content = (
        "<para>Light is used as follows:</para><list list-type='enumerated'>"
        "<item><emphasis effect='bold'>Absorb</emphasis>: Pigments take light.</item>"
        "<item><emphasis effect='bold'>Split</emphasis>: Water is split.</item><item>Sugar is built</item></list>"
    )
    passages = read(tmp_path, content)
    assert only(passages, PassageKind.STEPS).structure == {
        "title": "Light is used as follows",
        "items": [
            {"label": "Absorb", "text": "Pigments take light."},
            {"label": "Split", "text": "Water is split."},
            {"label": "", "text": "Sugar is built"},
        ],
    }
    assert "Light is used as follows: Absorb: Pigments take light." in only(passages, PassageKind.EXPLANATION).text


def test_a_table_has_its_header_and_rows(tmp_path: Path) -> None:
    content = (
        "<table><title>Circuits</title><tgroup cols='2'>"
        "<thead><row><entry>Kind</entry><entry>Paths</entry></row></thead>"
        "<tbody><row><entry>Series</entry><entry>One</entry></row><row><entry>Parallel</entry></row></tbody></tgroup>"
        "</table>"
    )
    passage = only(read(tmp_path, content), PassageKind.TABLE)
    assert passage.structure == {
        "title": "Circuits",
        "header": ["Kind", "Paths"],
        "rows": [["Series", "One"], ["Parallel", ""]],
    }
    assert passage.text == "Circuits. Series – Paths: One. Parallel."


def test_a_worked_example_is_problem_and_solution(tmp_path: Path) -> None:
    content = (
        '<note class="worked-example"><title>A Toaster</title><exercise><problem><para>How large is it?</para>'
        "<note><title>Strategy</title><para>Use the law.</para></note></problem>"
        f"<solution><title>Solution</title><para>The law gives</para><equation>{MATH}</equation></solution>"
        "<commentary><title>Discussion</title><para>It fits.</para></commentary></exercise></note>"
    )
    assert only(read(tmp_path, content), PassageKind.EXAMPLE).structure == {
        "title": "A Toaster",
        "problem": "How large is it?",
        "solution": ["Use the law.", "The law gives $V = IR$", "It fits."],
    }


def test_an_example_of_running_text_is_split_at_its_list(tmp_path: Path) -> None:
    content = (
        "<example><title>A Lamp</title><para>How large is it?</para><list list-type='enumerated'><item>Insert.</item>"
        "<item>Divide.</item></list></example>"
    )
    assert only(read(tmp_path, content), PassageKind.EXAMPLE).structure == {
        "title": "A Lamp",
        "problem": "How large is it?",
        "solution": ["Insert.", "Divide."],
    }


OPTIONS = "<list list-type='enumerated' number-style='lower-alpha'><item>{}</item><item>{}</item></list>"


@pytest.mark.parametrize(
    ("problem", "solution", "expected"),
    [
        (
            "<para>How much?</para>" + OPTIONS.format("2 A", "3 A"),
            "<para>3 A. Divide by two.</para>",
            {"problem": "How much?", "options": ["2 A", "3 A"], "answer": "3 A", "reason": "Divide by two."},
        ),
        (
            "<para>How much?</para>" + OPTIONS.format("2 A", "3 A"),
            "<para>(b)</para>",
            {"problem": "How much?", "options": ["2 A", "3 A"], "answer": "3 A", "reason": ""},
        ),
        (
            "<para>Why is that?</para>",
            "<para>Because it is. It must be.</para>",
            {"problem": "Why is that?", "options": [], "answer": "Because it is.", "reason": "It must be."},
        ),
        (
            "<para>A die is cast.</para>" + OPTIONS.format("What is x?", "Find y."),
            "",
            {"problem": "A die is cast. What is x? Find y.", "options": [], "answer": "", "reason": ""},
        ),
    ],
)
def test_exercises_keep_options_answer_and_reason(
    tmp_path: Path, problem: str, solution: str, expected: dict[str, object]
) -> None:
    inner = f"<problem>{problem}</problem>" + (f"<solution>{solution}</solution>" if solution else "")
    passages = read(tmp_path, f"<section class='practice'><exercise>{inner}</exercise></section>")
    assert only(passages, PassageKind.EXERCISE).structure == expected


def test_a_shared_stem_belongs_to_as_many_exercises_as_it_says(tmp_path: Path) -> None:
    one = "<exercise><problem><para>What is {}?</para></problem></exercise>"
    content = (
        "<section class='practice'><para>Use the following information to answer the next two exercises. A coin falls."
        f"</para>{one.format('a')}{one.format('b')}{one.format('c')}</section>"
    )
    problems = [passage.structure["problem"] for passage in read(tmp_path, content)]
    assert problems == ["A coin falls. What is a?", "A coin falls. What is b?", "What is c?"]


def test_what_is_no_lesson_is_left_out_and_counted(tmp_path: Path) -> None:
    content = (
        '<note class="os‐teacher"><title>Teacher Support</title><para>Ask students.</para></note>'
        '<note class="os-teacher-demonstration"><para>Demonstrate.</para></note>'
        '<note class="statistics calculator"><para>Press STAT.</para></note>'
        '<note class="snap-lab"><title>Lab</title><para>Take a ball.</para></note>'
        "<!-- <para>An old text.</para> -->"
        '<exercise><problem><para><link class="os-embed" url="#ost/api/ex/x"/></para></problem></exercise>'
        "<section class='references'><title>References</title><para>Some book.</para></section>"
        "<para>This stays.</para>"
    )
    book = open_book(write_book(tmp_path, {"m0001": document(content)}))
    assert [passage.text for passage in book.passages()] == ["This stays."]
    assert book.omitted == {
        "teacher note": 2,
        "calculator note": 1,
        "lab, video or simulation": 1,
        "exercise without words": 1,
        "references and contributors": 1,
    }


def test_figures_tell_their_description_and_caption(tmp_path: Path) -> None:
    content = (
        '<figure id="f"><media alt="A box slides."><image src="x.jpg"/></media><caption>Friction acts back.</caption>'
        '</figure><figure><media alt="..."><image src="y.jpg"/></media></figure>'
    )
    book = open_book(write_book(tmp_path, {"m0001": document(content + "<para>Look.</para>")}))
    passage = only(list(book.passages()), PassageKind.FIGURE)
    assert passage.structure == {"alt": "A box slides.", "caption": "Friction acts back."}
    assert book.omitted["figure without description"] == 1


def test_empty_references_are_repaired_by_what_they_point_to(tmp_path: Path) -> None:
    modules = {
        "m0001": document(
            '<table id="t"><tgroup cols="1"><tbody><row><entry>Speed of light</entry></row></tbody></tgroup></table>'
            '<para>Values are in <link target-id="t"/>. A wave (<link target-id="f"/>) moves. '
            'Go to <link document="m0002"/> next.</para><figure id="f"><media alt="A long wave."/></figure>'
        ),
        "m0002": document("<para>More.</para>", title="Sound"),
    }
    explanation = only(
        [p for p in open_book(write_book(tmp_path, modules)).passages() if p.module_id == "m0001"],
        PassageKind.EXPLANATION,
    )
    assert explanation.text == "Values are in the table. A wave moves. Go to the section “Sound” next."


def test_the_same_text_keeps_its_identity_and_repeats_get_their_own(tmp_path: Path) -> None:
    before = read(tmp_path / "a", "<exercise><problem><para>Why?</para></problem></exercise>" * 2 + "<para>Yes.</para>")
    after = read(tmp_path / "b", "<para>New.</para><exercise><problem><para>Why?</para></problem></exercise>")
    exercises = [passage.passage_id for passage in before if passage.kind is PassageKind.EXERCISE]
    assert len(set(exercises)) == 2
    assert only(after, PassageKind.EXERCISE).passage_id == exercises[0]


def test_the_content_hash_follows_content_alone(tmp_path: Path) -> None:
    plain = open_book(write_book(tmp_path / "a", {"m0001": document("<para>Words.</para>")}))
    commented = open_book(write_book(tmp_path / "b", {"m0001": document("<!-- x --><para>Words.</para>")}))
    other = open_book(write_book(tmp_path / "c", {"m0001": document("<para>Words!</para>")}))
    assert plain.content_hash() == commented.content_hash() != other.content_hash()
