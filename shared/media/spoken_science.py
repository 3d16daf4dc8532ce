"""Units, chemical formulas, Greek letters and signs as words."""

import re
import unicodedata
from typing import Final

from shared.media import spoken_numbers
from shared.media.words import word_set

# symbol: (one, several). Names after the SI brochure (BIPM, 9th edition, tables 2, 4 and 8).
_PREFIXABLE: Final = {
    "m": ("meter", "meters"),
    "g": ("gram", "grams"),
    "s": ("second", "seconds"),
    "L": ("liter", "liters"),
    "l": ("liter", "liters"),
    "A": ("ampere", "amperes"),
    "K": ("kelvin", "kelvins"),
    "mol": ("mole", "moles"),
    "N": ("newton", "newtons"),
    "J": ("joule", "joules"),
    "W": ("watt", "watts"),
    "V": ("volt", "volts"),
    "C": ("coulomb", "coulombs"),
    "F": ("farad", "farads"),
    "T": ("tesla", "teslas"),
    "Hz": ("hertz", "hertz"),
    "Pa": ("pascal", "pascals"),
    "eV": ("electron volt", "electron volts"),
    "cal": ("calorie", "calories"),
    "\u03a9": ("ohm", "ohms"),
    "Wh": ("watt hour", "watt hours"),
}
_PLAIN: Final = {
    "h": ("hour", "hours"),
    "min": ("minute", "minutes"),
    "rad": ("radian", "radians"),
    "rpm": ("revolution per minute", "revolutions per minute"),
    "ft": ("foot", "feet"),
    "mi": ("mile", "miles"),
    "mph": ("mile per hour", "miles per hour"),
    "lb": ("pound", "pounds"),
    "atm": ("atmosphere", "atmospheres"),
    "u": ("atomic mass unit", "atomic mass units"),
    "dB": ("decibel", "decibels"),
    "Å": ("angstrom", "angstroms"),
    "%": ("percent", "percent"),
    "°": ("degree", "degrees"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
}
_PREFIXES: Final = {
    "G": "giga",
    "M": "mega",
    "k": "kilo",
    "h": "hecto",
    "d": "deci",
    "c": "centi",
    "m": "milli",
    "μ": "micro",
    "n": "nano",
    "p": "pico",
    "f": "femto",
}
_LENGTHS: Final = ("meter", "foot", "mile")
_POWERS: Final = {"2": "squared", "3": "cubed"}
_AREAS: Final = {"2": "square", "3": "cubic"}

_NOT_UNITS: Final = frozenset({"pm", "ps", "pl", "hl", "dl"})  # "5 pm" is an hour
# Symbols that are units even where no number stands before them.
_CERTAIN: Final = word_set(
    "kg mg μg km cm mm nm μm ms mL kJ MJ kcal kN Pa kPa MPa Hz kHz MHz GHz kV mV mA kW MW kWh eV keV MeV mph dB °C °F "
    "k\u03a9"
)
# Look-alikes: the micro, ohm, degree Celsius, and dot signs have several code points each.
_SAME_LETTER: Final = str.maketrans(
    {"\u00b5": "μ", "\u2126": "\u03a9", "\u00ba": "°", "\u2103": "°C", "\u2109": "°F", "\u22c5": "·", "\u2219": "·"}
)

_ELEMENTS: Final = word_set(
    "H He Li Be B C N O F Ne Na Mg Al Si P S Cl Ar K Ca Sc Ti V Cr Mn Fe Co Ni Cu Zn Ga Ge As Se Br Kr Rb Sr Y Zr Nb "
    "Mo Tc Ru Rh Pd Ag Cd In Sn Sb Te I Xe Cs Ba La Ce Hf Ta W Re Os Ir Pt Au Hg Tl Pb Bi Po At Rn Fr Ra Th "
    "U Pu"
)
# Formulas without a digit, which could otherwise be words or acronyms.
_PLAIN_FORMULAS: Final = word_set("NaCl HCl NaOH KCl KOH HF HBr NaF LiF MgO CaO FeO ZnO ZnS CuO AgCl KBr HCN")
_ATOM: Final = re.compile(r"([A-Z][a-z]?)(\d{0,3})")
_FORMULA: Final = re.compile(r"(\d{0,3})((?:\(?[A-Z][a-z]?\d{0,3}\)?\d{0,2})+)(\^?\d?[+−-])?")

_SIGNS: Final = {
    "=": "equals",
    "+": "plus",
    "−": "minus",
    "×": "times",
    "·": "times",
    "*": "times",
    "÷": "divided by",
    "±": "plus or minus",
    "≈": "is about",
    "≅": "is about",
    "~": "about",
    "<": "is less than",
    ">": "is greater than",
    "≤": "is at most",
    "≥": "is at least",
    "≠": "is not equal to",
    "∝": "is proportional to",
    "→": "yields",
    "⟶": "yields",
    "⇌": "is in balance with",
    "∞": "infinity",
    "√": "the square root of",
    "∑": "the sum of",
    "∫": "the integral of",
    "∂": "partial",
    "∇": "del",
    "&": "and",
    "@": "at",
    "%": "percent",
    "°": "degrees",
    "′": "prime",
    "″": "double prime",
    "#": "number",
    "$": "dollars",
    "€": "euros",
    "£": "pounds",
}


def symbol(character: str) -> list[str]:
    """A sign or a Greek letter by its name; nothing for one that is not spoken."""
    character = character.translate(_SAME_LETTER)
    if character in _SIGNS:
        return _SIGNS[character].split()
    if is_greek(character):
        name = unicodedata.name(character)
        letter = re.sub(r"^GREEK (SMALL|CAPITAL)? ?(LETTER )?(FINAL )?", "", name).split()[0].lower()
        return ["lambda" if letter == "lamda" else letter]
    return []


def is_greek(character: str) -> bool:
    """Whether the character is a Greek letter; all of them are names of quantities here."""
    return unicodedata.name(character.translate(_SAME_LETTER)[0], "").startswith("GREEK ")


def _unit_name(text: str) -> tuple[str, str] | None:
    """One symbol with its prefix: (one, several)."""
    if text in _NOT_UNITS:
        return None
    if text in _PLAIN:
        return _PLAIN[text]
    if text in _PREFIXABLE:
        return _PREFIXABLE[text]
    prefix, base = text[:1], text[1:]
    if prefix in _PREFIXES and base in _PREFIXABLE:
        one, several = _PREFIXABLE[base]
        return _PREFIXES[prefix] + one, _PREFIXES[prefix] + several
    return None


def _factor(text: str) -> tuple[str, str, bool] | None:
    """ "s^2" as ("second squared", "seconds squared", False); True where the exponent is negative."""
    match = re.fullmatch(r"([^\d^−-]+?)(?:\^([−-]?\d)|([−-]\d|[23]))?", text)
    name = _unit_name(match[1]) if match else None
    if match is None or name is None:
        return None
    exponent = (match[2] or match[3] or "1").replace("−", "-")
    size = exponent.lstrip("-")
    one, several = name
    if size in _POWERS:
        is_length = one.endswith(_LENGTHS)
        one = f"{_AREAS[size]} {one}" if is_length else f"{one} {_POWERS[size]}"
        several = f"{_AREAS[size]} {several}" if is_length else f"{several} {_POWERS[size]}"
    elif size != "1":
        return None
    return one, several, exponent.startswith("-")


def unit(text: str, *, several: bool = True) -> list[str] | None:
    """A unit in words ("m/s^2": "meters per second squared"), or None where it is none."""
    over, slash, under = text.translate(_SAME_LETTER).partition("/")
    if slash and not under:
        return None
    numerators = [_factor(part) for part in over.split("·")]
    denominators = [_factor(part) for part in under.strip("()").split("·")] if slash else []
    above, below = [f for f in numerators if f], [f for f in denominators if f]
    if len(above) != len(numerators) or len(below) != len(denominators):
        return None
    below = [f for f in above if f[2]] + below
    above = [f for f in above if not f[2]]
    words = [factor[0] for factor in above[:-1]]
    if above:
        one, many, _ = above[-1]
        words.append(many if several else one)
    if below:
        words += ["per", *(factor[0] for factor in below)]
    return " ".join(words).split()


def is_certain_unit(text: str) -> bool:
    """Whether the text is a unit even where no number stands before it ("kg", "m/s"; not "m", "A" or "F/m")."""
    if unit(text) is None:
        return False
    symbols = {re.sub(r"[\^\d−-]", "", part) for part in re.split(r"[·/()]", text.translate(_SAME_LETTER)) if part}
    return symbols == {"m", "s"} or not symbols.isdisjoint(_CERTAIN)


def formula(text: str) -> list[str] | None:
    """A chemical formula letter by letter ("2H2O": "two H two O"), or None where it is none.

    A single symbol without a digit or charge is no formula (it may be a variable), nor are capitals alone (they may be
    an acronym, and are read as letters anyway).
    """
    match = _FORMULA.fullmatch(text)
    if match is None:
        return None
    coefficient, body, charge = match.groups()
    atoms = _ATOM.findall(body)
    if any(element not in _ELEMENTS for element, _ in atoms):
        return None
    if not (any(character.isdecimal() for character in body) or charge or body in _PLAIN_FORMULAS):
        return None
    words = spoken_numbers.number(coefficient) if coefficient else []
    for piece in re.findall(r"[A-Za-z]|\d+", body):
        words += [piece.upper()] if piece.isalpha() else spoken_numbers.number(piece)
    if charge:
        size = charge.strip("^+-−")
        words += [*spoken_numbers.digits(size), "plus" if charge.endswith("+") else "minus"]
    return words
