"""What can go wrong, by what has to happen next.

PipelineError
├── TransientError      raised: the lease is released, the bus backs off and delivers again
│   └── RequestBusy     another delivery holds the request
├── PermanentError      the request is failed with `code`; the message is acknowledged
│   └── ContentRefused, ContentNotFound, InvalidStoryboard, InvalidBook, AttemptsExhausted …
├── MalformedMessage    no request to mark: delivered again until it is dead-lettered
└── WorkSuperseded      another run took the request over, or it ended: stop quietly
"""

from typing import Any


class PipelineError(Exception):
    """Base of the errors above. `str(error)` is for operators and never holds student text."""


class TransientError(PipelineError):
    """May go away by itself: time-outs, 429, 5xx, dropped connections."""


class RequestBusy(TransientError):
    """Another delivery holds the request; this one counts as no attempt."""


class PermanentError(PipelineError):
    """Will not go away by trying again.

    `code` is stable, for machines; `message` is for the student; `details` for operators.
    """

    code = "permanent_error"
    message = "This lesson could not be made."

    def __init__(self, reason: str, *, code: str | None = None, message: str | None = None, **details: Any) -> None:
        super().__init__(reason)
        self.code = code or self.code
        self.message = message or self.message
        self.details = details


class ContentRefused(PermanentError):
    """The question is unsafe, private, off topic, or an instruction to the system."""

    code = "content_refused"
    message = "This question cannot be answered here."


class ContentNotFound(PermanentError):
    """No ingested book covers the question."""

    code = "content_not_found"
    message = "None of the books here covers this question."


class InvalidStoryboard(PermanentError):
    """The script breaks a rule of a lesson and could not be repaired."""

    code = "invalid_storyboard"
    message = "The script for this lesson did not pass its checks."


class InvalidMedia(PermanentError):
    """A produced artefact does not open or is not what it should be."""

    code = "invalid_media"
    message = "The video for this lesson did not pass its checks."


class InvalidBook(PermanentError):
    """A source is not a book that can be ingested."""

    code = "invalid_book"
    message = "This file is not a book that can be read."


class AttemptsExhausted(PermanentError):
    """A stage failed as often as it may."""

    code = "attempts_exhausted"
    message = "Something kept going wrong while this lesson was made. You can try again."


class MalformedMessage(PipelineError):
    """The message is not one of ours: nothing can be marked, so it goes to the dead letters."""


class WorkSuperseded(PipelineError):
    """The request was taken over, cancelled or ended while this run worked on it."""


class ObjectMissing(PipelineError):
    """No object of that name is stored."""
