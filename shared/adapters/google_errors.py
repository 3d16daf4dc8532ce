"""What Google Cloud's clients raise, in the words of `shared.errors`: the base of these adapters' tables.

An adapter puts its own rows first, for the first that matches counts: `(*ITS_OWN, *GOOGLE_API_ERRORS)`.
"""

from typing import Final

from google.api_core import exceptions as api
from google.auth import exceptions as auth

from shared.adapters.translate import ErrorTable
from shared.errors import PermanentError, TransientError


def misdeployed(text: str) -> TransientError:
    """The error of something that only whoever deploys can mend: a name, a grant, an enabled service, credentials."""
    # No fault of the request, so it is kept and delivered again: the mended deployment goes on with it.
    return TransientError(f"{text}; the deployment lacks a resource, a grant or credentials")


GOOGLE_API_ERRORS: Final[ErrorTable] = (
    (api.Unauthenticated, misdeployed),
    (api.Unauthorized, misdeployed),
    (api.Forbidden, misdeployed),
    (api.NotFound, misdeployed),
    (api.FailedPrecondition, misdeployed),
    (api.TooManyRequests, TransientError),
    (api.Cancelled, TransientError),
    (api.Conflict, TransientError),
    (api.MethodNotImplemented, PermanentError),
    (api.ServerError, TransientError),
    (api.ClientError, PermanentError),
    # Given up by the client before the server answered, and all that a later release of it may add.
    (api.RetryError, TransientError),
    (api.GoogleAPIError, TransientError),
    (auth.TransportError, TransientError),
    (auth.TimeoutError, TransientError),
    (auth.GoogleAuthError, misdeployed),
)
