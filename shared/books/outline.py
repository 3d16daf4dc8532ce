"""Books without markup of their own for modules: a sequence of headings and blocks becomes modules and passages.

Markdown and plain text are read into these blocks. What a section is follows from its heading: "Glossary", "Summary",
"Learning objectives", "Exercises", "Example: …", "Misconceptions".
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from shared.books import drafts
from shared.books.blocks import Block, Displayed, Grid, Heading, Listing, Paragraph, Picture, Quote
from shared.books.book import Draft, Module
from shared.books.equations import merge_named
from shared.books.flow import Flow
from shared.books.text import closed, count_words, slugify
from shared.enums import PassageKind

_STEPS_AT_LEAST: Final = 3
_NUMBERED: Final = re.compile(r"^(?:chapter\s+)?(\d+(?:\.\d+)*)[.:)]?\s+(?=\S)", re.IGNORECASE)
_TERM: Final = re.compile(r"^(?P<term>[^:–—]{1,80}?)\s*(?::|–|—)\s+(?P<meaning>\S.*)$", re.DOTALL)
_ANSWER: Final = re.compile(r"\s*\b(?:answer|solution)\s*:\s*", re.IGNORECASE)
_MISCONCEPTION: Final = re.compile(r"^(?:common\s+)?misconceptions?\s*:\s*", re.IGNORECASE)


@dataclass(slots=True)
class _Section:
    """Blocks below one heading."""

    title: str
    blocks: list[Block] = field(default_factory=list)


def book_title(blocks: Sequence[Block]) -> str:
    """Return the text of the one heading of level 1 that opens the book; empty where there is none."""
    first = [block for block in blocks if isinstance(block, Heading) and block.level == 1]
    return first[0].text if len(first) == 1 and blocks and blocks[0] is first[0] else ""


def modules(blocks: Sequence[Block], *, slug: str, title: str) -> tuple[Module, ...]:
    """Return the modules: the parts below the highest headings, the book's own title left out."""
    if book_title(blocks):
        blocks = blocks[1:]
    levels = [block.level for block in blocks if isinstance(block, Heading)]
    highest = min(levels, default=1)
    parts: list[tuple[str, list[Block]]] = [("", [])]
    for block in blocks:
        if isinstance(block, Heading) and block.level == highest:
            parts.append((block.text, []))
        else:
            parts[-1][1].append(block)
    taken: set[str] = set()
    made = []
    for heading, inner in parts:
        found = tuple(merge_named(list(_drafts(_sections(heading, inner)))))
        if found or heading:
            number, name = _number(heading or title)
            made.append(Module(module_id=_module_id(slug, name, taken), title=name, number=number, drafts=found))
    return _with_definitions(made)


def _with_definitions(made: list[Module]) -> tuple[Module, ...]:
    """Move the definitions of a glossary at the end of the book to the first module that uses the term."""
    kinds = {module.module_id: {draft.kind for draft in module.drafts} for module in made}
    glossaries = [module for module in made if kinds[module.module_id] == {PassageKind.DEFINITION}]
    others = [module for module in made if module not in glossaries]
    texts = {module.module_id: " ".join(draft.text for draft in module.drafts).lower() for module in others}
    moved: dict[str, list[Draft]] = {module.module_id: [] for module in made}
    for glossary in glossaries:
        for draft in glossary.drafts:
            term = str(draft.structure["term"]).lower()
            user = next((module_id for module_id, text in texts.items() if term in text), glossary.module_id)
            moved[user].append(draft)
    complete = [
        replace(module, drafts=(() if module in glossaries else module.drafts) + tuple(moved[module.module_id]))
        for module in made
    ]
    return tuple(module for module in complete if module.drafts or module not in glossaries)


def _number(heading: str) -> tuple[str, str]:
    match = _NUMBERED.match(heading)
    return (match[1], heading[match.end() :]) if match else ("", heading)


def _module_id(slug: str, title: str, taken: set[str]) -> str:
    stem = f"{slug}.{slugify(title)[:60] or 'section'}"
    name, count = stem, 1
    while name in taken:
        count += 1
        name = f"{stem}-{count}"
    taken.add(name)
    return name


def _sections(heading: str, blocks: Sequence[Block]) -> list[_Section]:
    """The module's blocks by section. A module that is itself a glossary or a summary is one section of its name."""
    sections = [_Section(heading if _role(heading) else "")]
    for block in blocks:
        if isinstance(block, Heading):
            sections.append(_Section(block.text))
        else:
            sections[-1].blocks.append(block)
    return sections


def _drafts(sections: Sequence[_Section]) -> Iterator[Draft]:
    for section in sections:
        role = _role(section.title)
        yield from (role or _running_text)(section)


