"""Small CNXML books written for tests."""

from collections.abc import Mapping
from pathlib import Path

DOCUMENT = """<document xmlns="http://cnx.rice.edu/cnxml" xmlns:m="http://www.w3.org/1998/Math/MathML"{attributes}>
<title>{title}</title>
<metadata xmlns:md="http://cnx.rice.edu/mdml"><md:title>{title}</md:title></metadata>
<content>{content}</content>
{glossary}
</document>"""

COLLECTION = """<?xml version="1.0"?>
<col:collection xmlns="http://cnx.rice.edu/collxml" xmlns:md="http://cnx.rice.edu/mdml"
 xmlns:col="http://cnx.rice.edu/collxml" authors="{authors}">
<metadata><md:title>{title}</md:title><md:language>en</md:language>
<md:license url="{licence}">Some licence</md:license><md:slug>{slug}</md:slug></metadata>
<col:content>{content}</col:content>
</col:collection>"""


def document(content: str, *, title: str = "Forces", glossary: str = "", attributes: str = "") -> str:
    """A module."""
    return DOCUMENT.format(content=content, title=title, glossary=glossary, attributes=attributes)


def chapter(title: str, *module_ids: str) -> str:
    """One chapter of a table of contents."""
    modules = "".join(f'<col:module document="{module_id}"/>' for module_id in module_ids)
    return f"<col:subcollection><md:title>{title}</md:title><col:content>{modules}</col:content></col:subcollection>"


def write_book(
    folder: Path,
    modules: Mapping[str, str],
    *,
    contents: str | None = None,
    slug: str = "small",
    title: str = "A Small Book",
    authors: str = "Ada One ,Bo Two,Cy Three",
    licence: str = "http://creativecommons.org/licenses/by/4.0/",
) -> Path:
    """Write a book of these modules, all in one chapter unless `contents` says otherwise; return its folder."""
    (folder / "collections").mkdir(parents=True, exist_ok=True)
    text = COLLECTION.format(
        title=title,
        slug=slug,
        authors=authors,
        licence=licence,
        content=chapter("Motion", *modules) if contents is None else contents,
    )
    (folder / "collections" / f"{slug}.collection.xml").write_text(text, encoding="utf-8")
    for module_id, module in modules.items():
        (folder / "modules" / module_id).mkdir(parents=True, exist_ok=True)
        (folder / "modules" / module_id / "index.cnxml").write_text(module, encoding="utf-8")
    return folder
