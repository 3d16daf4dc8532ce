"""Book words inside our own sentences: articles for terms, headings in small letters, topics by name."""

import re
from functools import lru_cache
from typing import Final

_PLURAL: Final = re.compile(r"(?:[^s]s|data|criteria|phenomena)$")
_SINGULAR_S: Final = ("is", "us", "ss", "physics", "genetics", "statistics", "mathematics")


def is_plural(name: str) -> bool:
    """Whether a term is a plural, by its last word."""
    last = name.split()[-1].lower() if name.split() else ""
    return bool(_PLURAL.search(last)) and not last.endswith(_SINGULAR_S)


@lru_cache(maxsize=2_000)
def with_article(name: str, text: str) -> str:
    """A term with the article that the book gives it: "a wave", "the Calvin cycle", "photosynthesis"."""
    pattern = re.escape(name)
    if is_plural(name):
        return name
    if re.search(rf"\ban? {pattern}\b(?! \w+(?:s|ing)\b (?:is|are))", text, re.IGNORECASE):
        vowel = name[0].lower() in "aeiou" and not name.lower().startswith(("uni", "eu", "one", "use"))
        return f"{'an' if vowel else 'a'} {name}"
    with_the = len(re.findall(rf"\bthe {pattern}\b", text, re.IGNORECASE))
    without = len(re.findall(rf"(?<!the )\b{pattern}\b", text, re.IGNORECASE))
    return f"the {name}" if with_the > max(1, without // 2) and not re.search(r"[’']s ", name) else name


def in_sentence(title: str, names: frozenset[str]) -> str:
    """A heading as part of a sentence: "Why the Two Forces Do Not Cancel" in small letters, names kept."""
    return " ".join(
        word if word.strip(",.:;?") in names or re.search(r"[A-Z].*[A-Z]|\d|[’']s$", word) else word.lower()
        for word in title.split()
    )
