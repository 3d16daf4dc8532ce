"""The acceptance check of a running system, as an outsider makes it: over HTTP alone, looking at what it is given."""
