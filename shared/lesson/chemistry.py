"""Chemical formulas: telling them from algebra, and naming the common ones.

Element symbols and names are those of the IUPAC periodic table (first 56 elements and a few heavier ones).
"""

import re
from typing import Final

from shared.lesson.latex import Node, Number, Operator, Row, Scripts, Symbol, Words, flat
from shared.lesson.words import word_set

ELEMENTS: Final = word_set("""
    H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr
    Nb Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba W Pt Au Hg Pb Bi Po Rn Ra Th U Pu
""")
NAMES: Final = {
    "CO_2": "carbon dioxide",
    "CO": "carbon monoxide",
    "H_2O": "water",
    "H_2O_2": "hydrogen peroxide",
    "O_2": "oxygen gas",
    "H_2": "hydrogen gas",
    "N_2": "nitrogen gas",
    "Cl_2": "chlorine gas",
    "C_6H_12O_6": "glucose",
    "CH_4": "methane",
    "NH_3": "ammonia",
    "HCl": "hydrochloric acid",
    "NaCl": "sodium chloride",
    "NaOH": "sodium hydroxide",
    "CaCO_3": "calcium carbonate",
    "MgO": "magnesium oxide",
    "Mg": "magnesium",
    "Fe": "iron",
    "Fe_2O_3": "iron oxide",
    "Na": "sodium",
    "Cl": "chlorine",
    "Zn": "zinc",
    "Cu": "copper",
    "C": "carbon",
}
_FORMULA_TEXT: Final = re.compile(r"(?:[A-Z][a-z]?\d*)+")
_ELEMENT: Final = re.compile(r"[A-Z][a-z]?")
# Single letters with an index that are molecules far more often than variables.
_DIATOMIC: Final = frozenset({"H", "N", "O"})


def is_formula_text(text: str) -> bool:
    """Whether letters can be read as element symbols, "NaCl"."""
    return bool(_FORMULA_TEXT.fullmatch(text)) and all(part in ELEMENTS for part in _ELEMENT.findall(text))


def is_chemical(row: Row) -> bool:
    """Whether a whole formula is chemistry: an arrow between substances, or one molecule alone."""
    atoms = [item for item in row.items if _is_atom(item)]
    if any(isinstance(item, Operator) and item.text in "→⇌" for item in row.items):
        return bool(atoms)
    if not atoms or any(isinstance(item, Operator) for item in row.items):
        return False
    others = [item for item in row.items if not _is_atom(item) and not isinstance(item, Number)]
    if others:
        return False
    if len(atoms) == 1:
        only = atoms[0]
        if isinstance(only, Scripts) and only.sub is not None:
            return flat(only.base) in _DIATOMIC or len(_ELEMENT.findall(flat(only.base))) > 1
        if isinstance(only, Scripts):
            return flat(only.sup) in {"+", "−", "2+", "2−", "3+"} if only.sup else False
        return isinstance(only, Words) and len(flat(only)) > 1
    return any(isinstance(item, Scripts | Words) for item in atoms)


def _is_atom(node: Node) -> bool:
    match node:
        case Scripts(base, sub, sup):
            index = flat(sub) if sub else ""
            power = flat(sup) if sup else ""
            letters = flat(base)
            charge = not power or power.strip("0123456789") in {"+", "−"}
            return (
                (is_formula_text(letters) or letters in {"e", "NADP", "NAD"})
                and (not index or index.isdecimal())
                and charge
            )
        case Words(text) | Symbol(text):
            return is_formula_text(text.strip())
        case _:
            return False
