"""The environment is read once, whole, and never shown."""

from dataclasses import fields

import pytest

from shared.builders import BUILDERS
from shared.enums import Port
from shared.parts import FIXED_PARTS, PARTS
from shared.pipeline import API, MIRROR_STATUS
from shared.settings import Settings, SettingsError, is_deployed

# Passwords and tokens need nothing built; a channel that is `none` is not asked for.
NOT_BUILT = {(Port.ACCOUNTS, "password"), (Port.MAILER, "none"), (Port.WEBHOOK, "none")}

SOUND = {
    "DATABASE_OWNER_URL": "postgresql://owner:hidden-password@127.0.0.1:5432/vividly",
    "DATABASE_URL": "postgresql://user:hidden-password@127.0.0.1:5432/vividly",
    "SECRET_KEY": "hidden-" + "k" * 32,
    "WEBHOOK_SECRET": "hidden-" + "w" * 16,
}


def test_defaults_fill_what_is_not_set() -> None:
    settings = Settings.from_env(SOUND)
    assert settings.access_token_minutes == 60
    assert settings.environment == "local"


def test_every_missing_name_is_listed_at_once() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({"SECRET_KEY": " ", "WRITER": "gemini", "MESSAGE_BUS": "pubsub"})
    assert str(raised.value) == (
        "environment variables not set: DATABASE_OWNER_URL, DATABASE_URL, PROJECT_ID, SECRET_KEY, VERTEX_LOCATION, "
        "WEBHOOK_SECRET, WRITER_MODEL"
    )


def test_a_function_must_be_told_only_what_its_ports_need() -> None:
    environ = {"DATABASE_URL": SOUND["DATABASE_URL"], "OBJECT_STORE": "gcs", "WRITER": "gemini"}
    assert Settings.from_env(environ, uses=MIRROR_STATUS.uses).writer == "gemini"
    with pytest.raises(SettingsError, match=r"not set: MEDIA_BUCKET, SECRET_KEY$"):
        Settings.from_env(environ, uses=API.uses)


@pytest.mark.parametrize("port", list(Port))
def test_every_part_can_be_chosen_and_misses_exactly_what_it_needs(port: Port) -> None:
    for part in PARTS[port].parts:
        chosen = {"DATABASE_URL": "cloudsql://some-project:europe-west1:main/name"} if part.name == "cloudsql" else {}
        if PARTS[port].setting not in FIXED_PARTS:
            chosen[PARTS[port].setting.upper()] = part.name
        settings = Settings(**{name.lower(): value for name, value in chosen.items()})
        assert settings.part(port) == (part.name if part.name != "postgresql" else "postgresql")
        assert settings.missing([port]) == sorted(name.upper() for name in part.needs if name.upper() not in chosen)


@pytest.mark.parametrize("port", list(Port))
def test_every_part_has_a_builder(port: Port) -> None:
    built = {(of, name) for of, name in BUILDERS if of is port}
    assert built == {(port, name) for name in PARTS[port].names} - NOT_BUILT


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://hidden"),
        ("DATABASE_URL", "hidden"),
        ("DATABASE_URL", "postgresql://user:hidden@host:hidden/name"),
        ("DATABASE_URL", "cloudsql://hidden"),
        ("SECRET_KEY", "hidden-short"),
        ("WEBHOOK_SECRET", "hidden"),
        ("WEBHOOK_SECRET", "whsec_hidden and no base64!"),
        ("WEBHOOK_SECRET", "whsec_aGlkZGVuIGtleQ=="),
        ("ASSET_LINK_MINUTES", "16"),
        ("ASSET_LINK_MINUTES", "hidden"),
        ("DATABASE_POOL_SIZE", "0"),
        ("WRITER", "hidden"),
        ("MESSAGE_BUS", "hidden"),
        ("SMTP_URL", "http://hidden"),
        ("SMTP_URL", "smtp://user:hidden@"),
        ("SMTP_URL", "smtp://user:hidden@host:hidden"),
        ("WEBHOOK_URL", "ftp://hidden"),
        ("WEBHOOK_URL", "https://"),
        ("MAIL_SENDER", "hidden"),
        ("MAIL_SENDER", "hidden@"),
        ("MAIL_SENDER", "hidden@school.test, another@school.test"),
        ("PUBLIC_URL", "hidden"),
        ("SPEECH_VOICE", "en-US-Chirp3-HD-hidden"),
        ("DAILY_REQUEST_QUOTA", "hidden 1.5"),
    ],
)
def test_an_unusable_value_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(SOUND | {name: value})
    assert name in str(raised.value)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("sender", ["lessons@school.test", "Vividly für Schüler <lessons@schüle.test>"])
