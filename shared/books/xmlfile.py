"""Reading XML that strangers wrote: nothing outside the file is loaded, entities are refused, sizes are bounded."""

from typing import Final

from lxml import etree

from shared.errors import InvalidBook

MAXIMUM_DEPTH: Final = 100  # of elements within each other; real books have about 25
MAXIMUM_BYTES: Final = 20_000_000  # of one file; the longest section of a real book has well under one million

CNXML: Final = "{http://cnx.rice.edu/cnxml}"
COLLECTION: Final = "{http://cnx.rice.edu/collxml}"
METADATA: Final = "{http://cnx.rice.edu/mdml}"


def parse(data: bytes, *, name: str) -> etree._Element:
    """Return the root element; raise InvalidBook naming the file and the line where it is not sound XML."""
    if len(data) > MAXIMUM_BYTES:
        raise InvalidBook(f"{name} is larger than {MAXIMUM_BYTES} bytes", code="book_unreadable", file=name)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None) or 1
        reason = str(error).partition(", line ")[0] or "not XML"
        raise _not_well_formed(name, line, reason) from error
    if root.xpath(f"boolean(//*[count(ancestor::*) >= {MAXIMUM_DEPTH}])"):
        raise _not_well_formed(name, 1, f"elements are nested more than {MAXIMUM_DEPTH} deep")
    for node in root.iter(etree.Entity):
        raise _not_well_formed(
            name, node.sourceline if isinstance(node.sourceline, int) else 1, f"entity {node.text} is not allowed"
        )
    return root


def _not_well_formed(name: str, line: int, reason: str) -> InvalidBook:
    return InvalidBook(
        f"{name}, line {line}: {reason}",
        code="book_not_well_formed",
        message=f"The book cannot be read: {name}, line {line}.",
        file=name,
        line=line,
    )


def text_of(element: etree._Element) -> str:
    """Return all character data below an element."""
    return "".join(str(part) for part in element.itertext())


def local_name(element: etree._Element) -> str:
    """Return the tag without its namespace; empty for what is no element."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def children(element: etree._Element, *names: str) -> list[etree._Element]:
    """Return the child elements, only those of these names where names are given."""
    found = [child for child in element if isinstance(child.tag, str)]
    return [child for child in found if local_name(child) in names] if names else found


def child(element: etree._Element, name: str) -> etree._Element | None:
    """Return the first child of this name."""
    return next(iter(children(element, name)), None)


def classes(element: etree._Element) -> frozenset[str]:
    """Return the words of the class attribute, lower case, with every kind of hyphen the same."""
    return frozenset(element.get("class", "").lower().replace("\u2010", "-").replace("\xad", "").split())
