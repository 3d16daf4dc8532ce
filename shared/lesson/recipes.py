"""Pictures for ideas that words alone draw badly: bodies that push each other, parts of a whole, curves.

A recipe is data; it is used only where the words it needs are spoken in the scene, so every label is the book's.
"""

import re
from dataclasses import dataclass
from typing import Final

from shared.enums import PassageKind
from shared.lesson import latex
from shared.lesson.draft import Context, cue_in, in_order
from shared.lesson.polynomials import Polynomial, polynomial
from shared.lesson.storyboard import (
    DiagramEdge,
    DiagramNode,
    DiagramVisual,
    ForceArrow,
    PlotMarker,
    PlotVisual,
)
from shared.lesson.words import upper_first


@dataclass(frozen=True)
class Picture:
    """A visual and the passages that it rests on besides the spoken ones."""

    visual: DiagramVisual | PlotVisual
    citations: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hub:
    """Parts around a whole."""

    center: str
    parts: tuple[str, ...]
    least: int = 3  # parts that have to be spoken


# Two bodies that act on each other, in the order in which the force on the second is told.
PAIRS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "newton_third": (
        ("swimmer", "wall"),
        ("rocket", "gas"),
        ("foot", "ground"),
        ("skater A", "skater B"),
        ("truck", "car"),
        ("fly", "bus"),
        ("book", "table"),
        ("Earth", "apple"),
        ("bat", "ball"),
        ("fish", "water"),
        ("bird", "air"),
        ("car", "road"),
    ),
}
HUBS: Final[dict[str, tuple[Hub, ...]]] = {
    "cells": (
        Hub(
            "cell",
            ("cell membrane", "cytoplasm", "nucleus", "ribosomes", "mitochondria", "chloroplasts", "cell wall", "DNA"),
        ),
        Hub("cell", ("membrane", "cytoplasm", "nucleus", "DNA", "ribosomes")),
    ),
    "photosynthesis": (Hub("chloroplast", ("thylakoid", "stroma", "chlorophyll", "membrane")),),
    "atoms": (Hub("atom", ("nucleus", "protons", "neutrons", "electrons")),),
    "heredity": (Hub("cell", ("chromosomes", "genes", "DNA", "proteins")),),
    "scientific_method": (
        Hub("experiment", ("independent variable", "dependent variable", "controlled variables", "hypothesis")),
    ),
}


@dataclass(frozen=True)
class Curve:
    """A curve that always has the same shape, and the spoken words that ask for it."""

    expression: str
    domain: tuple[float, float]
    x_label: str
    y_label: str
    needs: re.Pattern[str]
    markers: tuple[tuple[float, str], ...]


CURVES: Final[dict[str, tuple[Curve, ...]]] = {
    "waves": (
        Curve(
            "sin(x)",
            (0.0, 12.566),
            "distance",
            "displacement",
            re.compile(
                r"\bcrests?\b.*\b(?:troughs?|wavelength)\b|\bamplitude\b.*\b(?:resting|distance)\b", re.IGNORECASE
            ),
            ((1.571, "crest"), (4.712, "trough"), (7.854, "crest")),
        ),
    ),
    "statistics": (
        Curve(
            "exp(-x**2/2)/sqrt(2*pi)",
            (-4.0, 4.0),
            "z-score",
            "share",
            re.compile(r"\b(?:standard )?normal (?:curve|distribution)\b.*\b(?:mean|z-scores?)\b", re.IGNORECASE),
            ((0.0, "mean"),),
        ),
    ),
}
_PUSH: Final = re.compile(r"\bpush(?:es)?\b")
_PULL: Final = re.compile(r"\bpulls?\b")


def picture(context: Context, narration: str, title: str) -> Picture | None:
    """Return the picture whose words are in the narration; None where no recipe fits."""
    return (
        _pair(context.family, narration, title)
        or _hub(context.family, narration, title)
        or _parabola(context, narration, title)
        or _curve(context.family, narration, title)
    )


def _word(phrase: str, text: str) -> re.Match[str] | None:
    return re.search(rf"\b{re.escape(phrase)}\b", text, re.IGNORECASE)


