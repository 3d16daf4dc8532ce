"""The tables of the books."""

from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR, UUID
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.types import UserDefinedType

from shared.books import EMBEDDING_DIMENSIONS
from shared.db.models import metadata
from shared.enums import PassageKind

SEARCH_CONFIGURATION: Final = "english"  # stems and stop words of `passages.lexemes` and of every query


class Vector(UserDefinedType[list[float]]):
    """pgvector's type. Values travel as text, "[0.1,0.2]", and are cast: the driver leaves parameters untyped."""

    cache_ok = True

    def __init__(self, dimensions: int | None = None) -> None:
        self.dimensions = dimensions

    def get_col_spec(self, **_: Any) -> str:
        """The type as SQL writes it."""
        return "vector" if self.dimensions is None else f"vector({self.dimensions})"


ischema_names["vector"] = Vector  # so that a comparison of models and database knows the type


def vector_literal(values: list[float]) -> str:
    """Return a vector as the text that PostgreSQL casts to `vector`."""
    return "[" + ",".join(f"{value:.7g}" for value in values) + "]"


sources = sa.Table(
    "sources",
    metadata,
    sa.Column("slug", sa.Text, primary_key=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("language", sa.Text, nullable=False),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("licence_url", sa.Text, nullable=False, server_default=""),
    sa.Column("attribution", sa.Text, nullable=False),
    sa.Column("url", sa.Text, nullable=False, server_default=""),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("embedding_model", sa.Text, nullable=False),
    sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
)

modules = sa.Table(
    "modules",
    metadata,
    sa.Column("module_id", sa.Text, primary_key=True),
    sa.Column("source", sa.Text, sa.ForeignKey("sources.slug", ondelete="CASCADE"), nullable=False, index=True),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("chapter", sa.Text, nullable=False, server_default=""),
    sa.Column("number", sa.Text, nullable=False, server_default=""),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("url", sa.Text, nullable=False, server_default=""),
)

passages = sa.Table(
    "passages",
    metadata,
    sa.Column("passage_id", UUID(as_uuid=False), primary_key=True),
    sa.Column("module_id", sa.Text, sa.ForeignKey("modules.module_id", ondelete="CASCADE"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("section", sa.Text, nullable=False, server_default=""),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("structure", JSONB, nullable=False),
    sa.Column("content_hash", sa.Text, nullable=False),
    sa.Column("index_hash", sa.Text, nullable=False),  # of the text that `lexemes` and `embedding` were made from
    sa.Column("lexemes", TSVECTOR, nullable=False),
    sa.Column("embedding", Vector(EMBEDDING_DIMENSIONS), nullable=False),
    sa.CheckConstraint("kind IN ({})".format(", ".join(f"'{kind}'" for kind in PassageKind)), name="kind"),
    sa.Index("ix_passages_module_id_position", "module_id", "position"),
    sa.Index("ix_passages_lexemes", "lexemes", postgresql_using="gin"),
)


def ingested_books(connection: sa.Connection) -> list[str]:
    """The slugs of the books that are held, sorted; none where the table is not there yet."""
    if not sa.inspect(connection).has_table(sources.name):
        return []
    return list(connection.scalars(sa.select(sources.c.slug).order_by(sources.c.slug)))
