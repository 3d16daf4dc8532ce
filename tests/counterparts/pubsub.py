"""A project of one's own in Google's Pub/Sub emulator, and servers that are none."""

import socket
import uuid
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from google.pubsub_v1 import PublisherClient, SubscriberClient
from google.pubsub_v1.types import DeadLetterPolicy, PushConfig, Subscription

from shared.pipeline import Function, Topic, resource_name

PREFIX = "vividly-test"
Sent = tuple[Topic, bytes, dict[str, str]]


def use(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    """Have the clients that are made from now on speak with this server."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", host)


def free_address() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"127.0.0.1:{server.getsockname()[1]}"


@dataclass
class Project:
    """Topics and subscriptions as they are deployed, and what was pulled from those that are not pushed."""

    name: str = field(default_factory=lambda: f"test-{uuid.uuid4().hex[:12]}")
    taken: list[Sent] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._publisher = PublisherClient()
        self._subscriber = SubscriberClient()
        self._pulled: list[Topic] = []
        self._pushed: list[str] = []

    def path(self, topic: Topic) -> str:
        """The topic's full name."""
        return f"projects/{self.name}/topics/{resource_name(PREFIX, topic)}"

    def topics(self, topics: Iterable[Topic]) -> None:
        """Create topics."""
        for topic in topics:
            self._publisher.create_topic(name=self.path(topic))

    def pulled(self, topics: Iterable[Topic]) -> None:
        """Keep what is published to these topics from now on for `arrived`."""
        for topic in topics:
            self._pulled.append(topic)
            self._subscriber.create_subscription(name=self._pull_name(topic), topic=self.path(topic))

    def pushed(self, function: Function, url: str, *, attempts: int = 0) -> None:
        """Push what a function listens to, to `url`; after so many attempts, five at least, to the dead letters."""
        assert function.listens is not None
        path = self.path(function.listens)
        name = f"projects/{self.name}/subscriptions/{resource_name(PREFIX, function.name)}"
        self._pushed.append(name)
        policy = DeadLetterPolicy(dead_letter_topic=self.path(Topic.DEAD_LETTER), max_delivery_attempts=attempts)
        self._subscriber.create_subscription(
            Subscription(
                name=name,
                topic=path,
                push_config=PushConfig(push_endpoint=f"{url}/{path}"),
                ack_deadline_seconds=10,
                dead_letter_policy=policy if attempts else None,
            )
        )

    def end_pushes(self) -> None:
        """Push nothing more: another test's server may get the same port, and would be pushed what is left."""
        for name in self._pushed:
            self._subscriber.delete_subscription(subscription=name)

    def arrived(self) -> list[Sent]:
        """All that was pulled so far."""
        for topic in self._pulled:
            request = {"subscription": self._pull_name(topic), "max_messages": 1000, "return_immediately": True}
            with warnings.catch_warnings():
                # On the service it may miss what is there; the emulator has all of it at hand.
                warnings.simplefilter("ignore", DeprecationWarning)
                received = self._subscriber.pull(request, timeout=20).received_messages
            self.taken += [(topic, one.message.data, dict(one.message.attributes)) for one in received]
            if received:
                acknowledged = [one.ack_id for one in received]
                self._subscriber.acknowledge(subscription=self._pull_name(topic), ack_ids=acknowledged)
        return self.taken

    def _pull_name(self, topic: Topic) -> str:
        return f"projects/{self.name}/subscriptions/pulled-{topic}"
