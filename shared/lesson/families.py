"""Concept families: what a section is about, coarsely, so that a fitting analogy can be chosen."""

import re
from collections.abc import Sequence
from typing import Final

from shared.books.passages import Passage
from shared.enums import PassageKind

GENERAL: Final = "general"
# Family: (the wider family whose analogy also fits, pattern of its words). Earlier families win ties.
FAMILIES: Final[dict[str, tuple[str, str]]] = {
    "newton_first": ("forces", r"newton[’']s first law|\binertia\b|\bat rest\b"),
    "newton_second": ("forces", r"newton[’']s second law|net (?:external )?force|mass and acceleration"),
    "newton_third": ("forces", r"newton[’']s third law|action[- ](?:and[- ])?reaction|\bthrust\b"),
    "momentum": (GENERAL, r"\bmomentum\b|\bimpulse\b|\bcollisions?\b"),
    "photosynthesis": ("cells", r"photosynthe|chlorophyll|chloroplast|calvin cycle|light-dependent"),
    "ohms_law": ("electricity", r"\bohm[’']s law\b|\bresistance\b|\bresistors?\b"),
    "quadratic": ("functions", r"\bquadratic|\bparabola|\bdiscriminant\b"),
    "scientific_method": (
        GENERAL,
        r"scientific (?:method|law|theory)|\bhypothes[ie]s\b|\bexperiments?\b|\bvariables?\b",
    ),
    "energy": (
        GENERAL,
        r"\b(?:kinetic|potential|mechanical) energy\b|conservation of energy|\bwork[–-]energy\b|\benergy\b",
    ),
    "electricity": (GENERAL, r"\belectric (?:circuit|current|charge)s?\b|\bcircuits?\b|\bvoltage\b|\bcurrent\b"),
    "waves": (GENERAL, r"\bwaves?\b|\bsound\b|\bfrequency\b|\bwavelength\b|\bresonance\b"),
    "light": (GENERAL, r"\blight\b|\brefract|\breflect|\blens(?:es)?\b|\bmirrors?\b"),
    "atoms": (GENERAL, r"\batoms?\b|\bisotopes?\b|\belectrons?\b|periodic table|\bnucleus\b"),
    "chemical_change": (GENERAL, r"chemical (?:reaction|equation|change)s?|\breactants?\b|\bproducts?\b"),
    "heredity": (GENERAL, r"\bgenetics?\b|\balleles?\b|\bgenes?\b|\binherit|\bpunnett\b|\bheredity\b"),
    "evolution": (GENERAL, r"natural selection|\bevolution|\badaptations?\b|\bfitness\b"),
    "cells": (GENERAL, r"\bcells?\b|\borganelles?\b|\bmitochondri|\bmembrane\b"),
    "ratios": (GENERAL, r"\bratios?\b|\bproportions?\b|\bunit rates?\b|\brates?\b"),
    "statistics": (
        GENERAL,
        r"\bmeans?\b|\bmedians?\b|\bprobabilit|\bsamples?\b|\bdistributions?\b|\bstandard deviation|\bdata\b"
        r"|\bscores?\b|\bstatistic|\bregression\b|\bhypothesis test",
    ),
    "functions": (GENERAL, r"\bfunctions?\b|\blinear\b|\bslope\b|\bgraphs?\b"),
    "forces": (GENERAL, r"\bforces?\b|\bmotion\b|\bvelocity\b|\bacceleration\b|\bfriction\b|\bspeed\b"),
}
_SURE: Final = 3.0


def family_of(passages: Sequence[Passage]) -> str:
    """Return the family of the passages' modules by their titles, terms and chapters; GENERAL where none is clear."""
    titles = " . ".join(dict.fromkeys(passage.module_title for passage in passages)).lower()
    chapters = " . ".join(dict.fromkeys(passage.chapter for passage in passages)).lower()
    terms = " . ".join(str(p.structure.get("term", "")) for p in passages if p.kind is PassageKind.DEFINITION).lower()
    headings = " . ".join(dict.fromkeys(passage.section for passage in passages)).lower()
    scores = {}
    for family, (wider, pattern) in FAMILIES.items():
        words = re.compile(pattern)
        found = [min(3, len(words.findall(text))) for text in (titles, terms, headings, chapters)]
        narrow = 12.0 if found[0] and wider != GENERAL else 0.0
        scores[family] = narrow + 6.0 * min(found[0], 1) + 1.5 * found[1] + 1.0 * found[2] + 1.0 * min(found[3], 1)
    best = max(scores, key=lambda family: scores[family])
    return best if scores[best] >= _SURE else GENERAL


def widening(family: str) -> list[str]:
    """A family and the wider ones whose analogies also fit it, narrowest first, GENERAL last."""
    chain = [family]
    while chain[-1] != GENERAL:
        chain.append(FAMILIES[chain[-1]][0])
    return chain
