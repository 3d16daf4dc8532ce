"""All three parts, against one server."""

from collections.abc import Callable

from local.acceptance import authentication, clarification, happy_path
from local.acceptance.checklist import Checklist, Result
from local.accounts import SignIn
from local.client import Client, Refused, Unreachable


def accept(url: str, student: SignIn, other: SignIn | None, show: Callable[[Result], None]) -> Checklist:
    """Check the system at `url`; `other` is a second student, who must see nothing of the first."""
    checklist = Checklist(show)
    client = Client(url)
    if authentication.run(checklist, client, student.email, student.password):
        clarification.run(checklist, client)
        happy_path.run(checklist, client, _second(url, other))
    return checklist


def _second(url: str, other: SignIn | None) -> Client | None:
    if other is None:
        return None
    client = Client(url)
    try:
        client.login(other.email, other.password)
    except (Refused, Unreachable):
        return None
    return client
