"""One CNXML module (a section of a book) to passages."""

import re
from collections import Counter
from typing import Final

from lxml import etree

from shared.books import drafts
from shared.books.book import Draft
from shared.books.cnxml_exercises import (
    example_drafts,
    exercise_draft,
    is_exercise_section,
    note_kind,
)
from shared.books.cnxml_prose import Index, Prose
from shared.books.cnxml_tables import key_equations, table_draft
from shared.books.equations import merge_named, review_line
from shared.books.flow import Flow
from shared.books.stems import Stem
from shared.books.text import count_words
from shared.books.xmlfile import CNXML, METADATA, child, children, classes, local_name

_SUMMARIES: Final = frozenset({"summary", "section-summary", "chapter-review", "chapter-summary"})
_KEY_EQUATIONS: Final = frozenset({"key-equations", "formula-review"})
_NOT_CONTENT: Final = frozenset({"references", "sr-contrib-auth", "contrib-auth", "further-research", "solutions"})
_SUMMARY_TITLES: Final = frozenset({"summary", "section summary", "chapter review", "chapter summary", "review"})
_KEY_TERMS_TITLES: Final = frozenset({"section key terms", "key terms"})
_STEP_NUMBER: Final = re.compile(r"^Step \d+[.:]\s+")
_STEPS_AT_LEAST: Final = 3


