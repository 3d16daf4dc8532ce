"""What a table of refusals is made of. The tables are `rules_*.py`: patterns as data, each with why it is there.

Patterns see a reading of `normalise.readings`: lower case, single spaces, straight quotes. They name an intention
(how do I make …) rather than a word (bomb), because the sciences need the words.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

# "how do I", "teach me to", "steps for", "I want to": somebody means to do it.
INTENT: Final = (
    r"(?:how (?:to|2|do (?:i|u|you|we|people)|(?:can|could|would|should) (?:i|u|you|we|one)|does one)|(?:show"
    r"|teach|tell|help|write|give|make|build) (?:me|us)(?: how)?(?: to)?|(?:want|wanna|need|trying|try|going"
    r"|gonna|plan|planning|like)(?: to)?|i'?ll|i will|i(?:'m| am)|let'?s|ways? (?:to|of)|(?:steps?"
    r"|instructions?|guide|recipe|tutorial|ingredients|materials?|plans?|blueprints?|formula) (?:to|for|of|on)"
    r"|diy|where (?:to|can i|do i|could i)|should i)"
)
MAKE: Final = (
    r"(?:make|making|build|building|construct|constructing|assemble|assembling|create|creating|produce|craft"
    r"|prepare|cook|cooking|mix(?: up)?|3d[- ]?print|print|set off|detonate|plant|buy|buying|get hold of|get"
    r"|obtain|smuggle|steal|bring|synthesi[sz]e|brew|grow|extract|refine|weaponi[sz]e)"
)
# What may stand between making and the thing: articles and adjectives, but not 'a video on how'.
KINDS: Final = (
    r"(?:(?:an?|the|some|my|your|our|own|this|real|working|simple|easy|small|big|huge|cheap|powerful|deadly"
    r"|lethal|dangerous|loud|home-?made|improvised|functional|untraceable|illegal|good|little|mini"
    r"|nuclear|atomic|hydrogen|me|him|us|dirty|pipe|nail|car|letter|chemical|smoke|fertili[sz]er"
    r"|pressure cooker|plastic|ghost|sniper|pure|crystal|fake|lot of|lots of|batch of|actual) ){0,6}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One reason to refuse. `verify` looks at what the pattern found, where a pattern cannot tell enough."""

    name: str  # stable, for operators
    pattern: re.Pattern[str]
    why: str
    verify: Callable[[str], bool] | None = None

    def matches(self, reading: str) -> bool:
        """Tell whether the rule speaks against this reading."""
        if self.verify is None:
            return self.pattern.search(reading) is not None
        return any(self.verify(match[0]) for match in self.pattern.finditer(reading))


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """Rules that share a code and what the student is told; `tight` is looked for in spaced-out writing.

    A category that is not `disguised` is matched against the plain reading alone.
    """

    code: str
    message: str
    rules: tuple[Rule, ...]
    tight: tuple[str, ...] = ()
    disguised: bool = True


def rule(name: str, why: str, *alternatives: str, verify: Callable[[str], bool] | None = None) -> Rule:
    """Compile one row of a table: any of the alternatives speaks against a text."""
    return Rule(name=name, why=why, pattern=re.compile("|".join(alternatives)), verify=verify)