@pytest.mark.parametrize("secret", ["w" * 16, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"])
def test_what_the_adapters_take_is_usable(sender: str, secret: str) -> None:
    settings = Settings.from_env(SOUND | {"MAIL_SENDER": sender, "WEBHOOK_SECRET": secret})
    assert (settings.mail_sender, settings.webhook_secret) == (sender, secret)


@pytest.mark.parametrize(("environment", "usable"), [("local", True), ("dev", False), ("prod", False)])
def test_webhooks_travel_in_the_open_on_ones_own_machine_alone(environment: str, usable: bool) -> None:
    environ = SOUND | {"ENVIRONMENT": environment, "WEBHOOK_URL": "http://hooks.test/in"}
    if usable:
        assert Settings.from_env(environ).webhook_url == "http://hooks.test/in"
        return
    with pytest.raises(SettingsError, match=r"with an unusable value: WEBHOOK_URL$"):
        Settings.from_env(environ)


def test_all_that_is_wrong_is_told_at_once() -> None:
    wrong = {
        "SECRET_KEY": "hidden-short",
        "DATABASE_POOL_SIZE": "hidden",
        "RETENTION_DAYS": "hidden",
        "WEBHOOK_URL": "ftp://hidden",
        "WRITER": "gemini",
        "VERTEX_LOCATION": "europe-west1",
    }
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(wrong)
    assert str(raised.value) == (
        "environment variables not set: DATABASE_OWNER_URL, DATABASE_URL, PROJECT_ID, WEBHOOK_SECRET, WRITER_MODEL; "
        "environment variables with an unusable value: SECRET_KEY, WEBHOOK_URL; "
        "environment variables that are not a whole number: DATABASE_POOL_SIZE, RETENTION_DAYS"
    )
    assert raised.value.__cause__ is raised.value.__context__ is None


def test_what_a_port_needs_is_not_guessed_where_the_choice_of_its_part_is_unusable() -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({"DATABASE_URL": SOUND["DATABASE_URL"], "OBJECT_STORE": "gsc"}, uses=[Port.OBJECTS])
    assert str(raised.value) == "environment variables with an unusable value: OBJECT_STORE"


def test_parts_of_one_machine_are_refused_in_the_cloud_alone() -> None:
    assert Settings.from_env(SOUND).message_bus == "local"
    with pytest.raises(SettingsError) as raised:
        Settings.from_env({**SOUND, "K_SERVICE": "x", "WRITER": "hidden", "MAILER": "none"})
    assert str(raised.value) == (
        "environment variables with an unusable value: WRITER; environment variables that are for one's own machine, "
        "set or by default: ENVIRONMENT, MESSAGE_BUS, OBJECT_STORE, WEBHOOK"
    )
    cloud = {
        "K_SERVICE": "x",
        "ENVIRONMENT": "prod",
        "MESSAGE_BUS": "pubsub",
        "OBJECT_STORE": "gcs",
        "MAILER": "none",
        "WEBHOOK": "none",
        "PROJECT_ID": "p",
        "MEDIA_BUCKET": "m",
        "SOURCES_BUCKET": "s",
    }
    assert Settings.from_env(SOUND | cloud).environment == "prod"


@pytest.mark.parametrize(("environ", "deployed"), [({}, False), ({"K_SERVICE": ""}, False), ({"K_SERVICE": "x"}, True)])
def test_an_instance_in_the_cloud_is_known_by_its_service(environ: dict[str, str], deployed: bool) -> None:
    assert is_deployed(environ) is deployed


def test_secrets_are_not_part_of_the_representation() -> None:
    assert "hidden" not in repr(Settings.from_env(SOUND))
    assert {item.name for item in fields(Settings) if item.metadata["secret"]} == {
        "database_owner_url",
        "database_url",
        "secret_key",
        "smtp_url",
        "webhook_secret",
    }
