"""The storyboard: a lesson before it is spoken and drawn. Its JSON schema is published in the docs.

A `cue` is a phrase copied from the scene's narration; the element it belongs to appears with the phrase's
first word. Mathematics on screen is LaTeX in the fields named `latex`, and plain Unicode elsewhere; narration
speaks it in words.
"""

import hashlib
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.enums import LessonStyle, SceneKind


class Part(BaseModel):
    """Base of all parts: unknown fields are an error, instances do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Cued(Part):
    """A line of text and the words of the narration it appears with."""

    text: str
    cue: str = ""  # empty: there from the scene's start


class TitleVisual(Part):
    """The opening: a heading over the motif of the student's interest."""

    kind: Literal["title"] = "title"
    heading: str
    subheading: str = ""
    motif: str = ""  # name of an interest from shared/lesson/interests; empty or unknown: the theme's own figure


class BulletsVisual(Part):
    """A few short lines, one after the other (objectives, key points, recap)."""

    kind: Literal["bullets"] = "bullets"
    heading: str
    items: list[Cued] = Field(min_length=1, max_length=5)
    numbered: bool = False


class DefinitionVisual(Part):
    """One term, large, with its meaning."""

    kind: Literal["definition"] = "definition"
    term: str
    meaning: Cued
    note: Cued | None = None  # an example or a remark


class EquationSymbol(Part):
    """One symbol of a formula explained."""

    latex: str
    meaning: str  # with the unit in words, "force, in newtons"
    cue: str = ""


class EquationVisual(Part):
    """A formula, large, and its symbols."""

    kind: Literal["equation"] = "equation"
    heading: str
    latex: str
    cue: str = ""
    symbols: list[EquationSymbol] = Field(default_factory=list, max_length=5)


class DiagramNode(Part):
    """A labelled place in a diagram."""

    id: str
    label: str
    detail: str = ""
    cue: str = ""


class DiagramEdge(Part):
    """An arrow between two nodes."""

    source: str
    target: str
    label: str = ""
    cue: str = ""


class ForceArrow(Part):
    """A force on a body of a `forces` diagram."""

    node: str
    direction: float  # degrees, counter-clockwise from the right
    magnitude: float = 1.0  # relative length, 0.2 to 1.5
    label: str
    cue: str = ""


class DiagramVisual(Part):
    """Labelled nodes and arrows.

    `layout`: `cycle` (a ring, closed by its last arrow), `flow` (left to right, wraps), `forces` (bodies side by
    side, `forces` drawn on them), `hub` (the first node in the middle, the others around it), `tree`.
    """

    kind: Literal["diagram"] = "diagram"
    heading: str
    layout: Literal["cycle", "flow", "forces", "hub", "tree"]
    nodes: list[DiagramNode] = Field(min_length=1, max_length=7)
    edges: list[DiagramEdge] = Field(default_factory=list, max_length=10)
    forces: list[ForceArrow] = Field(default_factory=list, max_length=6)
    caption: str = ""


class PlotMarker(Part):
    """A point of a curve worth naming."""

    x: float
    label: str
    cue: str = ""


class PlotVisual(Part):
    """The graph of y = f(x)."""

    kind: Literal["plot"] = "plot"
    heading: str
    expression: str  # in x: numbers, + - * / **, parentheses, sin cos exp sqrt abs pi; parsed, never evaluated as code
    domain: tuple[float, float]
    x_label: str
    y_label: str
    cue: str = ""
    markers: list[PlotMarker] = Field(default_factory=list, max_length=4)


class ComparisonRow(Part):
    """One aspect in which things are compared."""

    label: str
    cells: list[str]
    cue: str = ""


class ComparisonVisual(Part):
    """Two or three things side by side."""

    kind: Literal["comparison"] = "comparison"
    heading: str
    columns: list[str] = Field(min_length=2, max_length=3)
    rows: list[ComparisonRow] = Field(min_length=1, max_length=5)


class ExampleStep(Part):
    """One step of a solution: words, a formula, or both."""

    text: str = ""
    latex: str = ""
    cue: str = ""


class WorkedExampleVisual(Part):
    """A problem solved step by step."""

    kind: Literal["worked_example"] = "worked_example"
    heading: str
    problem: str
    steps: list[ExampleStep] = Field(min_length=1, max_length=5)
    answer: Cued


class ImageVisual(Part):
    """An illustration made from a description, where a picture adapter is configured."""

    kind: Literal["image"] = "image"
    heading: str
    prompt: str
    alt: str


class QuizVisual(Part):
    """One question; the answer is marked with its cue."""

    kind: Literal["quiz"] = "quiz"
    question: str
    options: list[str] = Field(min_length=2, max_length=4)
    answer_index: int = Field(ge=0)
    answer_cue: str = ""


class CreditLine(Part):
    """One book that was really used."""

    attribution: str
    licence: str
    url: str
    changed: bool = True  # the text was adapted, which the licence wants said


class CreditsVisual(Part):
    """Where the lesson's content comes from."""

    kind: Literal["credits"] = "credits"
    heading: str
    lines: list[CreditLine] = Field(min_length=1, max_length=4)


Visual = Annotated[
    TitleVisual
    | BulletsVisual
    | DefinitionVisual
    | EquationVisual
    | DiagramVisual
    | PlotVisual
    | ComparisonVisual
    | WorkedExampleVisual
    | ImageVisual
    | QuizVisual
    | CreditsVisual,
    Field(discriminator="kind"),
]


class Scene(Part):
    """One idea: what is said, what is seen, and what it rests on."""

    id: str = Field(pattern=r"^scene-\d{2}$")
    kind: SceneKind
    narration: str = Field(min_length=1)  # plain sentences to be spoken; mathematics in words
    visual: Visual
    citations: list[str] = Field(min_length=1)  # passage ids


class KeyTerm(Part):
    """A term and its meaning, for the page and the transcript."""

    term: str
    meaning: str
    citation: str


class QuizQuestion(Part):
    """A question to the student with its answer."""

    question: str
    options: list[str]
    answer_index: int
    explanation: str
    citation: str


class SourceCredit(Part):
    """A book and the sections of it that the lesson rests on."""

    book: str
    sections: list[str]
    attribution: str
    licence: str
    url: str
    passage_ids: list[str]


class Storyboard(Part):
    """A whole lesson. It holds nothing of who asked, nor the question's own words."""

    schema_version: Literal[1] = 1
    title: str
    objectives: list[str]
    grade_level: int = Field(ge=1, le=13)
    interest: str
    style: LessonStyle
    language: str
    duration_seconds: int  # as asked for
    scenes: list[Scene] = Field(min_length=1, max_length=16)
    key_terms: list[KeyTerm]
    quiz: list[QuizQuestion]
    sources: list[SourceCredit] = Field(min_length=1)
    supported_share: float = Field(ge=0, le=1)  # of the claim-bearing sentences, after repair
    claims: int = Field(default=0, ge=0)  # how many sentences of the narration claim something
    degraded: list[str] = Field(default_factory=list)  # DegradedReason values

    def digest(self) -> str:
        """SHA-256 of the canonical JSON, 32 hex digits: names every artefact made from this storyboard."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:32]
