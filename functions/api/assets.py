"""Objects behind signed links: whole, in parts as a seeking player asks for them, and playlists with links in them."""

import io
from pathlib import Path
from typing import Final, Protocol, cast, runtime_checkable

import flask
from werkzeug.exceptions import RequestedRangeNotSatisfiable
from werkzeug.utils import send_file
from werkzeug.wrappers import Response

from functions.api.bodies import AssetQuery
from functions.api.call import Call
from functions.api.lesson_assets import Linker
from functions.api.problems import Code, Problem, not_found
from shared import objects
from shared.errors import ObjectMissing
from shared.security.links import LinkState, verify_link
from shared.security.playlists import sign_playlist
from shared.services import ObjectStore

CACHE_SECONDS: Final = 300
PLAYLIST: Final = ".m3u8"


@runtime_checkable
class _InFiles(Protocol):
    """A store whose objects are files: parts of them can be read without the rest."""

    def path(self, name: str) -> Path: ...


def asset(call: Call) -> flask.Response:
    """Serve one object to whoever holds a good link."""
    query: AssetQuery = call.query
    name = call.path["name"]
    match verify_link(call.services.settings.secret_key, name, query.expires, query.signature):
        case LinkState.FORGED:
            raise Problem(Code.LINK_INVALID)
        case LinkState.EXPIRED:
            raise Problem(Code.LINK_EXPIRED)
    if name.rpartition(".")[2] not in objects.CONTENT_TYPES:
        raise not_found()
    try:
        content = _content(call, name)
        # `response_class` is what makes it a Flask response.
        response = cast(flask.Response, _partly(content, call.request, cached=not name.endswith(PLAYLIST)))
    except ObjectMissing:
        raise not_found() from None
    except RequestedRangeNotSatisfiable as error:
        length = getattr(error, "length", None)
        raise Problem(
            Code.RANGE_NOT_SATISFIABLE, headers={"Content-Range": f"bytes */{length}"} if length is not None else {}
        ) from None
    response.headers["Content-Type"] = objects.content_type(name)
    response.headers["Accept-Ranges"] = "bytes"
    response.cache_control.private = True  # a lesson is somebody's: no cache that others share keeps it
    return response


def _partly(content: Path | io.BytesIO, request: flask.Request, *, cached: bool) -> Response:
    """The content, or the part of it that the request's headers ask for."""
    return send_file(
        content,
        request.environ,
        mimetype="application/octet-stream",  # the caller sets the real one: it would be given a second charset here
        conditional=True,
        etag=False,
        max_age=CACHE_SECONDS if cached else None,
        response_class=flask.Response,
    )


def _content(call: Call, name: str) -> Path | io.BytesIO:
    store: ObjectStore = call.services.objects
    if name.endswith(PLAYLIST):
        text = store.read(name).decode("utf-8")
        return io.BytesIO(sign_playlist(text, name, Linker(call.services)).encode())
    return store.path(name) if isinstance(store, _InFiles) else io.BytesIO(store.read(name))
