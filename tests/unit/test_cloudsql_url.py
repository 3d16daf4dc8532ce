"""What DATABASE_URL may say of a Cloud SQL instance, and what happens to anything else."""

import pytest

from shared import cloudsql_url
from shared.db.engine import engine_for
from shared.settings import Settings, SettingsError

SOUND = "cloudsql://some-project:europe-west1:main/vividly"


@pytest.mark.parametrize("ip_type", ["private", "public", "psc"])
def test_a_url_names_instance_database_and_way(ip_type: str) -> None:
    address = cloudsql_url.parse(f"{SOUND}?ip_type={ip_type}")
    assert (address.instance, address.database, address.ip_type) == (
        "some-project:europe-west1:main",
        "vividly",
        ip_type,
    )
    assert (address.user, address.password) == ("", "")


def test_the_private_way_is_taken_where_none_is_named() -> None:
    assert cloudsql_url.parse(SOUND).ip_type == "private"


def test_a_project_may_carry_a_domain() -> None:
    address = cloudsql_url.parse("cloudsql://example.com:some-project:europe-west1:main/vividly")
    assert address.instance == "example.com:some-project:europe-west1:main"


def test_a_password_is_decoded_and_not_shown() -> None:
    address = cloudsql_url.parse("cloudsql://owner:hid%2Fden%40x@some-project:europe-west1:main/vividly")
    assert (address.user, address.password) == ("owner", "hid/den@x")
    assert "hid" not in repr(address)


UNSOUND = {
    "instance": [
        "cloudsql://hidden/vividly",
        "cloudsql://hidden:europe-west1/vividly",
        "cloudsql://some-project:europe-west1:Hidden/vividly",
        "cloudsql://some-project:europe-west1:hidden:3307/vividly",
        "cloudsql://some-project:europe-west1:hidden-/vividly",
        "cloudsql:///hidden",
        "cloudsql://",
    ],
    "name is missing": [
        "cloudsql://hidden:europe-west1:main",
        "cloudsql://hidden:europe-west1:main/",
        "cloudsql://hidden:europe-west1:main/a/b",
        "cloudsql://hidden:europe-west1:main/a b",
        "cloudsql://hidden:europe-west1:main/a;hidden",
    ],
    "ip_type": [
        f"{SOUND}?ip_type=hidden",
        f"{SOUND}?ip_type=PRIVATE",
        f"{SOUND}?ip_type=",
        f"{SOUND}?hidden=private",
        f"{SOUND}?ip_type=private&hidden=1",
    ],
    "sign-in": [
        "cloudsql://owner@some-project:europe-west1:main/vividly",
        "cloudsql://:hidden@some-project:europe-west1:main/vividly",
        "cloudsql://owner:@some-project:europe-west1:main/vividly",
    ],
    "begin": ["CLOUDSQL://hidden", "postgresql://hidden"],
}


@pytest.mark.parametrize(("reason", "url"), [(reason, url) for reason, urls in UNSOUND.items() for url in urls])
def test_what_is_wrong_with_a_url_is_told_without_showing_it(reason: str, url: str) -> None:
    with pytest.raises(ValueError, match=reason) as raised:
        cloudsql_url.parse(url)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("url", [url for urls in UNSOUND.values() for url in urls if url.startswith("cloudsql")])
def test_an_unsound_url_stops_the_start_with_its_name_alone(url: str) -> None:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        with pytest.raises(SettingsError) as raised:
            Settings.from_env({name: url}, uses=())
        assert str(raised.value) == f"environment variables with an unusable value: {name}"


def test_the_owner_signs_in_with_a_password() -> None:
    with_password = SOUND.replace("//", "//owner:password@")
    assert Settings(database_owner_url=with_password).database_owner_url == with_password
    with pytest.raises(SettingsError, match="DATABASE_OWNER_URL"):
        Settings(database_owner_url=SOUND)


def test_an_engine_needs_somebody_who_signs_in() -> None:
    with pytest.raises(ValueError, match="DATABASE_USER"):
        engine_for(SOUND, pool_size=1)
    engine_for(SOUND, pool_size=1, user="api@some-project.iam").dispose()
    engine_for(SOUND.replace("//", "//owner:password@"), pool_size=1).dispose()
