"""How each port can be filled, chosen by settings, and what each choice needs to be told.

A part's `needs` are fields of `shared.settings.Settings`. The first part of a port is the embedded one.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from shared.enums import Port

NONE: Final = "none"  # the part that stands for doing without


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One way to fill a port."""

    name: str
    needs: tuple[str, ...] = ()
    local: bool = False  # what it is given stays on this machine: of no use in the cloud


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A port's parts, and the setting that names the one to take."""

    setting: str
    parts: tuple[Part, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """What the setting may say; the first is its default."""
        return tuple(part.name for part in self.parts)


_VERTEX: Final = ("project_id", "vertex_location")

PARTS: Final[Mapping[Port, Choice]] = MappingProxyType(
    {
        Port.RECORD: Choice(
            setting="record",
            parts=(
                Part(name="postgresql", needs=("database_url",)),
                Part(name="cloudsql", needs=("database_url", "database_user")),
            ),
        ),
        Port.SCHEMA: Choice(setting="schema", parts=(Part(name="owner", needs=("database_owner_url",)),)),
        Port.ACCOUNTS: Choice(setting="accounts", parts=(Part(name="password", needs=("secret_key",)),)),
        Port.BUS: Choice(
            setting="message_bus", parts=(Part(name="local", local=True), Part(name="pubsub", needs=("project_id",)))
        ),
        Port.OBJECTS: Choice(
            setting="object_store",
            parts=(Part(name="folder", needs=("secret_key",), local=True), Part(name="gcs", needs=("media_bucket",))),
        ),
        Port.SOURCES: Choice(
            setting="object_store",
            parts=(Part(name="folder", needs=("secret_key",), local=True), Part(name="gcs", needs=("sources_bucket",))),
        ),
        Port.WRITER: Choice(
            setting="writer", parts=(Part(name="extractive"), Part(name="gemini", needs=(*_VERTEX, "writer_model")))
        ),
        Port.SPEECH: Choice(setting="speech", parts=(Part(name="piper"), Part(name="google", needs=("speech_voice",)))),
        Port.EMBEDDINGS: Choice(
            setting="embeddings", parts=(Part(name="minilm"), Part(name="vertex", needs=(*_VERTEX, "embedding_model")))
        ),
        Port.ILLUSTRATOR: Choice(
            setting="illustrator",
            parts=(Part(name=NONE), Part(name="gemini", needs=(*_VERTEX, "illustration_model"))),
        ),
        Port.MIRROR: Choice(
            setting="status_mirror", parts=(Part(name=NONE), Part(name="firestore", needs=("project_id",)))
        ),
        Port.MAILER: Choice(
            setting="mailer",
            parts=(
                Part(name="outbox", local=True),
                Part(name="smtp", needs=("smtp_url", "mail_sender")),
                Part(name=NONE),
            ),
        ),
        Port.WEBHOOK: Choice(
            setting="webhook",
            parts=(
                Part(name="outbox", needs=("webhook_secret",), local=True),
                Part(name="http", needs=("webhook_url", "webhook_secret")),
                Part(name=NONE),
            ),
        ),
    }
)


# What names the part here is no variable: it follows from another one, or there is one part alone.
FIXED_PARTS: Final = frozenset({"record", "schema", "accounts"})


def part(port: Port, name: str) -> Part:
    """The part of a port that has this name."""
    return next(one for one in PARTS[port].parts if one.name == name)


def needs(port: Port, name: str) -> tuple[str, ...]:
    """The settings that a part of a port has to be told."""
    return part(port, name).needs


def choices(setting: str) -> tuple[str, ...]:
    """What a setting that chooses a part may say."""
    return next(choice.names for choice in PARTS.values() if choice.setting == setting)


def settings_of(ports: Iterable[Port]) -> frozenset[str]:
    """The settings that choose the parts of these ports."""
    return frozenset(PARTS[port].setting for port in ports)
