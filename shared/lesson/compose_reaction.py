"""Chemical equations, spoken with the names of their substances."""

import re

from shared.lesson import chemistry, latex, spoken_math
from shared.lesson.draft import Context, Take, cue_in, heading, in_order, spoken
from shared.lesson.formulas import Formula, remarks, substances_of
from shared.lesson.material import titled
from shared.lesson.spoken_parts import small_number
from shared.lesson.storyboard import EquationSymbol, EquationVisual
from shared.lesson.words import count


def reaction_takes(formula: Formula, tree: latex.Row, context: Context) -> list[Take]:
    """A chemical equation, spoken with the names of its substances."""
    names = substances_of(formula)
    said = _spoken_reaction(tree, names)
    if count(said) > 36:
        return []
    title = heading(titled(formula.name)) if formula.name else heading(formula.passage.section, context.topic)
    extras = remarks(formula, context)
    shown = [
        EquationSymbol(latex=_written(formula.latex, key), meaning=name)
        for key, name in names.items()
        if _written(formula.latex, key)
    ][:5]
    takes = []
    for told in range(len(extras) + 1):
        narration = spoken(f"Here is the whole reaction in one line: {said}.", *extras[:told])
        start = cue_in(narration, " ".join(said.split()[:3]))
        cues = in_order(narration, [start, *(cue_in(narration, symbol.meaning) for symbol in shown)])[1:]
        symbols = [symbol.model_copy(update={"cue": cue}) for symbol, cue in zip(shown, cues, strict=True)]
        visual = EquationVisual(heading=title, latex=formula.latex, cue=start, symbols=symbols)
        takes.append(Take(narration, visual, formula.citations, extras[:told]))
    return takes


def _written(whole: str, key: str) -> str:
    """The LaTeX of one substance as an equation writes it."""
    body = re.sub(r"_(\d+)", r"_{\1}", key)
    body = re.sub(r"\^([+−\d]+)", lambda match: "^{" + match[1].replace("−", "-") + "}", body)
    return rf"\mathrm{{{body}}}" if key else ""


def _spoken_reaction(tree: latex.Row, names: dict[str, str]) -> str:
    """Say a reaction term by term, "six molecules of carbon dioxide plus ... give ..."."""
    terms: list[list[latex.Node]] = [[]]
    joints: list[str] = []
    for item in tree.items:
        if isinstance(item, latex.Operator) and item.text in "+→⇌":
            joints.append("plus" if item.text == "+" else "gives")
            terms.append([])
        else:
            terms[-1].append(item)
    spoken_terms = []
    for term in terms:
        amount = term[0].text if term and isinstance(term[0], latex.Number) else ""
        rest = term[1:] if amount else term
        key = "".join(latex.flat(node) for node in rest).replace(" ", "")
        name = names.get(key)
        counted = small_number(amount)
        if name and name.endswith(("ion", "ions", "electron", "electrons", "proton", "protons")):
            spoken_terms.append(f"{counted} {name}".strip())
        elif name:
            spoken_terms.append(
                f"{counted or 'one'} {'molecules' if amount and amount != '1' else 'molecule'} of {name}"
            )
        else:
            body = name or " ".join(_say_part(node) for node in rest)
            spoken_terms.append(f"{counted} {body}".strip())
    out = spoken_terms[0]
    for joint, said in zip(joints, spoken_terms[1:], strict=True):
        out += f" {joint} {said}"
    return spoken_math.tidy(out)


def _say_part(node: latex.Node) -> str:
    """One atom or word of a term, element symbols letter by letter."""
    letters = latex.flat(node)
    if isinstance(node, latex.Words) and not chemistry.is_formula_text(letters.strip()):
        return node.text.strip()
    return spoken_math.speak(_written("", letters).removeprefix(r"\mathrm"))
