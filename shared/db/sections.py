"""The sections of all books, without their text: what a student can be offered."""

from dataclasses import dataclass

import sqlalchemy as sa


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One section of a book."""

    module_id: str
    title: str
    chapter: str
    book: str
    source: str  # slug of the book


_SECTIONS = sa.text("""
    SELECT m.module_id, m.title, m.chapter, s.title AS book, m.source
    FROM modules m JOIN sources s ON s.slug = m.source
    WHERE m.number <> '' OR NOT EXISTS (SELECT FROM modules n WHERE n.source = m.source AND n.number <> '')
    ORDER BY m.source, m.position
""")


def sections(connection: sa.Connection) -> tuple[Section, ...]:
    """All sections in the order of the books. In a book that numbers them, the unnumbered are front or back matter."""
    return tuple(Section(**row) for row in connection.execute(_SECTIONS).mappings())
