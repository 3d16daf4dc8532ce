"""What there is of a lesson so far, as links."""

import time
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from functions.api.answers import Assets
from functions.api.remembered import Remembered
from shared import objects
from shared.db.views import RequestView
from shared.enums import Modality
from shared.security.links import asset_url
from shared.services import Services

_WRITTEN: Final = {"storyboard": objects.STORYBOARD, "transcript": objects.TRANSCRIPT}
_SPOKEN: Final = _WRITTEN | {"audio": objects.NARRATION, "captions": objects.CAPTIONS}
_SHOWN: Final = _SPOKEN | {"video": objects.VIDEO, "thumbnail": objects.POSTER, "hls": objects.HLS_PLAYLIST}
NAMES: Final[Mapping[Modality, Mapping[str, str]]] = MappingProxyType(
    {Modality.TEXT: _WRITTEN, Modality.AUDIO: _SPOKEN, Modality.VIDEO: _SHOWN}
)

_stored: Final[Remembered[bool]] = Remembered()


def assets(services: Services, view: RequestView) -> Assets:
    """Return links to what was asked for and is stored."""
    if view.storyboard_digest is None:
        return Assets()
    link = Linker(services)
    names = {kind: objects.lesson(view.storyboard_digest, name) for kind, name in NAMES[view.modality].items()}
    return Assets(**{kind: link(name) for kind, name in names.items() if _is_stored(services, name)})


def _is_stored(services: Services, name: str) -> bool:
    if _stored.get(name):
        return True
    if not services.objects.exists(name):
        return False
    _stored.keep(name, True)
    return True


class Linker:
    """Makes links that end together, so that one answer stays right as a whole; see `window`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._expires = int((window(services) + 2) * _half(services))
        self._made: dict[str, str] = {}

    def __call__(self, name: str) -> str:
        """Return a link that reads this object, and what it refers to."""
        # One link for an object, however often it is named: to a player the parts of a file are those of one URL.
        if name not in self._made:
            self._made[name] = self._link(name)
        return self._made[name]

    def _link(self, name: str) -> str:
        settings = self._services.settings
        if name.endswith(".m3u8"):
            # The api serves playlists wherever objects lie: it signs the references in them.
            return asset_url(settings.public_url, settings.secret_key, name, self._expires)
        # What is left now: looking for the objects before this one may have taken seconds.
        left = timedelta(seconds=self._expires - time.time())
        return self._services.objects.signed_url(name, expires_in=left)


def window(services: Services) -> int:
    """The number of the stretch of time in which links end at the same moment.

    A stretch is half as long as links may last, so a link is good for between a half and the whole of that. It is
    part of the ETag: an answer whose links are about to end counts as changed.
    """
    return int(time.time() // _half(services))


def _half(services: Services) -> float:
    return services.settings.asset_link_minutes * 60 / 2
