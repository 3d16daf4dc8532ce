"""A lesson as plain text, to read instead of watching."""

from shared.lesson.plain_math import plain
from shared.lesson.storyboard import EquationVisual, Scene, Storyboard, WorkedExampleVisual

_WIDTH = 72


def transcript(storyboard: Storyboard) -> str:
    """Return title, narration by scene, key terms, quiz with answer, sources, and how far these back what is said."""
    parts = [storyboard.title, "=" * min(len(storyboard.title), _WIDTH), ""]
    if storyboard.objectives:
        parts += ["You will be able to:", *(f"- {objective}" for objective in storyboard.objectives), ""]
    for number, scene in enumerate(storyboard.scenes, start=1):
        parts += [f"{number}. {_name(scene)}", scene.narration, *_formulas(scene), ""]
    if storyboard.key_terms:
        parts += ["Key terms", *(f"- {term.term}: {term.meaning}" for term in storyboard.key_terms), ""]
    for question in storyboard.quiz:
        parts += ["Check yourself", question.question]
        parts += [f"  {letter}) {option}" for letter, option in zip("abcdefgh", question.options, strict=False)]
        answer = f"Answer: {'abcdefgh'[question.answer_index]}) {question.options[question.answer_index]}"
        parts += [answer, *([question.explanation] if question.explanation else []), ""]
    parts.append("Sources")
    for source in storyboard.sources:
        parts.append(f"- {source.attribution} ({source.licence}), adapted. {source.url}".strip())
        parts += [f"  Sections: {', '.join(source.sections)}"] if source.sections else []
    if storyboard.claims:
        parts += ["", _checked(storyboard)]
    return "\n".join(parts).rstrip() + "\n"


def _checked(storyboard: Storyboard) -> str:
    stated = round(storyboard.supported_share * storyboard.claims)
    whole = f"all {stated}" if stated == storyboard.claims else f"{stated} of {storyboard.claims}"
    return f"A program compared this lesson with these sections, and found {whole} statements there."


def _name(scene: Scene) -> str:
    heading = getattr(scene.visual, "heading", "") or getattr(scene.visual, "term", "")
    return heading or scene.kind.value.replace("_", " ").capitalize()


def _formulas(scene: Scene) -> list[str]:
    """Formulas as they stand on the screen, for who wants to copy them."""
    match scene.visual:
        case EquationVisual():
            return [f"    {plain(scene.visual.latex)}"]
        case WorkedExampleVisual():
            return [f"    {plain(step.latex)}" for step in scene.visual.steps if step.latex]
        case _:
            return []
