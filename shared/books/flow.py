"""The running text of one section while it is read: paragraphs, and the formulas displayed between them."""

from dataclasses import dataclass

from shared.books import drafts, equations
from shared.books.book import Draft
from shared.books.cutting import cut
from shared.books.text import closed, sentences, squeeze


@dataclass(frozen=True, slots=True)
class _Displayed:
    """A formula on a line of its own."""

    text: str  # `$LaTeX$` and the punctuation after it
    name: str


class Flow:
    """Collects prose and formulas in order; `drafts` turns them into passages."""

    def __init__(self) -> None:
        self._items: list[str | _Displayed] = []

    def add(self, text: str) -> None:
        """Add a paragraph."""
        if text:
            self._items.append(text)

    def add_list(self, text: str) -> None:
        """Add a list as text; it continues the paragraph that announces it."""
        if not text:
            return
        if self._items and isinstance(last := self._items[-1], str) and last.endswith(":"):
            self._items[-1] = f"{last} {text}"
        else:
            self._items.append(text)

    def display(self, text: str, *, name: str = "") -> None:
        """Add a displayed formula."""
        if text:
            self._items.append(_Displayed(text, name))

    def announcement(self) -> str:
        """Return the sentence that announces what follows ("The steps are:"), without its colon; or nothing."""
        last = self._items[-1] if self._items else ""
        if not isinstance(last, str) or not last.endswith(":"):
            return ""
        return sentences(last)[-1].rstrip(":")

    def drafts(self, section: str) -> list[Draft]:
        """Return the explanation in passages, then its formulas."""
        explanations = [drafts.explanation(section, text) for text in cut(self._paragraphs())]
        return [*explanations, *self._equations(section)]

    def _paragraphs(self) -> list[str]:
        """Paragraphs with their formulas inside; a paragraph that goes on after a formula is one."""
        out: list[str] = []
        after_formula = False
        for item in self._items:
            if isinstance(item, _Displayed):
                out[-1:] = [f"{out[-1]} {item.text}"] if out else [item.text]
                after_formula = True
                continue
            if out and item[0].islower():
                comma = "," if after_formula and out[-1].endswith("$") and item.startswith("where ") else ""
                out[-1] = squeeze(f"{out[-1]}{comma} {item}")
            else:
                if after_formula:
                    out[-1] = closed(out[-1].rstrip(","))
                out.append(item)
            after_formula = False
        if after_formula and out:
            out[-1] = closed(out[-1].rstrip(","))
        return out

    def _equations(self, section: str) -> list[Draft]:
        found: list[Draft] = []
        for position, item in enumerate(self._items):
            if not isinstance(item, _Displayed):
                continue
            before = next((one for one in reversed(self._items[:position]) if isinstance(one, str)), "")
            after = next((one for one in self._items[position + 1 :] if isinstance(one, str)), "")
            around = equations.context(before, item.text.rstrip(",.;"), after)
            stated = equations.formulas(item.text) or [equations.from_prose(item.text.rstrip(",.;"))]
            found += [
                drafts.equation(section, latex=latex, name=item.name, context=around) for latex in stated if latex
            ]
        return found
