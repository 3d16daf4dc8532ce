"""Passages and briefs for the tests of the lesson: a small hand-made module, and the sample book that ships."""

import uuid
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from shared.books.cnxml import read_cnxml
from shared.books.files import FolderFiles
from shared.books.passages import Passage
from shared.enums import LessonStyle, PassageKind
from shared.services import LessonBrief

SAMPLE_BOOK = Path(__file__).resolve().parents[2] / "local" / "sample_book"
FLOATING = "t0101"


def passage(
    kind: PassageKind,
    text: str,
    /,
    *,
    position: int = 0,
    section: str = "",
    module_id: str = FLOATING,
    title: str = "Floating and Density",
    source: str = "test-book",
    attribution: str = "Test Book by Testers, CC BY 4.0",
    **structure: Any,
) -> Passage:
    """One passage of a book made up for the tests."""
    return Passage(
        passage_id=str(uuid.uuid5(uuid.NAMESPACE_URL, f"{source}/{module_id}/{kind}/{text}")),
        source=source,
        book="Test Book of Everyday Science",
        module_id=module_id,
        module_title=title,
        chapter="Matter",
        section=section,
        number="1.1",
        position=position,
        kind=kind,
        text=text,
        structure=structure,
        url="https://example.org/test-book/1-1",
        licence="CC BY 4.0",
        attribution=attribution,
    )


_WHY = (
    "Density is the mass of a material divided by its volume. A dense material packs a lot of mass into a small space. "
    "Every pure material has a density of its own, so density helps to tell materials apart. "
    "An object floats in water when its density is lower than the density of water. "
    "An object sinks when its density is higher than that of water. "
    "Wood floats because its density is lower than the density of water. As shown in Figure 3, steel sinks. "
    "A steel ship floats because it holds a lot of air, so its average density is low."
)
_BUOYANCY = (
    "Buoyancy is the upward push of a liquid on an object in it. The push exists because the pressure in a liquid "
    "grows with depth. The liquid pushes harder on the bottom of the object than on its top. "
    "As a result, the object feels a net push upward. Why does a stone sink? "
    "The upward push on an object equals the weight of the liquid that the object moves aside."
)
_FORMULA = (
    "Density can be calculated from two measurements. In the equation for density, $d$ is the density in kilograms per "
    "cubic meter, $m$ is the mass in kilograms, and $V$ is the volume in cubic meters. "
    "A larger mass in the same volume means a higher density."
)


def floating() -> tuple[Passage, ...]:
    """A whole module, in order: every kind of passage once."""
    kinds = PassageKind
    why, push, measure = "Why Things Float", "Buoyancy", "Measuring Density"
    steps = [
        {"label": "Find the mass", "text": "Weigh the object on a balance."},
        {"label": "Find the volume", "text": "Lower the object into water and read how far the water rises."},
        {"label": "Divide", "text": "Divide the mass by the volume to get the density."},
    ]
    rows = [
        ["Density compared with water", "Lower", "Higher"],
        ["What it does", "Stays at the surface", "Goes to the bottom"],
        ["Example", "Wood, ice, cork", "Stone, steel, glass"],
    ]
    passages = [
        passage(
            kinds.OBJECTIVE,
            "Explain why objects float; Calculate the density of an object",
            items=["Explain why some objects float and others sink", "Calculate the density of an object"],
        ),
        passage(kinds.EXPLANATION, _WHY, section=why, heading=why),
        passage(
            kinds.TABLE,
            "Floating and Sinking Objects",
            section=why,
            title="Floating and Sinking Objects",
            header=["Feature", "Floating object", "Sinking object"],
            rows=rows,
        ),
        passage(
            kinds.MISCONCEPTION,
            "misconception",
            section=why,
            text="A common misconception is that heavy things always sink. In fact, density decides, and not weight "
            "alone. A heavy log floats, while a light pebble sinks.",
        ),
        passage(kinds.EXPLANATION, _BUOYANCY, section=push, heading=push),
        passage(kinds.EXPLANATION, _FORMULA, section=measure, heading=measure),
        passage(
            kinds.EQUATION,
            "density: $d = \\frac{m}{V}$",
            section=measure,
            latex="d = \\frac{m}{V}",
            name="density",
            context=_FORMULA,
        ),
        passage(
            kinds.STEPS,
            " ".join(f"{step['label']}: {step['text']}" for step in steps),
            section=measure,
            title="Measuring Density",
            items=steps,
        ),
        passage(
            kinds.EXAMPLE,
            "A block of wood",
            section=measure,
            title="The Density of a Block of Wood",
            problem="A block of wood has a mass of 12 kilograms and a volume of 0.020 cubic meters. "
            "What is its density?",
            solution=[
                "Divide the mass by the volume: $d = \\frac{m}{V} = \\frac{12\\ \\text{kg}}{0.020\\ \\text{m}^{3}} = "
                "600\\ \\text{kg}/\\text{m}^{3}$.",
                "The density of the wood is 600 kilograms per cubic meter.",
            ],
        ),
        passage(
            kinds.SUMMARY,
            "summary",
            section="Section Summary",
            items=[
                "Density is mass divided by volume.",
                "An object floats when it is less dense than the liquid around it.",
                "A liquid pushes up on an object with a force equal to the weight of the liquid moved aside.",
            ],
        ),
        passage(
            kinds.EXERCISE,
            "Which object floats in water?",
            section="Check Your Understanding",
            problem="Which object floats in water?",
            options=["A steel nail", "A wooden spoon", "A glass marble", "A stone"],
            answer="A wooden spoon",
            reason="Wood is less dense than water, so it floats.",
        ),
        passage(kinds.DEFINITION, "density: …", section="Glossary", term="density", meaning="mass divided by volume"),
        passage(
            kinds.DEFINITION,
            "buoyancy: …",
            section="Glossary",
            term="buoyancy",
            meaning="the upward push of a liquid on an object in it",
        ),
        passage(
            kinds.DEFINITION,
            "volume: …",
            section="Glossary",
            term="volume",
            meaning="the amount of space that an object takes up",
        ),
        passage(
            kinds.DEFINITION,
            "mass: …",
            section="Glossary",
            term="mass",
            meaning="the amount of matter in an object",
        ),
    ]
    return tuple(replace(one, position=place) for place, one in enumerate(passages))


def brief(
    query: str = "Why do some things float and others sink?",
    *,
    passages: tuple[Passage, ...] | None = None,
    module_ids: tuple[str, ...] = (FLOATING,),
    topic: str = "Floating and Density",
    grade: int = 9,
    interest: str = "swimming",
    style: LessonStyle = LessonStyle.BALANCED,
    language: str = "en",
    seconds: int = 90,
) -> LessonBrief:
    """A brief on the hand-made module."""
    return LessonBrief(
        query=query,
        topic=topic,
        module_ids=module_ids,
        grade_level=grade,
        interest=interest,
        style=style,
        language=language,
        duration_seconds=seconds,
        passages=floating() if passages is None else passages,
    )


@lru_cache(maxsize=1)
def sample_modules() -> dict[str, tuple[Passage, ...]]:
    """The passages of the sample book by module."""
    modules: dict[str, list[Passage]] = {}
    for one in read_cnxml(FolderFiles(SAMPLE_BOOK)).passages():
        modules.setdefault(one.module_id, []).append(one)
    return {module_id: tuple(passages) for module_id, passages in modules.items()}


def sample_brief(module_id: str, query: str, **options: Any) -> LessonBrief:
    """A brief on a module of the sample book."""
    passages = sample_modules()[module_id]
    return brief(query, passages=passages, module_ids=(module_id,), topic=passages[0].module_title, **options)
