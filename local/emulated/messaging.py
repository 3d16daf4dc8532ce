"""The Pub/Sub emulator as an administrator sees it: topics, subscriptions, and what travels. Spoken to by REST."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.emulated import rest
from local.environment import ROOT
from local.errors import LocalProblem
from shared.errors import TransientError
from shared.pipeline import Topic, resource_name

DECLARATION: Final = ROOT / "terraform" / "pipeline.json"
RETENTION: Final = "604800s"  # seven days
PULLED_ACK_SECONDS: Final = 600


def declaration(path: Path = DECLARATION) -> dict[str, Any]:
    """What Terraform reads: the committed file, not the code that it was written from."""
    read: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return read


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulled:
    """A message that a pull subscription gave out."""

    data: bytes
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Messaging:
    """Topics and subscriptions of one project on the emulator at `host`; their names begin with `prefix`."""

    host: str
    project_id: str
    prefix: str

    def topic_path(self, topic: str) -> str:
        """Full name of a topic."""
        return f"projects/{self.project_id}/topics/{resource_name(self.prefix, topic)}"

    def subscription_path(self, name: str) -> str:
        """Full name of a subscription; a function's has the function's name."""
        return f"projects/{self.project_id}/subscriptions/{resource_name(self.prefix, name)}"

    def make_topics(self, declared: Mapping[str, Any]) -> int:
        """Make every topic of the declaration; return how many there are."""
        for topic in declared["topics"]:
            self._call("PUT", self.topic_path(topic), {})
        return len(declared["topics"])

    def make_subscriptions(self, declared: Mapping[str, Any], endpoints: Mapping[str, str]) -> int:
        """Have each function that listens pushed to at its endpoint, a URL; return how many there are.

        Deadline, back-off and dead letters are those of the declaration.
        """
        listening = {name: each for name, each in declared["functions"].items() if each["listens"] is not None}
        for name, function in listening.items():
            self._call("PUT", self.subscription_path(name), self._push(declared, function, endpoints[name]))
        return len(listening)

    def limit_attempts(self, declared: Mapping[str, Any], function: str, attempts: int) -> None:
        """Have a function's messages become dead letters after so many deliveries; 5 are the fewest."""
        path = self.subscription_path(function)
        changed = {"name": path, "deadLetterPolicy": self._dead_letters(declared, attempts)}
        self._call("PATCH", path, {"subscription": changed, "updateMask": "deadLetterPolicy"})

    def look(self, name: str) -> dict[str, Any]:
        """A subscription as the emulator has it."""
        return rest.call("GET", f"http://{self.host}/v1/{self.subscription_path(name)}")

    def listen(self, topic: str, name: str) -> None:
        """Add a subscription that is pulled, beside those of the functions."""
        made = {"topic": self.topic_path(topic), "ackDeadlineSeconds": PULLED_ACK_SECONDS}
        self._call("PUT", self.subscription_path(name), made)

    def pull(self, name: str, *, most: int = 1000) -> list[Pulled]:
        """Take what a pull subscription holds now, for good."""
        path = self.subscription_path(name)
        given = self._call("POST", f"{path}:pull", {"maxMessages": most, "returnImmediately": True})
        received = given.get("receivedMessages", [])
        if received:
            self._call("POST", f"{path}:acknowledge", {"ackIds": [each["ackId"] for each in received]})
        return [
            Pulled(data=base64.b64decode(message.get("data", "")), attributes=message.get("attributes", {}))
            for message in (each["message"] for each in received)
        ]

    def publish(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> None:
        """Publish from outside the functions, as Cloud Scheduler does; raise TransientError."""
        message = {"data": base64.b64encode(data).decode(), "attributes": dict(attributes)}
        try:
            self._call("POST", f"{self.topic_path(topic)}:publish", {"messages": [message]})
        except LocalProblem as error:
            raise TransientError(f"not published to {topic}") from error

    def _push(self, declared: Mapping[str, Any], function: Mapping[str, Any], endpoint: str) -> dict[str, Any]:
        delivery = declared["delivery"]
        made: dict[str, Any] = {
            "topic": self.topic_path(function["listens"]),
            "pushConfig": {"pushEndpoint": endpoint},
            "ackDeadlineSeconds": function["ack_deadline"],
            "messageRetentionDuration": RETENTION,
            "retryPolicy": {
                "minimumBackoff": f"{delivery['retry_minimum_seconds']}s",
                "maximumBackoff": f"{delivery['retry_maximum_seconds']}s",
            },
        }
        if function["listens"] != declared["dead_letter_topic"]:  # a dead letter that fails has nowhere left to go
            made["deadLetterPolicy"] = self._dead_letters(declared, delivery["max_delivery_attempts"])
        return made

    def _dead_letters(self, declared: Mapping[str, Any], attempts: int) -> dict[str, Any]:
        return {"deadLetterTopic": self.topic_path(declared["dead_letter_topic"]), "maxDeliveryAttempts": attempts}

    def _call(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        return rest.call(method, f"http://{self.host}/v1/{path}", body)
