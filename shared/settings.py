"""Everything the environment decides, read once. Nothing else reads `os.environ`.

A field is the variable of the same name in capitals; the docs' table and Terraform are tested against these fields.
"""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final, Self
from urllib.parse import urlsplit

from shared import cloudsql_url, mail_address, parts, smtp_url, webhook_secret, webhook_url
from shared.enums import Port
from shared.media.voices import google_voice


class SettingsError(RuntimeError):
    """The environment cannot be used as it is; the text names every variable at fault, never a value."""


def _setting(meaning: str, *, default: Any = "", secret: bool = False) -> Any:
    return field(default=default, metadata={"meaning": meaning, "secret": secret}, repr=not secret)


def _part(meaning: str, *ports: Port) -> Any:
    """A setting that chooses how ports are filled."""
    names = parts.PARTS[ports[0]].names
    listed = ", ".join(f"`{name}`" for name in names)
    return _setting(f"{meaning}: {listed}", default=names[0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The settings of one process. Which must be set follows from the ports that it uses and their parts."""

    environment: str = _setting("`local`, `dev`, `staging` or `prod`", default="local")
    commit: str = _setting("the commit that is deployed, shown in /healthz", default="unknown")
    log_level: str = _setting("DEBUG, INFO, WARNING or ERROR", default="INFO")
    public_url: str = _setting("where clients reach the api; part of asset links", default="http://127.0.0.1:8080")
    state_folder: str = _setting("where the embedded objects and outbox lie", default=".local")

    database_url: str = _setting(
        "URL of the record: `postgresql://user:password@host:port/name`, or "
        "`cloudsql://project:region:instance/name?ip_type=private` for the connector with IAM sign-in",
        secret=True,
    )
    database_user: str = _setting("IAM database user, where DATABASE_URL names a Cloud SQL instance")
    database_owner_url: str = _setting(
        "DATABASE_URL as the owner of the tables, for migrations alone: "
        "`cloudsql://owner:password@project:region:instance/name`, or a `postgresql://` one",
        secret=True,
    )
    database_pool_size: int = _setting("connections each process keeps at most", default=2)
    secret_key: str = _setting("signs access tokens and local asset links; at least 32 characters", secret=True)
    access_token_minutes: int = _setting("how long a sign-in lasts", default=60)
    asset_link_minutes: int = _setting("how long a signed asset link lasts, at most 15", default=15)
    daily_request_quota: int = _setting("lessons a student may ask for in a day", default=50)
    requests_per_minute: int = _setting("lessons a student may ask for in a minute, retries among them", default=10)
    retention_days: int = _setting("days after which a finished request's row and history are removed", default=365)

    message_bus: str = _part("how messages travel", Port.BUS)
    object_store: str = _part("where artefacts and uploaded books lie", Port.OBJECTS, Port.SOURCES)
    writer: str = _part("who writes the lessons", Port.WRITER)
    speech: str = _part("who speaks them", Port.SPEECH)
    embeddings: str = _part("who turns text into vectors", Port.EMBEDDINGS)
    illustrator: str = _part("who draws what a scene only describes", Port.ILLUSTRATOR)
    status_mirror: str = _part("where clients can watch a request's status", Port.MIRROR)
    mailer: str = _part("how e-mail is sent", Port.MAILER)
    webhook: str = _part("how another system is told", Port.WEBHOOK)

    project_id: str = _setting("Google Cloud project")
    resource_prefix: str = _setting("first part of the names of cloud resources", default="vividly")
    firestore_database: str = _setting("Firestore database of the mirror", default="(default)")
    media_bucket: str = _setting("bucket of the lessons' artefacts")
    sources_bucket: str = _setting("bucket that textbook archives are uploaded to")
    vertex_location: str = _setting("Vertex AI location, such as `europe-west1` or `global`")
    writer_model: str = _setting("Gemini model that writes")
    illustration_model: str = _setting("Gemini model that draws illustrations")
    embedding_model: str = _setting("Vertex AI model of the text embeddings")
    speech_voice: str = _setting("Text-to-Speech voice that tells word timings, such as `en-US-Neural2-D`")
    smtp_url: str = _setting("`smtps://user:password@host:465`, or `smtp://…:587` with STARTTLS", secret=True)
    mail_sender: str = _setting("the address that e-mails come from")
    webhook_url: str = _setting("where webhooks are posted to; https, a public address")
    webhook_secret: str = _setting("signs webhook bodies; at least 16 characters", secret=True)

    def __post_init__(self) -> None:
        changed = {item.name: value for item in fields(self) if (value := getattr(self, item.name)) != item.default}
        if wrong := _unusable(changed):
            raise SettingsError(_told(unusable=wrong))

    @property
    def record(self) -> str:
        """The part that fills `Port.RECORD`; the URL says it."""
        return "cloudsql" if self.database_url.startswith(cloudsql_url.SCHEME) else "postgresql"

    @property
    def schema(self) -> str:
        """The part that fills `Port.SCHEMA`."""
        return "owner"

    @property
    def accounts(self) -> str:
        """The part that fills `Port.ACCOUNTS`."""
        return "password"

    def part(self, port: Port) -> str:
        """The name of the part that fills a port."""
        name: str = getattr(self, parts.PARTS[port].setting)
        return name

    def missing(self, ports: Iterable[Port]) -> list[str]:
        """The variables that must be set for these ports and are not, sorted."""
        needed = {name for port in ports for name in parts.needs(port, self.part(port))}
        return sorted(name.upper() for name in needed if not getattr(self, name))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = os.environ, *, uses: Iterable[Port] = tuple(Port)) -> Self:
        """Read the fields; one SettingsError lists all that is missing for `uses`, unusable, or not a number.

        In the cloud, parts that keep what they are given on one machine are refused as well.
        """
        values: dict[str, Any] = {}
        no_numbers = set()
        for item in fields(cls):
            text = environ.get(item.name.upper(), "").strip()
            if not text:
                continue
            try:
                values[item.name] = int(text) if item.type in (int, "int") else text
            except ValueError:
                no_numbers.add(item.name)
        unusable = _unusable(values)
        made = cls(**{name: value for name, value in values.items() if name not in unusable})
        # What a port has to be told is not known where the choice of its part is none.
        known = [port for port in uses if parts.PARTS[port].setting not in unusable]
        missing = {name.lower() for name in made.missing(known)} - unusable
        local = made._local(known) if is_deployed(environ) else set()
        if wrong := _told(missing=missing, unusable=unusable, no_numbers=no_numbers, local=local):
            raise SettingsError(wrong)
        return made

    def _local(self, ports: Iterable[Port]) -> set[str]:
        """The settings that make these ports, or the process, a matter of one machine."""
        found = {parts.PARTS[port].setting for port in ports if parts.part(port, self.part(port)).local}
        return found | ({"environment"} if self.environment == "local" else set())


def is_deployed(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether this process is an instance in the cloud: Cloud Run names the service in every container that it starts.

    https://cloud.google.com/run/docs/container-contract#env-vars
    """
    return bool(environ.get("K_SERVICE"))


def _told(**found: Iterable[str]) -> str:
    """All that is wrong, by the variables' names; empty where nothing is."""
    wrong = {
        "not set": found.get("missing"),
        "with an unusable value": found.get("unusable"),
        "that are not a whole number": found.get("no_numbers"),
        "that are for one's own machine, set or by default": found.get("local"),
    }
    return "; ".join(
        f"environment variables {what}: {', '.join(sorted(name.upper() for name in names))}"
        for what, names in wrong.items()
        if names
    )


def _unusable(values: Mapping[str, Any]) -> set[str]:
    found = {name for name, value in values.items() if name in _SOUND and not _SOUND[name](value)}
    receiver = values.get("webhook_url")
    if receiver and "webhook_url" not in found and values.get("environment", "local") != "local":
        # Only on one's own machine may what is posted travel in the open.
        found |= set() if webhook_url.parse(receiver).encrypted else {"webhook_url"}
    return found


def _is_postgresql(url: str) -> bool:
    from sqlalchemy import exc, make_url

    try:
        return make_url(url).drivername in ("postgresql", "postgresql+pg8000")
    except (exc.ArgumentError, ValueError):
        return False


def _is_url(url: str, *schemes: str) -> bool:
    try:
        split = urlsplit(url)
        return split.scheme in schemes and bool(split.hostname) and split.port != 0
    except ValueError:  # such as a port that is no number
        return False


# What a value that is set has to be like.
_SOUND: Final[Mapping[str, Callable[[Any], bool]]] = {
    "environment": lambda value: value in {"local", "dev", "staging", "prod"},
    "log_level": lambda value: value in {"DEBUG", "INFO", "WARNING", "ERROR"},
    "public_url": lambda value: _is_url(value, "http", "https"),
    "database_url": lambda value: _is_postgresql(value) or cloudsql_url.is_sound(value),
    "database_owner_url": lambda value: _is_postgresql(value) or cloudsql_url.names_a_user(value),
    "database_pool_size": lambda value: value >= 1,
    "secret_key": lambda value: len(value) >= 32,
    "webhook_secret": webhook_secret.is_sound,
    "webhook_url": webhook_url.is_sound,
    "smtp_url": smtp_url.is_sound,
    "mail_sender": mail_address.is_sound,
    "speech_voice": lambda value: google_voice(value) is not None,
    "asset_link_minutes": lambda value: 1 <= value <= 15,
    "access_token_minutes": lambda value: value >= 1,
    "daily_request_quota": lambda value: value >= 1,
    "requests_per_minute": lambda value: value >= 1,
    "retention_days": lambda value: value >= 1,
} | {
    choice.setting: (lambda value, names=choice.names: value in names)
    for choice in parts.PARTS.values()
    if choice.setting not in parts.FIXED_PARTS
}
