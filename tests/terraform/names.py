"""Names are typed once: what the code asks for is what the cloud is given. `differences` says where it is not so."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from functions.handle_dead_letter import main as dead_letters
from shared.enums import Port
from shared.pipeline import FUNCTIONS, HANDLE_DEAD_LETTER, INGEST_SOURCE, SWEEP, Function, Topic, resource_name
from shared.settings import Settings

# What the platform reads, and no setting of ours.
PLATFORM = {
    "PYTHONPATH",
    "WORKERS",
    "THREADS",
    "CLOUD_RUN_TIMEOUT_SECONDS",
    "MALLOC_ARENA_MAX",
}
SETTINGS = {item.name.upper() for item in fields(Settings)}
SECRETS = {item.name.upper() for item in fields(Settings) if item.metadata["secret"]}


class State:
    """An applied state, by type and key."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self._found = {
            (resource["type"], resource["name"], str(resource.get("index", ""))): resource["values"]
            for resource in shown["values"]["root_module"]["resources"]
        }

    def one(self, kind: str, name: str, key: str = "") -> Mapping[str, Any]:
        """A resource's values; LookupError where there is none."""
        return self._found[kind, name, key]

    def all(self, kind: str, name: str) -> dict[str, Mapping[str, Any]]:
        """All instances of a resource, by key."""
        return {key: values for (of, called, key), values in self._found.items() if (of, called) == (kind, name)}


def differences(shown: Mapping[str, Any]) -> list[str]:
    """Every place where code and cloud call a thing differently."""
    state = State(shown)
    found: list[str] = []
    try:
        due = state.one("google_pubsub_topic", "pipeline", Topic.SWEEP_DUE.value)["name"]
        prefix = str(due).removesuffix(f"-{Topic.SWEEP_DUE}")
        found += _topics(state, prefix)
        for function in FUNCTIONS:
            found += [f"{function.name}: {text}" for text in _function(state, function, prefix)]
    except LookupError as error:
        found.append(f"missing: {error}")
    return found


def _environment(state: State, function: Function) -> Mapping[str, str]:
    told: Mapping[str, str] = _config(state, function)["environment_variables"]
    return told


def _config(state: State, function: Function) -> Mapping[str, Any]:
    config: Mapping[str, Any] = state.one("google_cloudfunctions2_function", "this", function.name)["service_config"][0]
    return config


def _topics(state: State, prefix: str) -> Iterator[str]:
    made = {key: values["name"] for key, values in state.all("google_pubsub_topic", "pipeline").items()}
    if made != {topic.value: resource_name(prefix, topic) for topic in Topic}:
        yield "topics are not the declared ones"
    for kind, name, where in (
        ("google_cloud_scheduler_job", "sweep", SWEEP.listens),
        ("google_storage_notification", "source", INGEST_SOURCE.listens),
    ):
        values = state.one(kind, name)
        topic = values["topic"] if "topic" in values else values["pubsub_target"][0]["topic_name"]
        if _last(topic) != resource_name(prefix, str(where)):
            yield f"{kind} speaks to another topic"


def _function(state: State, function: Function, prefix: str) -> Iterator[str]:
    values = state.one("google_cloudfunctions2_function", "this", function.name)
    built = values["build_config"][0]
    if values["name"] != resource_name(prefix, function.name):
        yield "the service is called otherwise"
    if built["entry_point"] != function.name:
        yield "the entry point is another"
    builder = state.one("google_service_account", "build")["email"]
    if _last(built["service_account"]) != builder:
        yield "it is built as another account"
    if built["environment_variables"]["GOOGLE_FUNCTION_SOURCE"] != f"functions/{function.name}/main.py":
        yield "the source is another"
    if _config(state, function)["service_account_email"] != _email(state, function):
        yield "it runs as another account"
    yield from _told(state, function, prefix)
    yield from _secrets(state, function)
    if function.listens is not None:
        yield from _subscription(state, function, prefix)
    for topic in function.publishes:
        grant = state.one("google_pubsub_topic_iam_member", "publisher", f"{function.name}/{topic}")
        if _last(grant["topic"]) != resource_name(prefix, topic) or grant["member"] != _member(state, function):
            yield f"it may not publish to {topic}"


