"""The words of the e-mail: for a child, and whoever reads along; nothing of the question is in it."""

from typing import Final

from shared.db.notifications import Recipient
from shared.services import Mail

SUBJECT: Final = "Your lesson is ready"
_TOPIC_CHARACTERS: Final = 120

_TEXT: Final = """\
Hello!

{what} is ready. Sign in to watch it:
{url}/

This message was sent by itself because a lesson was asked for in Vividly with your school account.
It holds no link that signs you in, and nobody reads answers to it.
"""


def ready_mail(recipient: Recipient, identifier: str, public_url: str) -> Mail:
    """The e-mail that says that the lesson can be watched. The topic is the title of sections of a book."""
    topic = " ".join(recipient.topic.split())
    if len(topic) > _TOPIC_CHARACTERS:
        topic = topic[: _TOPIC_CHARACTERS - 1].rstrip() + "…"
    what = f"Your lesson “{topic}”" if topic else "Your lesson"
    return Mail(
        message_id=identifier,
        recipient=recipient.email,
        subject=SUBJECT,
        text=_TEXT.format(what=what, url=public_url.rstrip("/")),
    )
