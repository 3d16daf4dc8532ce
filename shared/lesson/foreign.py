"""What no text of a lesson may hold, whoever wrote it: addresses to go to, hidden characters, markup, orders.

A lesson names no place outside itself but the books' own, in its credits; there `shared.lesson.rules` compares them.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic import BaseModel

from shared.lesson.storyboard import Scene, Storyboard
from shared.questions.rules_injection import PROMPT_INJECTION

_DOMAINS: Final = (
    "com|org|net|edu|gov|io|co|info|biz|app|dev|ai|me|tv|xyz|site|online|shop|link|click|top|club|to|gg|ly|us|uk|de|fr"
    "|eu|ru|cn|example|test|local|onion"
)
_ADDRESS: Final = re.compile(
    r"\b[a-z][a-z0-9+.-]{1,20}://"
    r"|\bwww\.|\bjavascript:|\bdata:\w+/|\bmailto:|\bfile:/"
    rf"|\b[\w-]{{2,64}}\.(?:{_DOMAINS})\b"
    rf"|\b[\w-]{{1,64}} dot (?:{_DOMAINS})\b"
    r"|\b[\w.+-]{1,64} ?(?:@|\(at\)|\[at\]) ?[a-z][\w-]*(?:\.| dot )[a-z]{2,}"
    r"|\+\d{1,3}[ .-]?\(?\d{1,4}\)?(?:[ .-]\d{2,4}){2,4}\b|\(\d{3}\) ?\d{3}[ .-]\d{4}\b|\b\d{3}[.-]\d{3}[.-]\d{4}\b"
    r"|(?<![\w.,–-])\d{3}-\d{4}(?![\w,–-])"
    r"|\b(?:call|text|phone|dial|whatsapp)\b[^.]{0,20}\b\d{3}[\d -]{4,}"
    r"|\b\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\b",
    re.IGNORECASE,
)
# Tags, links and fences; "x < 3" is none of them.
_MARKUP: Final = re.compile(r"</?[A-Za-z][\w:-]*(?:\s[^<>]*)?/?>|<!--|&(?:[a-z]+|#\d+);|\]\([^)]*\)|```|\{\{|\$\{|<\|")
_COMMANDS: Final = re.compile(
    r"\\(?:href|url|input|include\w*|write|immediate|openout|read|def|[egx]def|let|newcommand|renewcommand|csname"
    r"|catcode|special|html\w*|usepackage|verb\w*)\b"
)
_PLOT: Final = re.compile(r"(?:\d+(?:\.\d+)?|\.\d+|\b(?:x|pi|sin|cos|exp|sqrt|abs)\b|[-+*/()\s])*")
_NAME: Final = re.compile(r"[\w -]{0,40}")
# Orders as they would stand in a book for whoever writes from it. Those of questions are in `shared.questions`.
_ORDER: Final = re.compile(
    r"\byou are now (?:an? |the |in )"
    r"|\b(?:cite|quote|use) (?:only |no )?passages? (?:p?\d|[0-9a-f]{8}-)"
    r"|\b(?:every|each|all) (?:sentences?|scenes?|lessons?|answers?)\b.{0,40}\bmust (?:begin|start|end|contain|say)\b"
    r"|\b(?:request|lesson|job)s?\b.{0,40}\b(?:is|are|be) (?:marked|set) (?:as|to) (?:failed|completed|done|finished)\b"
    r"|\b(?:run|invoke|execute) the (?:tool|function|command|script)\b|\bthe tool (?:named|called)\b"
    r"|\b(?:assistant|language model|chatbot|writer),? (?:must|should|has to|shall|add|write|answer|say|tell)\b",
)
# Not texts to be read: checked by the schema, against the passages, or as what they are.
_OTHERWISE: Final = frozenset(
    {"kind", "citations", "citation", "layout", "style", "language", "degraded", "sources", "latex", "expression"}
    | {"attribution", "licence", "url"}
)
_NAMES: Final = frozenset({"id", "source", "target", "node", "motif"})


@dataclass(frozen=True, slots=True)
class Text:
    """A text of a storyboard and where it stands; `scene_id` is empty beside the scenes."""

    scene_id: str
    field: str
    text: str


def texts(storyboard: Storyboard) -> Iterator[Text]:
    """Every text that a student hears or reads, and every name that a drawing goes by."""
    for scene in storyboard.scenes:
        yield from of_scene(scene)
    yield from _walk(storyboard.model_dump(mode="json", exclude={"scenes"}), "", "")


def of_scene(scene: Scene) -> Iterator[Text]:
    """Every text and name of one scene."""
    yield from _walk(scene.model_dump(mode="json"), scene.id, "")


def _walk(value: Any, scene_id: str, field: str) -> Iterator[Text]:
    if isinstance(value, str):
        yield Text(scene_id, field, value)
    elif isinstance(value, Mapping):
        for key, part in value.items():
            if key not in _OTHERWISE or key in {"latex", "expression"}:
                yield from _walk(part, scene_id, key)
    elif isinstance(value, list):
        for part in value:
            yield from _walk(part, scene_id, field)


def in_part(part: BaseModel | str) -> bool:
    """Whether any text of a part of a lesson holds what none may hold."""
    value = part if isinstance(part, str) else part.model_dump(mode="json")
    return any(_found(text) for text in _walk(value, "", ""))


def _found(text: Text) -> bool:
    words = text.field not in {"latex", "expression"} and order(text.text)
    return bool(address(text.text) or hidden(text.text) or markup(text) or words)


def address(text: str) -> str:
    """The first address in a text: of the web, of e-mail, of a telephone; empty where there is none."""
    match = _ADDRESS.search(unicodedata.normalize("NFKC", text))
    return match[0] if match else ""


def hidden(text: str) -> str:
    """The name of the first character without a shape of its own; empty where there is none."""
    for character in text:
        if unicodedata.category(character) in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}:
            return f"U+{ord(character):04X}"
    return ""


def order(text: str) -> str:
    """The rule by which a text gives the system orders; empty where it gives none."""
    plain = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    if _ORDER.search(plain):
        return "order_in_a_book"
    return next((rule.name for rule in PROMPT_INJECTION.rules if rule.matches(plain)), "")


def markup(text: Text) -> str:
    """What in a text is markup, or no text of its kind; empty where there is none."""
    if text.field == "latex":
        match = _COMMANDS.search(text.text) or _MARKUP.search(text.text)
    elif text.field == "expression":
        return "" if _PLOT.fullmatch(text.text) else "an expression of more than arithmetic"
    elif text.field in _NAMES:
        return "" if _NAME.fullmatch(text.text) else f"a name in {text.field} of more than letters"
    else:
        match = _MARKUP.search(text.text)
    return match[0][:20] if match else ""
