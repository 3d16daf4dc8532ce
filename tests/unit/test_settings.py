"""The environment is read once, whole, and never shown."""

from dataclasses import fields

import pytest

from shared.settings import Settings, SettingsError

SOUND = {
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
        Settings.from_env({"SECRET_KEY": " "})
    assert str(raised.value) == "environment variables not set: DATABASE_URL, SECRET_KEY, WEBHOOK_SECRET"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "mysql://hidden"),
        ("SECRET_KEY", "hidden-short"),
        ("WEBHOOK_SECRET", "hidden"),
        ("ASSET_LINK_MINUTES", "16"),
        ("ASSET_LINK_MINUTES", "hidden"),
        ("DATABASE_POOL_SIZE", "0"),
        ("DAILY_REQUEST_QUOTA", "hidden 1.5"),
    ],
)
def test_an_unusable_value_is_named_and_not_shown(name: str, value: str) -> None:
    with pytest.raises(SettingsError) as raised:
        Settings.from_env(SOUND | {name: value})
    assert name in str(raised.value)
    assert "hidden" not in str(raised.value)


def test_secrets_are_not_part_of_the_representation() -> None:
    assert "hidden" not in repr(Settings.from_env(SOUND))
    assert {item.name for item in fields(Settings) if item.metadata["secret"]} == {
        "database_url",
        "secret_key",
        "webhook_secret",
    }
