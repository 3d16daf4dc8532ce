"""The forms in which a text is looked at: as it is meant to be seen, and undisguised for matching.

`clean` is what later stages may work with. `readings` is for matching alone: it folds away what tells
10⁸ from 108 or μ from u, so its output is never shown, stored or searched with.
"""

import base64
import binascii
import codecs
import html
import re
import unicodedata
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

DECODING_DEPTH: Final = 2  # an encoded text may be encoded once more

# Not of category Cf, but without a shape of their own: fillers and joiners that split a word unseen.
BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
# Letters drawn like Latin ones that compatibility normalisation keeps apart (after Unicode TS 39's confusables).
LOOKALIKES: Final = str.maketrans(
    {
        **dict(zip("абвгеёзикмнопрстухьіїјѕһԁԛԝӏ", "a6breeзnkmhonpctyxbiijshdqwl", strict=True)),
        **dict(zip("αβγεηικνορτυχω", "abyenikvoptuxw", strict=True)),
        **dict(zip("ɑɡıɩʟɴʀʏɪʙʜɢᴀᴄᴅᴇᴊᴋᴍᴏᴘᴛᴜᴠᴡᴢ", "agiilnryibhgacdejkmoptuvwz", strict=True)),
        **dict(zip("‘’‛′`´“”„″", "''''''\"\"\"\"", strict=True)),
        **dict.fromkeys("‐‑‒–—―−", "-"),
        "ꜱ": "s",
        "⁄": "/",
        "∕": "/",
        "ß": "ss",
        "ø": "o",
        "ł": "l",
        "đ": "d",
    }
)
DIGITS_AS_LETTERS: Final = str.maketrans("013457@$!|", "oieastasil")
MIXED_TOKEN: Final = re.compile(r"(?<![^\s\"'(.,:;])(?=\S*[a-z])(?=\S*[0-9@$!|])[a-z0-9@$!|]{2,}(?![^\s\"').,:;?])")
SPACED_LETTERS: Final = re.compile(r"(?<![^\W_])(?:[^\W\d_][ .\-_*·]{1,3}){3,}[^\W\d_](?![^\W_])")
BASE64_TOKEN: Final = re.compile(r"[A-Za-z0-9+/_-]{12,}={0,2}")
HEX_RUN: Final = re.compile(r"(?:\b(?:0x)?|\\x)?(?:[0-9a-fA-F]{2}(?:[ :,]|\\x| ?0x)?){8,}")
BINARY_RUN: Final = re.compile(r"(?:[01]{8}\s*){4,}")
ESCAPE: Final = re.compile(r"\\u\{?([0-9a-fA-F]{4,6})\}?|\\x([0-9a-fA-F]{2})")


def clean(text: str) -> str:
    """Return the text as a reader sees it: composed, no invisible characters, single spaces."""
    kept = (" " if character.isspace() else character for character in text if not _invisible(character))
    return unicodedata.normalize("NFC", " ".join("".join(kept).split()))


def readings(text: str) -> tuple[str, ...]:
    """Return the distinct forms of the text that rules are matched against, plainest first.

    All are in lower case with single spaces: the text itself, with look-alike letters and diacritics folded,
    with digits for letters read as letters, with spaced-out letters joined, and with what it hides decoded.
    """
    forms: list[str] = []
    for layer in _layers(text, DECODING_DEPTH):
        folded = _folded(layer)
        forms += [_plain(layer), folded, MIXED_TOKEN.sub(lambda m: m[0].translate(DIGITS_AS_LETTERS), folded)]
        forms.append(SPACED_LETTERS.sub(lambda m: re.sub(r"[\W_]", "", m[0]), folded))
    folded = _folded(text)
    forms += [codecs.encode(folded, "rot13"), folded[::-1]]
    return tuple(dict.fromkeys(form for form in forms if form))


def squashed(text: str) -> str:
    """Return the letters of every spaced-out run, unparted: "h o w  t o" becomes "howto"; empty where there is none."""
    runs = SPACED_LETTERS.findall(_folded(text))
    return "".join(re.sub(r"[\W\d_]", "", run) for run in runs)


def _invisible(character: str) -> bool:
    if character.isspace():
        return False
    selector = "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"
    return selector or character in BLANKS or unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn"}


def _plain(text: str) -> str:
    """Compatibility-normalised, lower case, quotation marks and dashes made one kind."""
    normal = unicodedata.normalize("NFKC", clean(text)).casefold()
    return " ".join(normal.translate({ord(c): LOOKALIKES[ord(c)] for c in "‘’‛′`´“”„″‐‑‒–—―−"}).split())


def _folded(text: str) -> str:
    """As `_plain`, without diacritics, look-alikes replaced by the Latin letters they resemble."""
    parted = unicodedata.normalize("NFKD", clean(text).casefold())
    bare = "".join(character for character in parted if not unicodedata.combining(character))
    return " ".join(bare.translate(LOOKALIKES).split())


def _layers(text: str, depth: int) -> Iterator[str]:
    """Yield the text and, to the given depth, what is hidden in it."""
    yield text
    if depth == 0:
        return
    for hidden in dict.fromkeys(_hidden(text)):
        yield from _layers(hidden, depth - 1)


def _hidden(text: str) -> Iterator[str]:
    tags = "".join(chr(ord(c) - 0xE0000) for c in text if 0xE0020 <= ord(c) <= 0xE007E)  # "tag" twins of ASCII
    if tags:
        yield tags
    unescaped = ESCAPE.sub(_character, html.unescape(unquote(text)))
    if unescaped != text:
        yield unescaped
    for token in BASE64_TOKEN.findall(text):
        bare = token.rstrip("=").replace("-", "+").replace("_", "/")
        try:
            data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
        except binascii.Error:
            continue
        yield from _readable(data)
    for run in HEX_RUN.findall(text):
        digits = re.sub(r"\\x|0x|[^0-9a-fA-F]", "", run)
        yield from _readable(bytes.fromhex(digits[: len(digits) // 2 * 2]))
    for run in BINARY_RUN.findall(text):
        bits = re.sub(r"\s", "", run)
        yield from _readable(bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits) - 7, 8)))


def _character(match: re.Match[str]) -> str:
    code = int(match[1] or match[2], 16)
    return chr(code) if code <= 0x10FFFF else match[0]


def _readable(data: bytes) -> Iterator[str]:
    """Yield the data as text where it looks like words: then somebody encoded them."""
    text = data.decode("utf-8", errors="ignore")
    letters = sum(character.isalpha() or character.isspace() for character in text)
    if len(text) >= 6 and letters >= 0.75 * len(text):
        yield text