def _pair(family: str, narration: str, title: str) -> Picture | None:
    """Two bodies side by side with the forces that they exert on each other."""
    for first, second in PAIRS.get(family, ()):
        places = _word(first, narration), _word(second, narration)
        if not all(places):
            continue
        verb = _PUSH.search(narration) or _PULL.search(narration)
        if not verb:
            continue
        apart = bool(_PUSH.search(narration))
        cues = [cue_in(narration, first), cue_in(narration, second)]
        nodes = [
            DiagramNode(id="body-1", label=upper_first(first), cue=cues[0]),
            DiagramNode(id="body-2", label=upper_first(second), cue=cues[1]),
        ]
        kind = "Push" if apart else "Pull"
        answer = re.search(rf"\b(?:the )?{re.escape(second)}\b (?:pushes|pulls)", narration, re.IGNORECASE)
        back = answer[0] if answer else ""
        forces = [
            ForceArrow(node="body-2", direction=0.0 if apart else 180.0, label=f"{kind} by {first}", cue=verb[0]),
            ForceArrow(node="body-1", direction=180.0 if apart else 0.0, label=f"{kind} by {second}", cue=back),
        ]
        return Picture(DiagramVisual(heading=title, layout="forces", nodes=nodes, forces=forces))
    return None


def _hub(family: str, narration: str, title: str) -> Picture | None:
    for hub in HUBS.get(family, ()):
        singular = {part: part.removesuffix("s") if part.endswith("s") else part for part in hub.parts}
        found = [
            (match.start(), match[0])
            for part in hub.parts
            if (match := _word(part, narration) or _word(singular[part], narration))
        ]
        found = sorted({text.lower(): (start, text) for start, text in found}.values())
        if len(found) < hub.least or not _word(hub.center, f"{narration} {title}"):
            continue
        cues = in_order(narration, [text for _, text in found])
        nodes = [DiagramNode(id="whole", label=upper_first(hub.center))]
        nodes += [
            DiagramNode(id=f"part-{place}", label=upper_first(text), cue=cue)
            for place, ((_, text), cue) in enumerate(zip(found, cues, strict=True), start=1)
        ][:6]
        edges = [DiagramEdge(source="whole", target=node.id, cue=node.cue) for node in nodes[1:]]
        return Picture(DiagramVisual(heading=title, layout="hub", nodes=nodes, edges=edges))
    return None


def _parabola(context: Context, narration: str, title: str) -> Picture | None:
    """The graph of the section's own quadratic function where its shape is spoken of."""
    if context.family != "quadratic" or not re.search(r"\b(?:parabola|vertex|opens|turning point|roots?)\b", narration):
        return None
    known = quadratics(context)
    if not known:
        return None
    wanted = known[0]
    markers = []
    vertex = cue_in(narration, "vertex", "turning point", "lowest point", "highest point")
    if vertex:
        markers.append(PlotMarker(x=round(wanted.function.vertex, 3), label="vertex", cue=vertex))
    root = cue_in(narration, "roots", "root")
    if root:
        markers += [PlotMarker(x=round(x, 3), label="root", cue=root) for x in wanted.function.roots()]
    low, high = wanted.function.window()
    visual = PlotVisual(
        heading=title,
        expression=wanted.function.expression(),
        domain=(low, high),
        x_label=wanted.letter,
        y_label=wanted.output,
        markers=markers[:4],
    )
    return Picture(visual, (wanted.passage_id,))


@dataclass(frozen=True)
class KnownFunction:
    """A function with numbers that a book states."""

    function: Polynomial
    letter: str
    output: str
    passage_id: str


def quadratics(context: Context) -> list[KnownFunction]:
    """The quadratic functions with two real roots that the section states, in reading order."""
    found = []
    kinds = {PassageKind.EXPLANATION, PassageKind.EXAMPLE}
    for passage in context.material.chosen:
        if passage.kind not in kinds:
            continue
        for match in re.finditer(r"\$([A-Za-z](?:\([a-z]\))?)\s*=\s*([^$=]+)\$", passage.text):
            function = polynomial(latex.parse(match[2].strip().rstrip(".,;")))
            if function and function.square and len(function.roots()) == 2:
                found.append(KnownFunction(function, function.letter, match[1], passage.passage_id))
    return found


def _curve(family: str, narration: str, title: str) -> Picture | None:
    for curve in CURVES.get(family, ()):
        if not curve.needs.search(narration):
            continue
        markers = []
        for x, label in curve.markers:
            cue = cue_in(narration, f"{label}s", label)
            if cue:
                markers.append(PlotMarker(x=x, label=label, cue=cue))
        visual = PlotVisual(
            heading=title,
            expression=curve.expression,
            domain=curve.domain,
            x_label=curve.x_label,
            y_label=curve.y_label,
            markers=markers,
        )
        return Picture(visual)
    return None
