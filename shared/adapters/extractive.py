"""The offline writer: no model, no network. Lessons are composed from the textbook's own structure."""

from shared.lesson.compose import compose
from shared.lesson.storyboard import Storyboard
from shared.services import LessonBrief


class ExtractiveWriter:
    """Implements the `Writer` port; the same brief always gives the same storyboard."""

    def storyboard(self, brief: LessonBrief) -> Storyboard:
        """Return a storyboard that cites only passages of the brief and keeps every rule of `shared.lesson.rules`.

        Raises ContentNotFound where the passages hold too little, InvalidStoryboard where no plan keeps the rules.
        """
        return compose(brief)
