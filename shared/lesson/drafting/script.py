"""What a model may write: words, and visuals in words. It has no place for an id, an address, a license or a status."""

from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from shared.lesson.limits import SCENES_MOST

LONGEST: Final = 120_000  # characters of an answer; a lesson of five minutes has about 30,000
_TEXT: Final = 2_000  # characters of one text, before it is fitted to its place
_MODEL_SCENES: Final = SCENES_MOST - 1  # the credits are added to them

Text = Annotated[str, Field(max_length=_TEXT)]
Number = Annotated[float, Field(ge=-1e6, le=1e6)]


class Written(BaseModel):
    """Base of all parts. Fields that nobody asked for are dropped unread."""

    model_config = ConfigDict(extra="ignore", frozen=True, allow_inf_nan=False)


class Line(Written):
    """A line of text with its cue."""

    text: Text
    cue: Text = ""


class Title(Written):
    """The opening."""

    kind: Literal["title"]
    heading: Text


class Bullets(Written):
    """A few lines."""

    kind: Literal["bullets"]
    heading: Text
    items: list[Line] = Field(min_length=1)
    numbered: bool = False


class Definition(Written):
    """A term and its meaning; the note may be empty."""

    kind: Literal["definition"]
    term: Text
    meaning: Text
    meaning_cue: Text = ""
    note: Text = ""
    note_cue: Text = ""


class Symbol(Written):
    """A symbol of a formula."""

    latex: Text
    meaning: Text
    cue: Text = ""


class Equation(Written):
    """A formula and its symbols."""

    kind: Literal["equation"]
    heading: Text
    latex: Text
    cue: Text = ""
    symbols: list[Symbol] = Field(default_factory=list)


class Node(Written):
    """A labelled place; nodes are known by their numbers, counted from 1."""

    label: Text
    detail: Text = ""
    cue: Text = ""


class Arrow(Written):
    """An arrow from one node to another."""

    source: int
    target: int
    label: Text = ""
    cue: Text = ""


class Force(Written):
    """A force on a node."""

    node: int
    direction: Number
    magnitude: Number = 1.0
    label: Text
    cue: Text = ""


class Diagram(Written):
    """Nodes, arrows, forces."""

    kind: Literal["diagram"]
    heading: Text
    layout: Literal["cycle", "flow", "forces", "hub", "tree"]
    nodes: list[Node] = Field(min_length=1)
    arrows: list[Arrow] = Field(default_factory=list)
    forces: list[Force] = Field(default_factory=list)
    caption: Text = ""


class Marker(Written):
    """A named point of a curve."""

    x: Number
    label: Text
    cue: Text = ""


class Plot(Written):
    """A curve."""

    kind: Literal["plot"]
    heading: Text
    expression: Text
    x_from: Number
    x_to: Number
    x_label: Text
    y_label: Text
    cue: Text = ""
    markers: list[Marker] = Field(default_factory=list)


class Row(Written):
    """One aspect of a comparison."""

    label: Text
    cells: list[Text]
    cue: Text = ""


class Comparison(Written):
    """Things side by side."""

    kind: Literal["comparison"]
    heading: Text
    columns: list[Text] = Field(min_length=2)
    rows: list[Row] = Field(min_length=1)


class Step(Written):
    """A step of a solution: words, a formula, or both."""

    text: Text = ""
    latex: Text = ""
    cue: Text = ""


class WorkedExample(Written):
    """A problem and its solution."""

    kind: Literal["worked_example"]
    heading: Text
    problem: Text
    steps: list[Step] = Field(min_length=1)
    answer: Text
    answer_cue: Text = ""


class Image(Written):
    """A picture in words."""

    kind: Literal["image"]
    heading: Text
    prompt: Text
    alt: Text


class Quiz(Written):
    """A question with its answer, which code cannot guess: it is right, or the script is not usable."""

    kind: Literal["quiz"]
    question: Text
    options: list[Text] = Field(min_length=2)
    answer_index: int = Field(ge=0)
    answer_cue: Text = ""
    explanation: Text = ""

    @model_validator(mode="after")
    def _has_its_answer(self) -> Self:
        if self.answer_index >= len(self.options):
            raise ValueError("answer_index is none of the options")
        if len({option.strip().casefold() for option in self.options}) < len(self.options):
            raise ValueError("options repeat")
        return self


WrittenVisual = Annotated[
    Title | Bullets | Definition | Equation | Diagram | Plot | Comparison | WorkedExample | Image | Quiz,
    Field(discriminator="kind"),
]


class WrittenScene(Written):
    """One idea. Passages come before the narration: what is said follows from them."""

    kind: Literal[
        "hook",
        "objectives",
        "definition",
        "key_points",
        "process",
        "equation",
        "comparison",
        "worked_example",
        "connection",
        "misconception",
        "recap",
        "quiz",
    ]
    passages: list[Text]
    narration: Text
    visual: WrittenVisual


class WrittenTerm(Written):
    """A term that the lesson explains."""

    term: Text
    meaning: Text
    passage: Text


class Script(Written):
    """A whole lesson, without its credits."""

    title: Text
    objectives: list[Text]
    scenes: list[WrittenScene] = Field(min_length=1, max_length=_MODEL_SCENES)
    key_terms: list[WrittenTerm]

    @model_validator(mode="after")
    def _opens(self) -> Self:
        if not any(scene.kind == "hook" for scene in self.scenes):
            raise ValueError("no scene is of kind hook")
        return self


class UnusableScript(Exception):
    """An answer that is no script; `problems` name what is wrong and where, and quote nothing of it."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("; ".join(problems))
        self.problems = problems


_PROBLEMS_TOLD: Final = 12
_OWN_WORDS: Final = frozenset({"missing", "value_error", "literal_error", "too_long", "too_short"})


def read_script(answer: str) -> Script:
    """The script that an answer holds; raises UnusableScript."""
    if len(answer) > LONGEST:
        raise UnusableScript([f"the answer has more than {LONGEST} characters"])
    try:
        return Script.model_validate_json(answer)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        problems = [_problem(one["loc"], one["type"], one["msg"]) for one in found[:_PROBLEMS_TOLD]]
        raise UnusableScript(problems) from None


def _problem(where: tuple[int | str, ...], kind: str, message: str) -> str:
    place = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in where).lstrip(".")
    # Other messages may quote what the model wrote.
    told = message if kind in _OWN_WORDS else kind.replace("_", " ")
    return f"{place or 'the document'}: {told}"
