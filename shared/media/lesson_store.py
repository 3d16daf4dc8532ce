"""A lesson's artefacts in the object store, by the digest of its storyboard."""

from pydantic import ValidationError

from shared import objects as names
from shared.errors import InvalidStoryboard, ObjectMissing
from shared.lesson.storyboard import Storyboard
from shared.services import ObjectStore


class LessonStore:
    """Reads and writes what belongs to one lesson."""

    def __init__(self, objects: ObjectStore, digest: str | None) -> None:
        if digest is None:
            raise InvalidStoryboard("the request has no storyboard", code="storyboard_missing")
        self.objects = objects
        self.digest = digest

    def storyboard(self) -> Storyboard:
        """The lesson's script; raise InvalidStoryboard where it is gone or not one of ours."""
        try:
            return Storyboard.model_validate_json(self.read(names.STORYBOARD))
        except ObjectMissing as error:
            raise InvalidStoryboard("the storyboard is not stored", code="storyboard_missing") from error
        except ValidationError as error:
            # Without the error's own text: it quotes the storyboard.
            raise InvalidStoryboard(f"the storyboard has {error.error_count()} errors") from None

    def read(self, name: str) -> bytes:
        """The bytes of an artefact; raise ObjectMissing."""
        return self.objects.read(names.lesson(self.digest, name))

    def write(self, name: str, data: bytes) -> None:
        """Store an artefact."""
        self.objects.write(names.lesson(self.digest, name), data, content_type=names.content_type(name))