def _role(title: str) -> "Callable[[_Section], Iterator[Draft]] | None":
    name = _number(title)[1].lower().rstrip(":. ")
    for pattern, handler in _ROLES:
        if re.fullmatch(pattern, name):
            return handler
    return None


def _running_text(section: _Section) -> Iterator[Draft]:
    flow = Flow()
    aside: list[Draft] = []
    title = section.title
    for block in section.blocks:
        if isinstance(block, Paragraph):
            if match := _MISCONCEPTION.match(block.text):
                aside.append(drafts.misconception(title, block.text[match.end() :]))
            else:
                flow.add(block.text)
        elif isinstance(block, Displayed):
            flow.display(block.text)
        elif isinstance(block, Listing):
            if block.ordered and len(block.items) >= _STEPS_AT_LEAST:
                aside.append(drafts.steps(title, flow.announcement() or title, _steps(block)))
            flow.add_list(_sentences(block))
        elif isinstance(block, Quote) and (match := _MISCONCEPTION.match(block.text)):
            aside.append(drafts.misconception(title, block.text[match.end() :]))
        elif isinstance(block, Quote):
            flow.add(block.text)
        else:
            aside += _set_off(block, title)
    yield from flow.drafts(title)
    yield from aside


def _set_off(block: Block, title: str) -> list[Draft]:
    if isinstance(block, Grid) and block.rows:
        return [drafts.table(title, title=title, header=block.header, rows=block.rows)]
    if isinstance(block, Picture) and count_words(f"{block.alt} {block.caption}") > 1:
        return [drafts.figure(title, alt=block.alt, caption=block.caption)]
    return []


def _steps(block: Listing) -> list[dict[str, str]]:
    return [{"label": item.label, "text": item.text} for item in block.items]


def _sentences(block: Listing) -> str:
    return " ".join(closed(item.line) for item in block.items)


def _lines(section: _Section) -> Iterator[str]:
    """The section's paragraphs and list items, one by one."""
    for block in section.blocks:
        if isinstance(block, Listing):
            yield from (item.line for item in block.items)
        elif isinstance(block, Paragraph | Quote | Displayed):
            yield block.text


def _others(section: _Section) -> Iterator[Draft]:
    for block in section.blocks:
        yield from _set_off(block, section.title)


def _glossary(section: _Section) -> Iterator[Draft]:
    for block in section.blocks:
        if isinstance(block, Grid):
            yield from (drafts.definition(row[0], row[1]) for row in block.rows if len(row) > 1 and row[0] and row[1])
    for line in _lines(section):
        if match := _TERM.match(line):
            yield drafts.definition(match["term"].strip(), match["meaning"].strip())
        else:
            yield drafts.explanation(section.title, line)


def _summary(section: _Section) -> Iterator[Draft]:
    if items := list(_lines(section)):
        yield drafts.summary(section.title, items)
    yield from _others(section)


def _objectives(section: _Section) -> Iterator[Draft]:
    lists = [block for block in section.blocks if isinstance(block, Listing)]
    items = [item.line for block in lists for item in block.items] or list(_lines(section))
    items = [item.rstrip(".;, ") for item in items]
    if items:
        yield drafts.objective("", items)
    yield from _others(section)


def _exercises(section: _Section) -> Iterator[Draft]:
    for line in _lines(section):
        problem, *answers = _ANSWER.split(line, maxsplit=1)
        answer = answers[0].strip() if answers else ""
        if count_words(problem):
            yield drafts.exercise(section.title, problem=problem.strip(), options=[], answer=answer)
    yield from _others(section)


def _example(section: _Section) -> Iterator[Draft]:
    lines = list(_lines(section))
    if lines:
        title = re.sub(r"^(?:worked\s+)?example\s*[\d.]*\s*[:–—-]?\s*", "", section.title, flags=re.IGNORECASE)
        solution = [_ANSWER.sub("", line, count=1) if _ANSWER.match(line) else line for line in lines[1:]]
        yield drafts.example(section.title, title=title, problem=lines[0], solution=[one for one in solution if one])
    yield from _others(section)


def _misconceptions(section: _Section) -> Iterator[Draft]:
    yield from (drafts.misconception(section.title, line) for line in _lines(section))
    yield from _others(section)


_ROLES: Final = (
    (r"glossary|(?:section )?key terms|vocabulary|definitions", _glossary),
    (r"(?:section |chapter )?(?:summary|review)|key (?:points|ideas|takeaways)|takeaways", _summary),
    (r"(?:section )?(?:learning )?(?:objectives|goals|outcomes)", _objectives),
    (
        r"(?:review |practice )?(?:exercises|problems|questions)|practice|homework|check your understanding|quiz",
        _exercises,
    ),
    (r"(?:worked )?example\b.*", _example),
    (r"(?:common )?misconceptions?", _misconceptions),
)
