"""Questions: whether one may be answered, what it is about, and when two ask for the same lesson."""
