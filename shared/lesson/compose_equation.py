"""Equation scenes: the formula that the section turns on, spoken in words, its letters explained."""

import re

from shared.enums import LessonStyle, SceneKind
from shared.lesson import chemistry, latex, spoken_math
from shared.lesson.compose_reaction import reaction_takes
from shared.lesson.draft import Context, Draft, Take, cue_in, grown, heading, in_order, spoken
from shared.lesson.focus import Intent
from shared.lesson.formulas import Formula, Meaning, formulas_of, meanings, remarks
from shared.lesson.limits import SYMBOL_CHARACTERS
from shared.lesson.material import titled
from shared.lesson.prose import narrated, on_screen
from shared.lesson.storyboard import EquationSymbol, EquationVisual
from shared.lesson.words import content, count, join_words, upper_first


def equations(context: Context) -> list[Draft]:
    """The formulas that fit the question, the best first."""
    found = formulas_of(context)
    ranked = sorted(found, key=lambda formula: -_formula_worth(formula, context))
    drafts = []
    for rank, formula in enumerate(ranked[:3]):
        takes = grown(_equation_takes(formula, context, rank))
        if not takes:
            continue
        base = {LessonStyle.BALANCED: 78.0, LessonStyle.SIMPLE: 55.0, LessonStyle.PRACTICE: 90.0}[context.style]
        if Intent.CALCULATE in context.focus.intents:
            base = 98.0
        if context.focus.is_narrow and not _about(formula, context):
            base -= 50.0
        order = (2.0, float(context.material.section_order(formula.passage)), 2.0, float(formula.passage.position))
        drafts.append(
            Draft(
                SceneKind.EQUATION,
                order,
                base - 24.0 * rank,
                takes,
                preferred=28 if Intent.CALCULATE in context.focus.intents else 44,
            )
        )
    return drafts


def _about(formula: Formula, context: Context) -> bool:
    named = context.focus.names(formula.passage)
    found = content(f"{formula.name} {formula.context}")
    return named or any(facet.stems <= found for facet in context.focus.facets)


def _formula_worth(formula: Formula, context: Context) -> float:
    worth = context.focus.relevance(content(f"{formula.name} {formula.context}"))
    worth += 2.0 if context.focus.names(formula.passage) else 0.0
    worth += 1.0 if formula.name else 0.0
    letters = {node for node in latex.walk(latex.parse(formula.latex)) if isinstance(node, latex.Symbol)}
    worth += 1.6 * min(1.0, len(meanings(formula)) / max(1, len(letters)))
    return worth - 0.01 * len(formula.latex) - 0.05 * context.material.section_order(formula.passage)


def _equation_takes(formula: Formula, context: Context, rank: int) -> list[Take]:
    tree = latex.parse(formula.latex)
    if chemistry.is_chemical(tree):
        return reaction_takes(formula, tree, context)
    symbols = meanings(formula)
    if not symbols:  # letters that nobody explains teach nothing
        return []
    names = _spoken_names(symbols)
    said = spoken_math.speak(formula.latex, names)
    if count(said) > 30:
        return []
    lead = "In symbols," if not names else "As an equation,"
    first = f"{lead} {said}."
    explained = "" if rank else _explained(symbols, names)  # letters and units are told once
    extras = remarks(formula, context)
    title = heading(titled(formula.name)) if formula.name else heading(formula.passage.section, context.topic)
    takes = []
    for parts in (
        (first, explained),
        (first, explained, *extras[:1]),
        (first, *extras[:1]),
        (first, explained, *extras[:2]),
    ):
        narration = " ".join(part for part in (first, *(spoken(part) for part in parts[1:])) if part)
        takes.append(
            Take(
                narration, _equation_visual(formula, title, narration, said, symbols, names), formula.citations, extras
            )
        )
    return takes


def _spoken_names(symbols: dict[str, Meaning]) -> dict[str, str]:
    """Short names to speak instead of letters; none where two letters would sound the same."""
    cut = re.compile(r" (?:in|of|that|which|on|between|at|from|for|needed|as|when) ")
    short = {
        key: re.sub(r"^(?:constant|total|average) ", "", cut.split(meaning.text)[0]) for key, meaning in symbols.items()
    }
    if len(set(short.values())) < len(short):
        short = {key: meaning.text for key, meaning in symbols.items() if count(meaning.text) <= 5}
    names = list(short.values())
    plain = len(short) == len(symbols) and all(
        count(name) <= 5 and names.count(name) == 1 and re.fullmatch(r"[a-z’' -]+", name) for name in names
    )
    generic = {"root", "number", "output", "input", "constant", "value"}
    several = any(meaning.several for meaning in symbols.values())
    return short if plain and len(names) > 1 and not several and not generic & set(names) else {}


def _explained(symbols: dict[str, Meaning], names: dict[str, str]) -> str:
    """A sentence on the letters: their units where the names are spoken, their meanings otherwise."""
    if names:
        units = [(names[key], meaning.unit) for key, meaning in symbols.items() if meaning.unit]
        said = [
            f"{name} is in {unit}" if not place else f"{name} in {unit}" for place, (name, unit) in enumerate(units)
        ]
        return f"{upper_first(join_words(said))}." if said else ""
    meanings = [
        f"{_letters(meaning)} {'are' if meaning.several else 'is'} {meaning.article} {narrated(meaning.text)}"
        for meaning in symbols.values()
    ]
    return f"Here, {join_words(meanings[:4])}." if meanings else ""


def _letters(meaning: Meaning) -> str:
    """The letters that share a meaning, spoken: "a, b, and c"."""
    return join_words([spoken_math.speak(letter) for letter in meaning.latex.split(", ")])


def _equation_visual(
    formula: Formula, title: str, narration: str, said: str, symbols: dict[str, Meaning], names: dict[str, str]
) -> EquationVisual:
    start = " ".join(said.split()[:3])
    tail = narration.partition(said)[2]
    chosen = list(symbols.items())[:5]
    cues = []
    for key, meaning in chosen:
        name = names.get(key, "")
        verb = "are" if meaning.several else "is"
        cues.append(
            cue_in(tail, f"{name} is in", f"{name} in") if name else cue_in(tail, f"{_letters(meaning)} {verb}")
        )
    kept = in_order(narration, [start, *cues])[1:]
    shown = [
        EquationSymbol(
            latex=meaning.latex,
            meaning=_symbol_line(meaning),
            cue=cue,
        )
        for (_, meaning), cue in zip(chosen, kept, strict=True)
    ]
    return EquationVisual(heading=title, latex=formula.latex, cue=cue_in(narration, start), symbols=shown)


def _symbol_line(meaning: Meaning) -> str:
    """What stands beside a letter on the screen, in the space there is for it."""
    unit = f", in {meaning.unit}" if meaning.unit else ""
    for text in (
        meaning.text,
        re.split(r" (?:that|which|where|when) ", meaning.text)[0],
        " ".join(meaning.text.split()[:6]),
    ):
        line = on_screen(text + unit)
        if len(line) <= SYMBOL_CHARACTERS:
            return line
    return on_screen(meaning.text)[:SYMBOL_CHARACTERS]
