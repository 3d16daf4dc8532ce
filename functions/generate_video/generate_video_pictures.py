"""The illustrations of one lesson, made while its scenes are spoken. They are decoration: no lesson fails for one."""

import logging
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Self

from shared import log, usage
from shared import objects as names
from shared.errors import ObjectMissing, PermanentError, TransientError
from shared.lesson.storyboard import ImageVisual, Scene
from shared.services import Services


class Pictures:
    """Asks the illustrator for each picture once, in a thread of its own; what is stored is not asked for again."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="illustrator")
        self._asked: dict[str, Future[bytes | None]] = {}

    @classmethod
    @contextmanager
    def opened(cls, services: Services) -> Iterator[Self]:
        """Pictures whose thread has ended when this is left, whatever happens inside."""
        pictures = cls(services)
        try:
            yield pictures
        finally:
            pictures._thread.shutdown(wait=True, cancel_futures=True)

    def ask(self, scene: Scene) -> None:
        """Have the scene's picture made, where it wants one."""
        if isinstance(scene.visual, ImageVisual):
            made = self._thread.submit(usage.in_this_run(self._made), scene.visual.prompt)
            self._asked[scene.id] = made

    def of(self, scene: Scene) -> bytes | None:
        """The scene's picture as JPEG, when it is there; None for a scene that wants none or cannot have one."""
        return self._asked[scene.id].result() if scene.id in self._asked else None

    @property
    def any_missing(self) -> bool:
        """Whether a scene wanted a picture that it cannot have."""
        return any(made.result() is None for made in self._asked.values())

    def _made(self, prompt: str) -> bytes | None:
        illustrator, objects = self._services.illustrator, self._services.objects
        if not illustrator.model:
            return None
        name = names.scene("illustration", names.fingerprint(illustrator.model, prompt), "jpg")
        try:
            return objects.read(name)
        except ObjectMissing:
            pass
        try:
            picture = illustrator.illustrate(prompt)
        except (TransientError, PermanentError) as error:
            log.event("illustration not made", level=logging.WARNING, error_type=type(error).__name__)
            return None
        if picture is not None:
            objects.write(name, picture, content_type=names.content_type(name))
        return picture
