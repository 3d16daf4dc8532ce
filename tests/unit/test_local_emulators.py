"""What an emulated system is made of, as far as it can be told without starting one."""

import json
import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud import storage
from google.oauth2 import service_account

from local import emulators
from local.emulated import identity, place
from local.emulated.identity import Identity
from local.emulated.record import user_of
from local.emulated.signatures import EXPIRED, FORGED, UNSIGNED, refusal
from local.emulated.told import Told, framework
from local.errors import LocalProblem
from shared.enums import Port
from shared.parts import FIXED_PARTS, PARTS
from shared.pipeline import FUNCTIONS, Function
from shared.settings import Settings

HOST = "127.0.0.1:4443"
CHOSEN = {"message_bus": "pubsub", "object_store": "gcs", "status_mirror": "firestore"}
EVERYTHING = (
    {choice.setting: choice.parts[0].name for choice in PARTS.values()}
    | {name: f"value-of-{name}" for choice in PARTS.values() for part in choice.parts for name in part.needs}
    | {"state_folder": "/state", "public_url": "http://127.0.0.1:8080", "resource_prefix": "vividly-local"}
    | {"database_url": "postgresql://a:b@127.0.0.1/c", "database_owner_url": "postgresql://a:b@127.0.0.1/c"}
    | {"secret_key": "k" * 40, "webhook_secret": "w" * 40}
    | CHOSEN
)
PARTICULAR = {name.upper() for choice in PARTS.values() for part in choice.parts for name in part.needs}
CHOOSERS = {choice.setting.upper() for choice in PARTS.values()}
SECRETS = {"DATABASE_URL", "DATABASE_OWNER_URL", "SECRET_KEY", "WEBHOOK_SECRET", "SMTP_URL"}


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Identity:
    return identity.make(tmp_path_factory.mktemp("identity"), "a-project")


@pytest.fixture
def link(account: Identity) -> Callable[..., str]:
    """Makes links as Google's own library signs them, below the host."""
    credentials = service_account.Credentials.from_service_account_file(  # type: ignore[no-untyped-call]
        str(account.key_file)
    )
    client = storage.Client("a-project", credentials, client_options={"api_endpoint": f"http://{HOST}"})

    def signed(name: str = "lessons/ab/video.mp4", *, lasts: timedelta = timedelta(minutes=5)) -> str:
        blob = client.bucket("media").blob(name)
        url = str(blob.generate_signed_url(version="v4", expiration=lasts, credentials=credentials))
        assert url.startswith(f"http://{HOST}/media/")
        return url.removeprefix(f"http://{HOST}")

    return signed


@pytest.mark.parametrize("name", ["lessons/ab/video.mp4", "with space/and+plus/ü~.txt"])
def test_a_link_that_googles_library_signed_is_good(name: str, link: Callable[..., str], account: Identity) -> None:
    assert refusal("GET", link(name), {"host": HOST}, account) is None


@pytest.mark.parametrize(
    "change",
    [
        lambda url: url.replace("video.mp4", "draft.mp4"),
        lambda url: url.replace("X-Goog-Expires=300", "X-Goog-Expires=604800"),
        lambda url: url[:-1] + ("0" if url[-1] != "0" else "1"),
        lambda url: url[:-1],
        lambda url: url.replace("X-Goog-Expires=300", "X-Goog-Expires=soon"),
        lambda url: url.replace("emulated%40", "somebody%40"),
        lambda url: url + "&response-content-type=text/html",
        lambda url: url.replace("X-Goog-SignedHeaders=host", "X-Goog-SignedHeaders="),
    ],
    ids=["object", "length", "last digit", "cut", "no number", "account", "more", "no headers"],
)
def test_a_link_that_was_changed_is_forged(
    change: Callable[[str], str], link: Callable[..., str], account: Identity
) -> None:
    changed = change(link())
    assert changed != link()
    assert refusal("GET", changed, {"host": HOST}, account) == FORGED


def test_a_link_holds_for_one_method_one_host_and_its_time(link: Callable[..., str], account: Identity) -> None:
    url = link()
    now = datetime.now(UTC)
    assert refusal("DELETE", url, {"host": HOST}, account) == FORGED
    assert refusal("GET", url, {"host": "storage.elsewhere.test"}, account) == FORGED
    assert refusal("GET", url, {"host": HOST}, account, now + timedelta(minutes=4)) is None
    assert refusal("GET", url, {"host": HOST}, account, now + timedelta(minutes=6)) == EXPIRED
    assert refusal("GET", url, {"host": HOST}, account, now - timedelta(hours=1)) == FORGED
    assert refusal("GET", url.partition("?")[0], {"host": HOST}, account) == UNSIGNED


def test_a_link_of_another_systems_account_is_forged(
    link: Callable[..., str], account: Identity, tmp_path: Path
) -> None:
    other = identity.make(tmp_path, "a-project")
    assert other.email == account.email
    assert refusal("GET", link(), {"host": HOST}, other) == FORGED


