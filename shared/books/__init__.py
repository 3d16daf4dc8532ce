"""Textbooks: parsing, cutting into passages, indexing and searching them."""

from typing import Final

# The width of the `passages.embedding` column; every embedding adapter returns vectors of this length.
EMBEDDING_DIMENSIONS: Final = 384
