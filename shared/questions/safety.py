"""Whether a question may be answered at all. Runs on every text a student writes, before anything else reads it."""

from typing import Final

from shared.errors import ContentRefused
from shared.questions.normalise import readings, squashed
from shared.questions.rules import Category
from shared.questions.rules_conduct import DRUGS, HATE, SEXUAL
from shared.questions.rules_danger import SELF_HARM, VIOLENCE
from shared.questions.rules_injection import PROMPT_INJECTION
from shared.questions.rules_misuse import DISHONESTY, HARMFUL
from shared.questions.rules_private import OTHERS_DETAILS, OWN_DETAILS

# In this order: who may be in danger is told where help is, whatever else the text holds.
CATEGORIES: Final = (
    SELF_HARM,
    VIOLENCE,
    PROMPT_INJECTION,
    SEXUAL,
    HATE,
    DRUGS,
    HARMFUL,
    OTHERS_DETAILS,
    OWN_DETAILS,
    DISHONESTY,
)


def check(text: str) -> None:
    """Return where the text may be answered; raise ContentRefused, which never repeats the text, where it may not."""
    forms = readings(text)
    letters = squashed(text)
    for category in CATEGORIES:
        name = _broken_rule(category, forms, letters)
        if name is not None:
            raise ContentRefused(
                f"question refused by rule {name}", code=category.code, message=category.message, rule=name
            )


def _broken_rule(category: Category, forms: tuple[str, ...], letters: str) -> str | None:
    if any(word in letters for word in category.tight):
        return "spaced_out"
    for row in category.rules:
        if any(row.matches(form) for form in (forms if category.disguised else forms[:1])):
            return row.name
    return None
