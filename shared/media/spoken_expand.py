"""One token as words by itself: the rules in the order in which they are tried."""

import re
from typing import Final

from shared.media import spoken_numbers as numbers
from shared.media import spoken_science as science
from shared.media.spoken_numbers import NUMBER, SIGN
from shared.media.words import word_set

_NUMBER: Final = re.compile(f"({SIGN}?{NUMBER})")
_NUMBER_AND_REST: Final = re.compile(f"({SIGN}?{NUMBER})-?(.+)")
_RANGE: Final = re.compile(f"({SIGN}?{NUMBER})[-–]({NUMBER})(.*)")
# 1.6e-19, or 1.6×10-19 where the exponent lost its place above the line
_EXPONENTIAL: Final = re.compile(r"([-−–]?\d(?:\.\d+)?)(?:[eE]([-−–+]?\d{1,3})|[×x]10([-−–]\d{1,3}))")
_FUNCTION: Final = re.compile(r"([A-Za-z])\((\w)\)")
_FRACTION: Final = re.compile(r"(\d{1,4})/(\d{1,4})")
_ORDINAL: Final = re.compile(r"(\d+)(?:st|nd|rd|th)")
_DECADE: Final = re.compile(r"'?(\d{2}|\d{4})s")
_TIME: Final = re.compile(r"(\d{1,2}):(\d{2})")
_RATIO: Final = re.compile(r"(\d+):(\d+)")
_LETTERED: Final = re.compile(r"(?:[A-Z]\.){2,}")  # U.S.A.
_MIXED_CASE: Final = re.compile(r"[a-z]{1,2}[A-Z]{1,4}")  # mRNA, pH
_OPERATOR: Final = re.compile(r"([=×÷≈≅<>≤≥≠∝→⟶⇌·*/+−±~]|(?<=[\w)])[-–](?=[\w(]))")
_PIECES: Final = re.compile(rf"\^\(?{SIGN}?\w+\)?|{NUMBER}|[A-Za-zÀ-ÖØ-öø-ɏ']+|.")
VULGAR_FRACTION: Final = re.compile("[¼½¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞]")
_WORD: Final = re.compile(r"[^\W\d_¼-¾⅐-⅞]+(?:'[^\W\d_]+)*'?")

_ACRONYM_WORDS: Final = word_set("NASA NATO AIDS COVID LASER RADAR SONAR SCUBA UNESCO UNICEF OPEC CERN SWAT")
# Words that writers set in capitals to stress them, and which are therefore no acronyms.
_STRESSED: Final = word_set(
    "A ALL ALSO ALWAYS AM AN AND ANY ARE AS AT BE BIG BOTH BUT BY CAN DO DOES EACH EVEN EVERY FOR FROM GO HAS HAVE HE "
    "HOW IF IN IS IT JUST LESS MORE MOST MUST MY NEVER NO NONE NOT NOW OF ON ONE ONLY OR OUR OUT SAME SO STOP THAT THE "
    "THEM THEN THEY THIS TO TOO TWO UP VERY WAS WE WHAT WHEN WHERE WHO WHY WILL WITH YES YOU YOUR"
)
_LONGEST_SPELLED: Final = 5  # capitals longer than this are taken for a stressed word


def expand(core: str) -> list[str]:
    """The words of a token that needs no context; splits what is composed and tries again."""
    if not core:
        return []
    if _WORD.fullmatch(core) and not science.formula(core) and not any(science.is_greek(c) for c in core):
        return _word(core)
    for rule in (_plain_number, _quantity, science.formula, _lettered, _compound, _expression):
        if (words := rule(core)) is not None:
            return words
    return _pieces(core)


def _word(core: str) -> list[str]:
    """A word as it is; an acronym letter by letter."""
    stem, apostrophe, ending = core.partition("'")
    if apostrophe and ending == "s" and stem.isupper() and len(stem) > 1:
        letters = _word(stem)
        return [*letters[:-1], letters[-1] + "'s"]
    plural = core[-1:] == "s" and core[:-1].isupper() and len(core) > 2
    stem = core[:-1] if plural else core
    if _MIXED_CASE.fullmatch(stem):
        return [*(letter.upper() for letter in stem[:-1]), stem[-1].upper() + ("s" if plural else "")]
    if not stem.isupper() or len(stem) == 1:
        return [core.upper()] if len(core) == 1 else [core]
    if stem in _ACRONYM_WORDS | _STRESSED or len(stem) > _LONGEST_SPELLED:
        return [core.lower()]
    return [*stem[:-1], stem[-1] + ("'s" if plural else "")]


def _plain_number(core: str) -> list[str] | None:
    if _NUMBER.fullmatch(core):
        return numbers.signed(core)
    if match := _ORDINAL.fullmatch(core):
        return numbers.ordinal(int(match[1]))
    if match := _DECADE.fullmatch(core):
        return numbers.decade(match[1])
    if match := _EXPONENTIAL.fullmatch(core):
        return [*numbers.signed(match[1]), "times", "ten", *numbers.power((match[2] or match[3]).lstrip("+"))]
    if VULGAR_FRACTION.fullmatch(core):
        return numbers.vulgar_fraction(core)
    if match := _FRACTION.fullmatch(core):
        return numbers.fraction(match[1], match[2])
    if (match := _TIME.fullmatch(core)) and int(match[1]) < 24 and int(match[2]) < 60:
        minutes = ["oh", *numbers.cardinal(int(match[2]))] if match[2][0] == "0" else numbers.cardinal(int(match[2]))
        return [*numbers.cardinal(int(match[1])), *(["o'clock"] if match[2] == "00" else minutes)]
    if match := _RATIO.fullmatch(core):
        return [*numbers.number(match[1]), "to", *numbers.number(match[2])]
    return None


