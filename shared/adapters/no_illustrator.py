"""No illustrations: the drawing that stands in for one is used, and the lesson says so."""


class NoIllustrator:
    """Implements the `Illustrator` port."""

    model = ""

    def illustrate(self, prompt: str) -> bytes | None:
        """Return None."""
        return None
