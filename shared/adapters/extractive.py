"""The offline writer: no model, no network. Lessons are composed from the textbook's own structure."""

from collections.abc import Sequence

from shared.lesson.compose import compose
from shared.lesson.rules import Violation
from shared.lesson.storyboard import Storyboard
from shared.services import Clarification, ClarificationBrief, LessonBrief


class ExtractiveWriter:
    """Implements the `Writer` port; the same brief always gives the same storyboard."""

    def storyboard(self, brief: LessonBrief) -> Storyboard:
        """Return a storyboard that cites only passages of the brief and keeps every rule of `shared.lesson.rules`.

        Raises ContentNotFound where the passages hold too little, InvalidStoryboard where no plan keeps the rules.
        """
        return compose(brief)

    def revise(self, brief: LessonBrief, storyboard: Storyboard, violations: Sequence[Violation]) -> Storyboard:
        """Return the storyboard unchanged: the same brief would be composed in the same way again."""
        return storyboard

    def clarification(self, brief: ClarificationBrief) -> Clarification:
        """Ask in the words that were given, and offer all that was found."""
        return Clarification(text=brief.text, order=tuple(range(len(brief.options))), reasoning="")
