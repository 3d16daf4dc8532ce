"""What a push may be before it is kept in memory: the framework takes whatever length comes."""

from collections.abc import Callable
from typing import Final

import flask
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import BadRequest, HTTPException, RequestEntityTooLarge
from werkzeug.wsgi import get_input_stream

# Messages are references of less than a hundredth of this; what the bus itself puts around one is less than a tenth.
# Ten megabytes, which Pub/Sub would take, are 40 MB in memory until the collector of cycles comes round.
LONGEST: Final = 1_000_000  # bytes
_SKIPPED: Final = 32 * 1024 * 1024  # bytes; the front end of the cloud lets no longer ones in
_PIECE: Final = 65_536


def limit() -> None:
    """Have the function that is being loaded refuse longer ones; where there is no server yet, do nothing.

    functions-framework loads a function's module within the context of its application.
    """
    if flask.has_app_context():
        flask.current_app.config["MAX_CONTENT_LENGTH"] = LONGEST
        when_refused(_refuse)


def when_refused(answer: Callable[[HTTPException], ResponseReturnValue]) -> None:
    """Have `answer` answer what the framework refuses in the function that is being loaded.

    That is 413 where a push says how long it is, and 400 where it comes in chunks, of which the last are cut off, or
    where no event can be made of it.
    """
    if flask.has_app_context():
        for refusal in (RequestEntityTooLarge, BadRequest):
            flask.current_app.register_error_handler(refusal, answer)


def skip() -> None:
    """Read what is left of a push that was refused for its length, piece by piece, and keep none of it.

    Who sends does not hear an answer that is given before: the server closes the connection while they write.
    """
    declared = flask.request.content_length
    if declared is not None and declared <= LONGEST:
        return  # read whole before anything in it was refused
    rest = get_input_stream(flask.request.environ)
    for _ in range(_SKIPPED // _PIECE):
        if not rest.read(_PIECE):
            return


def _refuse(error: HTTPException) -> ResponseReturnValue:
    skip()
    # Without the description: the framework puts all that it was given in it.
    return "", error.code or BadRequest.code
