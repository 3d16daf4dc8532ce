"""Units in words, in American spelling: "m/s²" is "meters per second squared"."""

import re
from typing import Final

# Abbreviation: (singular, plural). Names follow NIST SP 811, which writes "meter" and "liter".
UNITS: Final[dict[str, tuple[str, str]]] = {
    "m": ("meter", "meters"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "nm": ("nanometer", "nanometers"),
    "ft": ("foot", "feet"),
    "mi": ("mile", "miles"),
    "mph": ("mile per hour", "miles per hour"),
    "s": ("second", "seconds"),
    "ms": ("millisecond", "milliseconds"),
    "min": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "g": ("gram", "grams"),
    "mg": ("milligram", "milligrams"),
    "kg": ("kilogram", "kilograms"),
    "lb": ("pound", "pounds"),
    "L": ("liter", "liters"),
    "mL": ("milliliter", "milliliters"),
    "N": ("newton", "newtons"),
    "J": ("joule", "joules"),
    "kJ": ("kilojoule", "kilojoules"),
    "MJ": ("megajoule", "megajoules"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "MW": ("megawatt", "megawatts"),
    "kWh": ("kilowatt-hour", "kilowatt-hours"),
    "Pa": ("pascal", "pascals"),
    "kPa": ("kilopascal", "kilopascals"),
    "atm": ("atmosphere", "atmospheres"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "V": ("volt", "volts"),
    "kV": ("kilovolt", "kilovolts"),
    "A": ("ampere", "amperes"),
    "mA": ("milliampere", "milliamperes"),
    "C": ("coulomb", "coulombs"),
    "Ω": ("ohm", "ohms"),
    "kΩ": ("kilohm", "kilohms"),
    "T": ("tesla", "teslas"),
    "K": ("kelvin", "kelvins"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
    "mol": ("mole", "moles"),
    "rad": ("radian", "radians"),
    "dB": ("decibel", "decibels"),
    "eV": ("electron volt", "electron volts"),
    "MeV": ("mega electron volt", "mega electron volts"),
    "u": ("atomic mass unit", "atomic mass units"),
}
# Upright or not, these letters right after a number are units; the lower-case ones are variables too often.
SINGLE_LETTER_UNITS: Final = frozenset({"N", "J", "W", "V", "A", "Ω"})
_POWERS: Final = {"²": "2", "³": "3", "⁻¹": "-1"}
_FACTOR: Final = re.compile(r"([A-Za-z°Ωµμ]+)\^?([23])?")
# Unit abbreviations that may stand in running prose right after a number.
_IN_PROSE: Final = "|".join(sorted((re.escape(unit) for unit in UNITS), key=len, reverse=True))
_PROSE: Final = re.compile(
    rf"(?<![\w.])(\d[\d,]*(?:\.\d+)?)([ \u00a0\u2009]?|-)"
    rf"((?:{_IN_PROSE})(?:[²³])?(?:(?:[/·⋅×])(?:{_IN_PROSE})(?:[²³23])?)*)(?![\w²³])"
)


def speak_unit(text: str, *, plural: bool = True) -> str:
    """Return a unit expression in words, or nothing where the text is no unit."""
    for sign, digit in _POWERS.items():
        text = text.replace(sign, digit)
    text = text.replace(" ", "").replace("·", "⋅").replace("×", "⋅").replace("*", "⋅")
    above, slash, below = text.partition("/")
    top = _product(above, plural=plural)
    if not top or (slash and not below):
        return ""
    if not slash:
        return top
    bottom = _product(below.strip("()"), plural=False)
    return f"{top} per {bottom}" if bottom else ""


def _product(text: str, *, plural: bool) -> str:
    factors = text.split("⋅")
    words = []
    for place, factor in enumerate(factors):
        match = _FACTOR.fullmatch(factor)
        if not match or match[1] not in UNITS:
            return ""
        last = place == len(factors) - 1
        name = UNITS[match[1]][1 if plural and last else 0]
        words.append(name + {"2": " squared", "3": " cubed"}.get(match[2] or "", ""))
    return " ".join(words)


def expand_in_prose(text: str) -> str:
    """Write out the units that follow a number in running text: "9.8 m/s²", "1-kg"."""

    def words(match: re.Match[str]) -> str:
        number, space, unit = match.groups()
        if space != " " and space != "-" and len(unit) == 1 and unit not in "NJWVΩ" and not space.isspace():
            return match[0]
        adjective = space == "-"
        spoken = speak_unit(unit, plural=not adjective and number not in {"1", "1.0"})
        return f"{number}{'-' if adjective else ' '}{spoken}" if spoken else match[0]

    return _PROSE.sub(words, text)
