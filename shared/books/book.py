"""A book as a parser hands it on, and its passages with their identities."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID, uuid5

from shared.books.passages import Passage
from shared.enums import PassageKind

UNKNOWN_LICENCE: Final = "licence unknown"

_NAMESPACE: Final = UUID("5b0f3c1e-3a51-4b5e-9d0a-6f6f0f7c1f52")  # of passage ids; never to change
_CREATIVE_COMMONS: Final = re.compile(r"creativecommons\.org/(licenses|publicdomain)/([a-z-]+)/(\d\.\d)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A passage before it has a place: what it is and says. See `shared.books.passages` for `structure`."""

    kind: PassageKind
    section: str
    text: str
    structure: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One section of a book, as its table of contents counts."""

    module_id: str
    title: str
    chapter: str = ""
    number: str = ""
    url: str = ""
    drafts: tuple[Draft, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """A whole textbook."""

    slug: str
    title: str
    language: str
    licence: str
    licence_url: str
    attribution: str
    url: str
    modules: tuple[Module, ...]
    # What was left out and how often, by reason: nothing is lost silently.
    omitted: Mapping[str, int] = field(default_factory=Counter)

    def passages(self) -> Iterator[Passage]:
        """Yield the passages in reading order."""
        for module in self.modules:
            seen: Counter[tuple[PassageKind, str]] = Counter()
            for position, draft in enumerate(module.drafts):
                key = (draft.kind, draft.text)
                yield Passage(
                    passage_id=_passage_id(self.slug, module.module_id, draft, repeat=seen[key]),
                    source=self.slug,
                    book=self.title,
                    module_id=module.module_id,
                    module_title=module.title,
                    chapter=module.chapter,
                    section=draft.section,
                    number=module.number,
                    position=position,
                    kind=draft.kind,
                    text=draft.text,
                    structure=draft.structure,
                    url=module.url or self.url,
                    licence=self.licence,
                    attribution=self.attribution,
                )
                seen[key] += 1

    def content_hash(self) -> str:
        """Return the SHA-256 of all that the book says, in hex: equal for books that are the same to a reader."""
        digest = hashlib.sha256()
        for part in (self.slug, self.title, self.language, self.licence, self.licence_url, self.attribution, self.url):
            digest.update(_canonical(part))
        for module in self.modules:
            digest.update(_canonical([module.module_id, module.title, module.chapter, module.number, module.url]))
        for passage in self.passages():
            digest.update(passage_hash(passage).encode())
        return digest.hexdigest()


def passage_hash(passage: Passage) -> str:
    """Return the SHA-256 of the passage's own content, in hex; neither its place nor its book counts."""
    parts = [
        passage.passage_id,
        passage.module_id,
        passage.section,
        passage.kind,
        passage.text,
        dict(passage.structure),
    ]
    return hashlib.sha256(_canonical(parts)).hexdigest()


def licence_name(url: str, text: str = "") -> str:
    """Return the short name of a licence, "CC BY 4.0"; the text the book gives, where the address says nothing."""
    if match := _CREATIVE_COMMONS.search(url or text):
        kind, version = match[2].upper(), match[3]
        if match[1].lower() == "publicdomain":
            return f"CC0 {version}" if kind == "ZERO" else "Public domain"
        return f"CC {kind} {version}"
    return " ".join(text.split()) or UNKNOWN_LICENCE


def attribution_line(*, title: str, authors: list[str], publisher: str, licence: str, url: str) -> str:
    """Return the line that credits the book wherever its content is used."""
    names = [*authors, publisher] if publisher else authors
    by = f" by {_and(authors)}" if authors else ""
    by += f", {publisher}" if authors and publisher else f" by {publisher}" if publisher else ""
    line = f"{title}{by if names else ''}, {_licensed(licence)}."
    return f"{line} Access for free at {url}" if url and publisher else f"{line} {url}".rstrip()


def _licensed(licence: str) -> str:
    return licence if licence == UNKNOWN_LICENCE else f"licensed under {licence}"


def _and(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _passage_id(slug: str, module_id: str, draft: Draft, *, repeat: int) -> str:
    return str(uuid5(_NAMESPACE, "\x1f".join([slug, module_id, draft.kind, draft.text, str(repeat)])))


def _canonical(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode() + b"\x1e"