class ModuleReader:
    """Walks one module and keeps what it finds as drafts, in reading order."""

    def __init__(self, module_id: str, index: Index, omitted: Counter[str]) -> None:
        self._prose = Prose(module_id, index, omitted)
        self._questions = Prose(module_id, index, omitted, describing=True)
        self._omitted = omitted
        self._drafts: list[Draft] = []
        self._aside: list[Draft] = []  # what stands between paragraphs; follows the section's explanation
        self._flow = Flow()
        self._section = ""

    def read(self, document: etree._Element) -> tuple[Draft, ...]:
        """Return the passages of a module."""
        for abstract in document.iter(f"{METADATA}abstract"):
            self._objectives(abstract)
        for content in children(document, "content"):
            self._walk(content)
        self._flush()
        for definition in document.iter(f"{CNXML}definition"):
            self._definition(definition)
        return tuple(merge_named(self._drafts))

    # Structure

    def _walk(self, container: etree._Element) -> None:
        """Handle the children of a section, or of whatever holds blocks."""
        for part in self._prose.segments(container):
            if isinstance(part, str):
                self._flow.add(part)
            else:
                self._block(part)

    def _block(self, element: etree._Element) -> None:
        name = local_name(element)
        if name == "section":
            self._subsection(element)
        elif name in ("para", "quote", "div"):
            self._paragraph(element)
        elif name == "list":
            self._list(element)
        elif name == "equation":
            self._flow.display(self._prose.formula(element), name=self._prose.title(element))
        elif name == "table":
            self._table(element)
        elif name in ("figure", "media", "subfigure"):
            self._figure(element)
        elif name == "note":
            self._note(element)
        elif name == "example":
            self._aside += example_drafts(self._questions, element, section=self._section)
        elif name == "exercise":
            self._exercise(element)
        else:
            self._walk(element)

    def _subsection(self, element: etree._Element) -> None:
        title = self._prose.title(element)
        names, lower = classes(element), title.lower()
        if names & _NOT_CONTENT:
            self._omitted["references and contributors"] += 1
            return
        if lower in _KEY_TERMS_TITLES and not children(element, "para"):
            self._omitted["list of key terms"] += 1  # the glossary has them with their meanings
            return
        self._flush()
        outer, self._section = self._section, title or self._section
        if names & _SUMMARIES or lower in _SUMMARY_TITLES:
            self._summary(element)
        elif names & _KEY_EQUATIONS or lower == "key equations":
            self._key_equations(element)
        elif is_exercise_section(names):
            self._exercise_section(element)
        else:
            self._walk(element)
        self._flush()
        self._section = outer

    def _flush(self) -> None:
        """Turn the running text so far into passages, followed by what stood aside."""
        self._drafts += self._flow.drafts(self._section)
        self._drafts += self._aside
        self._flow, self._aside = Flow(), []

    # Running text

    def _paragraph(self, element: etree._Element) -> None:
        heading = self._prose.title(element)
        for part in self._prose.segments(element):
            if not isinstance(part, str):
                self._block(part)
            elif heading:
                self._flow.add(f"{heading.rstrip(':.')}: {part}")
                heading = ""
            else:
                self._flow.add(part)

    def _list(self, element: etree._Element) -> None:
        items = [self._step(item) for item in children(element, "item")]
        items = [item for item in items if item["text"]]
        if element.get("list-type") == "enumerated" and len(items) >= _STEPS_AT_LEAST:
            title = self._prose.title(element) or self._flow.announcement() or self._section
            self._aside.append(drafts.steps(self._section, title, items))
        self._flow.add_list(self._prose.sentences_of_list(element))
        self._pictures()

    def _step(self, item: etree._Element) -> dict[str, str]:
        """An item as a label, printed bold in front of it, and the text."""
        text = _STEP_NUMBER.sub("", self._prose.inline(item))
        first = next(iter(children(item)), None)
        if first is None or local_name(first) != "emphasis" or (item.text or "").strip():
            return {"label": "", "text": text}
        label = self._prose.inline(first)
        rest = text.removeprefix(label).lstrip()
        is_label = text.startswith(label) and (label[-1:] in ":." or rest[:1] in (":", ".", "—", "–"))
        rest = rest.lstrip(":.—– ")
        return {"label": label.rstrip(":."), "text": rest} if is_label and rest else {"label": "", "text": text}

    # Boxes

    def _note(self, element: etree._Element) -> None:
        kind = note_kind(element)
        title = self._prose.title(element)
        if kind == "teacher":
            self._omitted["teacher note"] += 1
        elif kind == "calculator":
            self._omitted["calculator note"] += 1
        elif kind == "objectives":
            self._objectives(element)
        elif kind == "misconception":
            text = " ".join(self._prose.blocks(element))
            if text:
                self._aside.append(drafts.misconception(self._section, text))
        elif kind == "example":
            self._aside += example_drafts(self._questions, element, section=self._section)
        elif kind == "exercise":
            self._exercise_section(element)
        elif kind == "activity":
            self._omitted["lab, video or simulation"] += 1
            for exercise in element.iter(f"{CNXML}exercise"):
                self._exercise(exercise)
        elif title and title.lower() not in ("note", "notes", "tip"):
            self._flush()
            outer, self._section = self._section, title
            self._walk(element)
            self._flush()
            self._section = outer
        else:
            self._walk(element)

    def _objectives(self, element: etree._Element) -> None:
        lists = list(element.iter(f"{CNXML}list"))
        items = [item for one in lists for item in self._prose.items(one)]
        items = [re.sub(r"[,;]?\s+and$|[.,;]+$", "", item) for item in items]
        if items:
            self._drafts.append(drafts.objective("", items))

    def _summary(self, element: etree._Element) -> None:
        items: list[str] = []
        for part in self._prose.segments(element):
            if isinstance(part, str):
                items.append(part)
            elif local_name(part) == "list":
                items.extend(self._prose.items(part))
            elif local_name(part) in ("table", "figure", "media", "example", "exercise"):
                self._block(part)
            elif note_kind(part) == "teacher":
                self._omitted["teacher note"] += 1
            else:
                items.extend(self._prose.blocks(part))
        if items:
            self._aside.insert(0, drafts.summary(self._section, items))
        self._pictures()

    def _key_equations(self, element: etree._Element) -> None:
        for part in self._prose.segments(element):
            if isinstance(part, str):
                continue
            if local_name(part) == "table":
                self._aside += key_equations(self._prose, part, section=self._section)
            elif local_name(part) == "para" and (found := review_line(self._section, self._prose.inline(part))):
                self._aside += found
            else:
                self._block(part)

    # Pieces

    def _table(self, element: etree._Element) -> None:
        draft = table_draft(self._prose, element, section=self._section)
        if child(element, "title") is not None:
            self._flow.add(self._prose.inline(child(element, "caption")))
        if draft:
            self._aside.append(draft)
        else:
            self._omitted["table without content"] += 1

    def _figure(self, element: etree._Element) -> None:
        alt = self._prose.description(element)
        caption = self._prose.inline(child(element, "caption"))
        if not alt and count_words(caption) < 2:
            self._omitted["figure without description"] += 1
            return
        self._aside.append(drafts.figure(self._section, alt=alt, caption=caption))

    def _pictures(self) -> None:
        """Keep the pictures that stood within running text."""
        for picture in dict.fromkeys(self._prose.pictures):
            self._figure(picture)
        self._prose.pictures.clear()

    def _exercise_section(self, element: etree._Element) -> None:
        """Exercises, each with the text before it that says it is meant for the next ones."""
        stem = Stem()
        self._among_exercises(element, stem)
        self._flow.add(stem.unused)

    def _among_exercises(self, element: etree._Element, stem: Stem) -> None:
        for part in self._prose.segments(element):
            if isinstance(part, str):
                stem.add(part)
            elif local_name(part) == "exercise":
                self._exercise(part, stem=stem.take())
            elif local_name(part) == "section":
                self._subsection(part)
            elif local_name(part) == "note" and (note_kind(part) or self._prose.title(part)):
                self._note(part)
            elif next(part.iter(f"{CNXML}exercise"), None) is not None:
                self._among_exercises(part, stem)
            else:
                stem.add(" ".join(self._questions.block(part)))

    def _exercise(self, element: etree._Element, *, stem: str = "") -> None:
        draft = exercise_draft(self._questions, element, section=self._section, stem=stem)
        if draft:
            self._aside.append(draft)

    def _definition(self, element: etree._Element) -> None:
        term = self._prose.inline(child(element, "term")).rstrip(":")
        meaning = self._prose.inline(child(element, "meaning"))
        if term and meaning:
            self._drafts.append(drafts.definition(term, meaning))
