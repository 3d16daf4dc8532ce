"""Each error of Google Cloud's clients becomes the one of ours that says what has to happen next."""

import pytest
from google.api_core import exceptions as api
from google.auth import exceptions as auth

from shared.adapters.google_errors import GOOGLE_API_ERRORS
from shared.adapters.translate import translated
from shared.errors import ContentRefused, PermanentError, PipelineError, TransientError

PASSES = [
    api.Aborted("x"),
    api.AlreadyExists("x"),
    api.BadGateway("x"),
    api.Cancelled("x"),
    api.DataLoss("x"),
    api.DeadlineExceeded("x"),
    api.GatewayTimeout("x"),
    api.InternalServerError("x"),
    api.ResourceExhausted("x"),
    api.RetryError("x", None),
    api.ServiceUnavailable("x"),
    api.TooManyRequests("x"),
    api.Unknown("x"),
    api.from_http_status(422, "x"),  # a number that the library has no class for
    api.from_http_status(599, "x"),
    auth.TimeoutError("x"),
    auth.TransportError("x"),
]
NEEDS_THE_DEPLOYER = [
    api.FailedPrecondition("x"),
    api.Forbidden("x"),
    api.NotFound("x"),
    api.PermissionDenied("x"),
    api.Unauthenticated("x"),
    api.Unauthorized("x"),
    auth.DefaultCredentialsError("x"),
    auth.RefreshError("x"),
]
STAYS = [
    api.BadRequest("x"),
    api.InvalidArgument("x"),
    api.MethodNotImplemented("x"),
    api.OutOfRange("x"),
]


def name(error: Exception) -> str:
    return type(error).__name__


def raised(error: Exception) -> BaseException:
    with pytest.raises(PipelineError) as caught, translated(GOOGLE_API_ERRORS, "a call"):
        raise error
    assert caught.value.__cause__ is error
    return caught.value


@pytest.mark.parametrize("error", PASSES, ids=name)
def test_what_may_pass_is_tried_again(error: Exception) -> None:
    ours = raised(error)
    assert type(ours) is TransientError
    assert str(ours) == f"a call: {name(error)}"


@pytest.mark.parametrize("error", NEEDS_THE_DEPLOYER, ids=name)
def test_what_the_deployment_lacks_loses_no_message_and_is_said(error: Exception) -> None:
    ours = raised(error)
    assert type(ours) is TransientError
    assert "deployment" in str(ours)


@pytest.mark.parametrize("error", STAYS, ids=name)
def test_what_was_wrong_with_the_call_is_not_tried_again(error: Exception) -> None:
    assert type(raised(error)) is PermanentError


def test_every_error_of_the_client_library_is_known() -> None:
    """Also those that a later release adds: they descend from one base."""
    for kind in (api.GoogleAPIError, auth.GoogleAuthError):
        ours = raised(kind("x"))
        assert isinstance(ours, PipelineError)


def test_the_text_of_the_client_library_is_not_repeated() -> None:
    assert "student" not in str(raised(api.InvalidArgument("the student wrote this")))


def test_what_is_no_error_of_the_client_library_passes_unchanged() -> None:
    for error in (ContentRefused("x"), KeyError("x")):
        with pytest.raises(type(error)) as caught, translated(GOOGLE_API_ERRORS, "a call"):
            raise error
        assert caught.value is error
