"""The tables of the books."""