def _quantity(core: str) -> list[str] | None:
    """A range, a number with its unit or a fraction attached ("5–10", "10kg", "5-kg", "2½", "45°"), or "f(x)"."""
    if match := _FUNCTION.fullmatch(core):
        return [match[1].upper(), "of", *expand(match[2])]
    if match := _RANGE.fullmatch(core):
        first, last, rest = match.groups()
        both_years = numbers.is_year(first) and numbers.is_year(last)
        ends = [numbers.year(end) if both_years else numbers.signed(end) for end in (first, last)]
        named = science.unit(rest) if rest else []
        return None if named is None else [*ends[0], "to", *ends[1], *named]
    if not (match := _NUMBER_AND_REST.fullmatch(core)):
        return None
    amount, rest = match.groups()
    if VULGAR_FRACTION.fullmatch(rest):
        return [*numbers.signed(amount), "and", *numbers.vulgar_fraction(rest)]
    is_adjective = core[len(amount)] == "-"
    several = not is_adjective and amount.lstrip("+-−") != "1"
    named = science.unit(rest, several=several)
    return [*numbers.signed(amount), *named] if named else None


def _lettered(core: str) -> list[str] | None:
    return core.replace(".", " ").split() if _LETTERED.fullmatch(core) else None


def _compound(core: str) -> list[str] | None:
    """Words joined by a hyphen, slash, dash or full stop."""
    if "—" in core:
        return _with_pauses([expand(part) for part in core.split("—")])
    if re.fullmatch(r"[a-z]{2,}(?:-[a-z]{2,}'?[a-z]*)+", core, re.IGNORECASE) and not re.search(r"[A-Z]{2}", core):
        return [core]
    if re.fullmatch(r"(?:https?://)?[\w-]+(?:\.[\w-]+)+(?:/\S*)?", core) and re.search(r"\.[a-z]{2,}", core):
        return _address(core)
    parts = re.split(r"[-–]", core)
    if len(parts) > 1 and all(parts) and any(re.fullmatch(r"[^\W\d_]{2,}.*", part) for part in parts):
        named = science.unit(parts[1], several=False) if _NUMBER.fullmatch(parts[0]) else None  # "12-cm-high"
        start = [*expand(parts[0]), *named] if named else []
        return [*start, *(word for part in parts[2 if named else 0 :] for word in expand(part))]
    alternatives = core.split("/")
    are_words = all(re.fullmatch(r"[^\W\d_]{2,}(?:-[^\W\d_]+)*", part) for part in alternatives)
    if len(alternatives) > 1 and are_words and not any(science.is_greek(character) for character in core):
        return [word for part in alternatives for word in expand(part)]
    return None


def _with_pauses(parts: list[list[str]]) -> list[str]:
    """The parts one after the other, a comma at the end of each but the last."""
    words: list[str] = []
    for part in parts:
        if words and part:
            words[-1] += ","
        words += part
    return words


def _address(core: str) -> list[str]:
    bare = re.sub(r"^https?://", "", core)
    spoken = re.sub(r"\.", " dot ", bare.replace("/", " slash "))
    return [word for part in spoken.split() for word in expand(part.strip("-_"))]


def _expression(core: str) -> list[str] | None:
    """Operands and operators: "F=ma", "3.0×10^8", "a/b"."""
    operands = [part for part in _OPERATOR.split(core.replace(")(", ")×(")) if part]
    if len(operands) < 2:
        return None
    words: list[str] = []
    for index, part in enumerate(operands):
        if not _OPERATOR.fullmatch(part):
            words += [c.upper() for c in part] if re.fullmatch("[a-z]{2}", part) else expand(part)
        elif part == "/":
            words += ["over"] if index else []
        elif part in "-–":
            words += ["minus"] if "=" in core or not index else []
        else:
            words += science.symbol(part)
    return words


def _pieces(core: str) -> list[str]:
    """The last resort: runs of letters, numbers, powers and signs, each by itself."""
    words: list[str] = []
    for piece in _PIECES.findall(core):
        if piece[0] == "^" and len(piece) > 1:
            exponent = piece[1:].strip("()")
            words += numbers.power(exponent) if len(exponent) < 20 else []
        elif _NUMBER.fullmatch(piece):
            words += numbers.signed(piece)
        elif VULGAR_FRACTION.fullmatch(piece):
            words += numbers.vulgar_fraction(piece)
        elif re.fullmatch("[a-z]{2}", piece):
            words += [letter.upper() for letter in piece]
        elif _WORD.fullmatch(piece) and not science.is_greek(piece):
            words += _word(piece)
        elif len(piece) == 1:
            words += science.symbol(piece)
    return words
