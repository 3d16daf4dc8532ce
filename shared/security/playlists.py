"""HLS playlists whose every reference is a signed link: a player follows them as they stand, without signing in.

The tags that carry a URI as an attribute: RFC 8216 sections 4.3.2.4, 4.3.2.5, 4.3.4.1 and 4.3.4.3.
"""

import posixpath
import re
from collections.abc import Callable

_ATTRIBUTE = re.compile(r'URI="([^"]*)"')


def sign_playlist(text: str, playlist: str, sign: Callable[[str], str]) -> str:
    """Return the playlist with each relative reference replaced by `sign(object name)`.

    `playlist` is the name of the object that holds it; references are relative to its folder.
    """
    folder = posixpath.dirname(playlist)

    def link(reference: str) -> str:
        if "://" in reference:
            return reference
        return sign(posixpath.normpath(posixpath.join(folder, reference)))

    def line(content: str) -> str:
        if content.startswith("#"):
            return _ATTRIBUTE.sub(lambda match: f'URI="{link(match[1])}"', content)
        return link(content) if content.strip() else content

    return "\n".join(line(content) for content in text.splitlines()) + "\n"
