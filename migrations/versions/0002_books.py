"""The books: sources, their modules, and the passages that lessons cite, searchable by words and by meaning.

The passage kinds mean:
  explanation    running text of a section, about 200 words
  objective      what the reader will be able to do
  definition     one glossary term and its meaning
  example        a problem worked in the text
  exercise       a question to the reader, with its solution where there is one
  summary        the section's own summary
  equation       a displayed formula with its name or explanation
  steps          an enumerated process
  table          a comparison in rows and columns
  misconception  a common error and its correction
  figure         a picture's description and caption
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR, UUID
from sqlalchemy.types import UserDefinedType

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KINDS = (
    "explanation",
    "objective",
    "definition",
    "example",
    "exercise",
    "summary",
    "equation",
    "steps",
    "table",
    "misconception",
    "figure",
)


class Vector(UserDefinedType):
    cache_ok = True

    def get_col_spec(self, **_: object) -> str:
        return "vector(384)"


def _text(name: str, *, empty: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text, nullable=False, server_default="" if empty else None)


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS vector")
    op.create_table(
        "sources",
        _text("slug"),
        _text("title"),
        _text("language"),
        _text("licence"),
        _text("licence_url", empty=True),
        _text("attribution"),
        _text("url", empty=True),
        _text("content_hash"),
        _text("embedding_model"),
        sa.Column("ingested_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("now()")),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_sources")),
    )
    op.create_table(
        "modules",
        _text("module_id"),
        _text("source"),
        _text("title"),
        _text("chapter", empty=True),
        _text("number", empty=True),
        sa.Column("position", sa.Integer, nullable=False),
        _text("url", empty=True),
        sa.PrimaryKeyConstraint("module_id", name=op.f("pk_modules")),
        sa.ForeignKeyConstraint(
            ["source"], ["sources.slug"], ondelete="CASCADE", name=op.f("fk_modules_source_sources")
        ),
    )
    op.create_index(op.f("ix_modules_source"), "modules", ["source"])
    op.create_table(
        "passages",
        sa.Column("passage_id", UUID(as_uuid=True), nullable=False),
        _text("module_id"),
        sa.Column("position", sa.Integer, nullable=False),
        _text("section", empty=True),
        _text("kind"),
        _text("text"),
        sa.Column("structure", JSONB, nullable=False),
        _text("content_hash"),
        _text("index_hash"),
        sa.Column("lexemes", TSVECTOR, nullable=False),
        sa.Column("embedding", Vector(), nullable=False),
        sa.PrimaryKeyConstraint("passage_id", name=op.f("pk_passages")),
        sa.ForeignKeyConstraint(
            ["module_id"], ["modules.module_id"], ondelete="CASCADE", name=op.f("fk_passages_module_id_modules")
        ),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_passages_kind")),
    )
    op.create_index("ix_passages_module_id_position", "passages", ["module_id", "position"])
    op.create_index("ix_passages_lexemes", "passages", ["lexemes"], postgresql_using="gin")
    # Vectors stay in the row: every search reads all of them, and fetching each from aside takes five times as long.
    op.execute("ALTER TABLE passages ALTER COLUMN embedding SET STORAGE PLAIN")


def downgrade() -> None:
    for table in ("passages", "modules", "sources"):
        op.drop_table(table)
    # The extension stays: it may have been there before, and other schemas may use it.