def test_only_its_owner_reads_the_key_file(account: Identity) -> None:
    assert account.key_file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_a_function_is_told_the_secrets_that_its_ports_need_and_no_other(function: Function) -> None:
    told = Told(EVERYTHING).settings(function)
    needed = {
        Port.RECORD: "DATABASE_URL",
        Port.SCHEMA: "DATABASE_OWNER_URL",
        Port.ACCOUNTS: "SECRET_KEY",
        Port.WEBHOOK: "WEBHOOK_SECRET",
    }
    assert told.keys() & SECRETS == {secret for port, secret in needed.items() if port in function.uses}
    Settings.from_env(told, uses=function.uses)  # and nothing that it needs is missing


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
def test_what_some_parts_need_is_told_to_the_functions_that_use_them_alone(function: Function) -> None:
    told = Told(EVERYTHING).settings(function)
    needed = {
        name.upper()
        for port in function.uses
        for part in PARTS[port].parts
        if part.name == EVERYTHING[PARTS[port].setting]
        for name in part.needs
    }
    choosers = {PARTS[port].setting.upper() for port in function.uses} - {setting.upper() for setting in FIXED_PARTS}
    assert told.keys() & PARTICULAR == needed
    assert told.keys() & CHOOSERS == choosers
    assert told.keys() >= {"PUBLIC_URL", "RESOURCE_PREFIX", "STATE_FOLDER", "DATABASE_POOL_SIZE"}


def test_processes_are_as_large_as_instances_in_the_cloud() -> None:
    for function in FUNCTIONS:
        assert framework(function, 1)["THREADS"] == str(function.size.concurrency)


def test_each_function_has_a_database_user_that_maintain_accepts() -> None:
    users = {user_of(function, "local", "vividly-emulated") for function in FUNCTIONS}
    assert len(users) == len(FUNCTIONS)
    account = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]@vividly-emulated\.iam")
    assert [user for user in users if not account.fullmatch(user)] == []


def test_a_check_finds_the_accounts_of_the_system_that_answers_there(tmp_path: Path) -> None:
    emulated = tmp_path / place.NAME
    emulated.mkdir()
    assert place.folder_of(tmp_path, "http://127.0.0.1:8080") == tmp_path
    with place.serving(emulated, "http://127.0.0.1:8080"):
        assert place.folder_of(tmp_path, "http://127.0.0.1:8080/") == emulated
        assert place.folder_of(tmp_path, "http://127.0.0.1:8081") == tmp_path
    assert place.folder_of(tmp_path, "http://127.0.0.1:8080") == tmp_path


def test_a_system_that_was_killed_is_not_taken_for_one_that_answers(tmp_path: Path) -> None:
    emulated = tmp_path / place.NAME
    emulated.mkdir()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    (emulated / place.SERVING).write_text(json.dumps({"url": "http://127.0.0.1:8080", "pid": pid}))
    assert place.folder_of(tmp_path, "http://127.0.0.1:8080") == tmp_path
    (emulated / place.SERVING).write_text("{")
    assert place.folder_of(tmp_path, "http://127.0.0.1:8080") == tmp_path


class Machine:
    """A machine with no other programs than those put there."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.programs = folder / "bin"
        self.programs.mkdir()
        self.kit = folder / "kit"
        monkeypatch.setenv("PATH", str(self.programs))
        monkeypatch.delenv("JAVA_HOME", raising=False)
        monkeypatch.setattr(emulators, "USUAL_PLACES", ())

    def program(self, name: str, script: str, folder: Path | None = None) -> Path:
        path = (folder or self.programs) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        return path

    def install(self) -> None:
        """The CLI with both emulators, `gcloud` a link as package managers set it."""
        (self.programs / "gcloud").symlink_to(self.program("gcloud", "exit 0", self.kit / "bin"))
        for pattern in (emulators.PUBSUB_JAR, emulators.FIRESTORE_JAR):
            jar = self.kit / pattern.replace("*", "1.2.3")
            jar.parent.mkdir(parents=True)
            jar.touch()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(tmp_path, monkeypatch)


def test_what_a_machine_lacks_is_said(machine: Machine) -> None:
    assert "Java" in str(emulators.lacking())
    machine.program("java", "echo 'no runtime present' >&2; exit 1")  # as macOS has it
    assert "Java" in str(emulators.lacking())
    machine.program("java", "exit 0", machine.programs.parent / "jdk")
    (machine.programs / "java").unlink()
    (machine.programs / "java").symlink_to(machine.programs.parent / "jdk" / "java")
    emulators._runs.cache_clear()
    assert "Pub/Sub emulator" in str(emulators.lacking())
    machine.install()
    assert emulators.lacking() is None


def test_an_emulator_that_does_not_come_up_shows_the_end_of_its_log(machine: Machine, tmp_path: Path) -> None:
    machine.program("java", '[ "$1" = -version ] || { echo out of memory; exit 3; }')
    machine.install()
    emulators._runs.cache_clear()
    said = r"(?s)Pub/Sub emulator ended with exit code 3.*out of memory"
    with pytest.raises(LocalProblem, match=said), emulators.pubsub(tmp_path / "logs"):
        pass


def test_a_port_that_was_taken_meanwhile_is_not_the_end(machine: Machine, tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    taken = "java.net.BindException: Address already in use"
    machine.program("java", f'[ "$1" = -version ] || {{ echo "$*" >> {tried}; echo {taken}; exit 1; }}')
    machine.install()
    emulators._runs.cache_clear()
    with pytest.raises(LocalProblem, match="Address already in use"), emulators.firestore(tmp_path / "logs"):
        pass
    ports = re.findall(r"--port (\d+)", tried.read_text())
    assert len(ports) == emulators.PORT_TRIES
