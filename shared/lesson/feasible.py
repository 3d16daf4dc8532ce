"""What no writer is asked for: languages that the books are not in, lengths that are no lesson."""

from typing import Final

from shared.errors import InvalidStoryboard
from shared.services import LessonBrief

_SECONDS: Final = (30, 300)


def check(brief: LessonBrief) -> None:
    """Return where a lesson can be asked for so; raise InvalidStoryboard where not."""
    # The rules of a lesson, what may be claimed and how hard it is to read, are measured in English.
    if brief.language.lower().split("-")[0] != "en":
        raise InvalidStoryboard(
            "a lesson keeps to the language of the books",
            code="language_not_supported",
            message="Lessons can be made in English only here.",
            language=brief.language,
        )
    if not _SECONDS[0] <= brief.duration_seconds <= _SECONDS[1]:
        raise InvalidStoryboard(
            f"a lesson of {brief.duration_seconds} s cannot be planned", seconds=brief.duration_seconds
        )
