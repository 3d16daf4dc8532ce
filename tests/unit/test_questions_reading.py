"""How a question is read: its topic apart from its asking."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.questions.reading import read, read_with_answer
from shared.questions.subjects import SUBJECTS
from shared.questions.words import searchable, topic_words


@pytest.mark.parametrize(
    "text",
    ["idk i just dont get it", "help with homework", "explain the concept", "how does it work?", "chapter 3", "plsss"],
)
def test_a_question_about_nothing_has_no_content(text: str) -> None:
    question = read(text)
    assert (question.content, question.forms, question.subject) == ((), (), None)


@pytest.mark.parametrize(
    ("text", "content"),
    [
        ("I need a video on charge", ("charge",)),
        ("Can you please explain how photosynthesis works?", ("photosynthesis",)),
        ("Newton’s 3rd law", ("newton", "third")),
        ("what is work", ("work",)),
        ("what does momentum mean", ("momentum",)),
        ("what is the mean", ("mean",)),
        ("how do I find the mean", ("mean",)),
        ("what does the mean mean", ("mean",)),
        ("the scientific method", ("scientific", "method")),
    ],
)
def test_the_words_that_name_the_topic_are_found(text: str, content: tuple[str, ...]) -> None:
    assert read(text).content == content


def test_a_form_is_no_topic() -> None:
    question = read("something about graphs for tomorrow")
    assert (question.content, question.forms) == ((), ("graphs",))


@pytest.mark.parametrize(("text", "name"), [("math please", "mathematics"), ("stuff about physics", "physics")])
def test_a_whole_subject_is_seen(text: str, name: str) -> None:
    subject = read(text).subject
    assert subject is not None
    assert subject.name == name


def test_two_subjects_are_science() -> None:
    assert read("physics and chemistry").subject == SUBJECTS["science"]


def test_a_mere_name_is_searched_for_bare_and_a_question_with_its_words() -> None:
    assert read("I need a video on charge").text == "charge"
    assert read("Please explain why leaves are green").text == "why leaves are green"
    assert read("why?").text == "why?"


def test_the_sides_of_a_pair_are_kept_apart() -> None:
    assert (frozenset({"photosynthesi"}), frozenset({"cell"})) in [
        (before, after) for before, after in read("How are photosynthesis and cells connected?").sides
    ]
    assert read("series & parallel circuits").sides
    assert read("photosynthesis").sides == ()


@pytest.mark.parametrize(
    ("text", "aims"),
    [
        ("why do leaves fall", {"cause"}),
        ("difference between mass and weight", {"comparison"}),
        ("solve x^2 = 4", {"calculation"}),
        ("tell me about cells", set()),
    ],
)
def test_what_is_wanted_is_seen(text: str, aims: set[str]) -> None:
    assert read(text).aims == aims


def test_an_answer_comes_before_the_words_of_the_question() -> None:
    question = read_with_answer("I need a video on charge", "how batteries store it")
    assert question.content[0] == "batteries"
    assert "charge" in question.content
    assert read_with_answer("Tell me about science", "the scientific method").content == ("scientific", "method")


@given(st.text(max_size=300))
def test_any_text_can_be_read(text: str) -> None:
    question = read(text)
    assert set(question.content) | set(question.forms) <= set(topic_words(text)) | set(question.content)
    assert searchable(text) or not text.strip()
