"""Duplicates that come at a moment of the request's life, whatever the machine's speed.

A request's messages to stages are delivered one at a time, in the order of publishing, and the first of each stage
twice: again at once, before the stage that it woke has heard of it; or after that stage is done, when the request is
two stages further than the message.
"""

from collections import defaultdict, deque

from tests.chaos.messages import Message


class Turns:
    """For each request, the messages that stand in line; the first of them is being delivered."""

    def __init__(self, *, late: bool) -> None:
        self._late = late
        self._lines: defaultdict[str, deque[Message]] = defaultdict(deque)
        self._seen: set[tuple[str, str]] = set()  # (request, topic)

    def joins(self, message: Message) -> bool:
        """Put a message in line; True when it is its turn."""
        line = self._lines[message.request]
        line.append(message)
        return len(line) == 1

    def leaves(self, message: Message) -> Message | None:
        """Take out a message that was acknowledged; return its twin where it has one, which is in line already."""
        line = self._lines[message.request]
        line.popleft()
        first = (message.request, message.topic) not in self._seen
        self._seen.add((message.request, message.topic))
        if not first:
            return None
        twin = message.twin()
        if self._late:
            line.append(twin)
        else:
            line.appendleft(twin)
        return twin

    def next(self, request: str) -> Message | None:
        """The message whose turn it is now."""
        line = self._lines[request]
        return line[0] if line else None
