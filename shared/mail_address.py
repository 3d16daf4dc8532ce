"""One e-mail address: `lessons@school.example`, or with a name `Lessons <lessons@school.example>`."""

import re
from dataclasses import dataclass
from typing import Final

# Stricter than RFC 5322, which allows quoted parts, comments and numbers in brackets that nobody has: the standard
# library's own parser of such things fails in a dozen ways.
_ATOM: Final = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART: Final = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_DOMAIN: Final = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*")
_NAMED: Final = re.compile(r'"?(?P<name>[^<>"\\\x00-\x1f\x7f]*?)"?\s*<(?P<address>[^<>]*)>')


@dataclass(frozen=True, slots=True, kw_only=True)
class MailAddress:
    """An address, its domain in the letters of the DNS; `name` is empty where it has none."""

    name: str = ""
    local_part: str
    domain: str


def parse(text: str) -> MailAddress:
    """Read exactly one address, with or without a name; raise ValueError."""
    named = _NAMED.fullmatch(text)
    return bare(text) if named is None else bare(named["address"], name=named["name"])


def bare(text: str, *, name: str = "") -> MailAddress:
    """Read exactly one address that stands alone; raise ValueError."""
    local_part, _, domain = text.rpartition("@")
    domain = domain.encode("idna").decode()
    if _LOCAL_PART.fullmatch(local_part) is None or _DOMAIN.fullmatch(domain) is None:
        raise ValueError("not one address")
    return MailAddress(name=name, local_part=local_part, domain=domain)


def is_sound(text: str) -> bool:
    """Tell whether `parse` takes the text."""
    try:
        parse(text)
    except ValueError:
        return False
    return True