def _told(state: State, function: Function, prefix: str) -> Iterator[str]:
    """The variables that it is told are settings, and lead to the resources that there are."""
    told = _environment(state, function)
    of_all = {
        "RESOURCE_PREFIX": prefix,
        "FIRESTORE_DATABASE": state.one("google_firestore_database", "mirror")["name"],
        "PROJECT_ID": state.one("google_pubsub_topic", "pipeline", Topic.DEAD_LETTER.value)["project"],
    }
    for name in of_all.keys() & told.keys():
        if told[name] != of_all[name]:
            yield f"{name} is not the resources'"
    unknown = told.keys() - SETTINGS - PLATFORM
    if unknown:
        yield f"nobody reads {', '.join(sorted(unknown))}"
    if told.keys() & SECRETS:
        yield "a secret is told in the open"
    secret = {variable["key"] for variable in _config(state, function)["secret_environment_variables"]}
    held = dict.fromkeys(secret, "x" * 40) | {"DATABASE_URL": "cloudsql://a-project:region-1:an-instance/name"}
    held |= {"DATABASE_OWNER_URL": "cloudsql://owner:word@a-project:region-1:an-instance/name"}
    known = {name: value for name, value in held.items() if name in secret}
    settings = Settings.from_env(dict(told) | known, uses=function.uses)  # SettingsError is the test's own message
    expected = {
        Port.OBJECTS: ("MEDIA_BUCKET", state.one("google_storage_bucket", "media")["name"]),
        Port.SOURCES: ("SOURCES_BUCKET", state.one("google_storage_bucket", "sources")["name"]),
    }
    for port, (name, value) in expected.items():
        if port in function.uses and getattr(settings, name.lower()) != value:
            yield f"{name} is not the resource's name"
    if Port.RECORD in function.uses:
        user = state.one("google_sql_user", "function", function.name)["name"]
        if settings.database_user != user or f"{user}.gserviceaccount.com" != _email(state, function):
            yield "DATABASE_USER is not its account's"


def _secrets(state: State, function: Function) -> Iterator[str]:
    for variable in _config(state, function)["secret_environment_variables"]:
        setting = variable["key"].lower()
        if variable["key"] not in SECRETS:
            yield f"{variable['key']} is no secret of the settings"
            continue
        secret = state.one("google_secret_manager_secret", "this", setting)
        if variable["secret"] != secret["secret_id"] or not secret["secret_id"].endswith(setting.replace("_", "-")):
            yield f"{variable['key']} is another secret"
        if not str(variable["version"]).isdecimal():
            yield f"{variable['key']} has no version of its own"
        grant = state.one("google_secret_manager_secret_iam_member", "reader", f"{function.name}/{setting}")
        if _last(grant["secret_id"]) != secret["secret_id"] or grant["member"] != _member(state, function):
            yield f"{variable['key']} cannot be read"


def _subscription(state: State, function: Function, prefix: str) -> Iterator[str]:
    values = state.one("google_pubsub_subscription", "push", function.name)
    if values["name"] != resource_name(prefix, function.name):
        yield "the subscription is called otherwise"
    source = dead_letters._source(f"projects/p/subscriptions/{values['name']}")
    if function is not HANDLE_DEAD_LETTER and source != function.name:
        yield "its dead letters would not be known as its own"
    if _last(values["topic"]) != resource_name(prefix, str(function.listens)):
        yield "the subscription listens elsewhere"
    if values["push_config"][0]["push_endpoint"] != _config(state, function)["uri"]:
        yield "pushes go elsewhere"
    if function is not HANDLE_DEAD_LETTER:
        policy = values["dead_letter_policy"][0]["dead_letter_topic"]
        if _last(policy) != resource_name(prefix, Topic.DEAD_LETTER):
            yield "dead letters go elsewhere"
    caller = state.one("google_service_account", "push")["email"]
    if values["push_config"][0]["oidc_token"][0]["service_account_email"] != caller:
        yield "pushes come as somebody else"
    invoker = state.one("google_cloud_run_v2_service_iam_member", "push", function.name)
    if invoker["name"] != resource_name(prefix, function.name) or invoker["member"] != f"serviceAccount:{caller}":
        yield "pushes are not let in"


def _email(state: State, function: Function) -> str:
    return str(state.one("google_service_account", "function", function.name)["email"])


def _member(state: State, function: Function) -> str:
    return f"serviceAccount:{_email(state, function)}"


def _last(path: str) -> str:
    return path.rpartition("/")[2]
