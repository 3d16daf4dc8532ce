"""From an SDK's errors to those of `shared.errors`: each adapter has one table, most specific class first."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from shared.errors import PipelineError

# An SDK's error class, and what makes ours of it; the text that it is given never holds content.
ErrorTable = Sequence[tuple[type[Exception], Callable[[str], PipelineError]]]


@contextmanager
def translated(table: ErrorTable, what: str) -> Iterator[None]:
    """Raise the table's error in place of the SDK's, `from` it; what the table does not know passes unchanged."""
    try:
        yield
    except PipelineError:
        raise
    except Exception as error:
        for kind, made in table:
            if isinstance(error, kind):
                # The SDK's own text may quote what was sent: only its class is told.
                raise made(f"{what}: {type(error).__name__}") from error
        raise
