"""No name can be changed alone: each is changed once, in the applied state, and each change is seen."""

import copy
from collections.abc import Callable, Iterator
from typing import Any

from shared.parts import PARTS
from shared.settings import SettingsError
from tests.terraform.conftest import COUNTED
from tests.terraform.names import PLATFORM, differences

# Where names stand, by type of resource; lists and maps are walked.
NAMED = {
    "google_cloudfunctions2_function": ("name", "build_config", "service_config"),
    "google_pubsub_topic": ("name",),
    "google_pubsub_subscription": ("name", "topic", "push_config", "dead_letter_policy"),
    "google_pubsub_topic_iam_member": ("topic", "member"),
    "google_secret_manager_secret": ("secret_id",),
    "google_secret_manager_secret_iam_member": ("secret_id", "member"),
    "google_service_account": ("email",),
    "google_sql_user": ("name",),
    "google_storage_bucket": ("name",),
    "google_firestore_database": ("name",),
    "google_cloud_scheduler_job": ("pubsub_target",),
    "google_storage_notification": ("topic",),
    "google_cloud_run_v2_service_iam_member": ("name", "member"),
}
# Names that nothing of ours asks for by name: the archive's own subscription, agents of Google, and who calls what.
ELSEWHERE = {
    ("google_pubsub_subscription", "dead_letter_archive"),
    ("google_pubsub_topic_iam_member", "dead_letter"),
    ("google_pubsub_topic_iam_member", "storage"),
    ("google_cloud_run_v2_service_iam_member", "public"),
    ("google_cloud_run_v2_service_iam_member", "deployer"),
}
# Of a function: what is a name or leads to one; the rest are sizes, and values that the code does not compare.
LEAVES = {
    *("name", "entry_point", "GOOGLE_FUNCTION_SOURCE", "service_account_email", "key", "secret", "version"),
    *("PROJECT_ID", "RESOURCE_PREFIX", "MEDIA_BUCKET", "SOURCES_BUCKET", "FIRESTORE_DATABASE", "DATABASE_USER"),
    *("topic", "push_endpoint", "dead_letter_topic", "member", "secret_id", "email", "topic_name"),
    *(choice.setting.upper() for choice in PARTS.values()),
}

Path = tuple[str | int, ...]


def places(shown: dict[str, Any]) -> Iterator[tuple[Path, bool]]:
    """Yield the path of every name: of a value, or (True) of a variable's own name."""
    for number, resource in enumerate(shown["values"]["root_module"]["resources"]):
        if resource["mode"] != "managed" or (resource["type"], resource["name"]) in ELSEWHERE:
            continue
        for attribute in NAMED.get(resource["type"], ()):
            start: Path = ("values", "root_module", "resources", number, "values", attribute)
            yield from _leaves(resource["values"][attribute], start)


def _leaves(value: Any, path: Path) -> Iterator[tuple[Path, bool]]:
    if isinstance(value, list):
        for place, part in enumerate(value):
            yield from _leaves(part, (*path, place))
    elif isinstance(value, dict):
        for name, part in value.items():
            if path[-1] == "environment_variables" and name not in PLATFORM and "build_config" not in path:
                yield (*path, name), True
            yield from _leaves(part, (*path, name))
    elif isinstance(value, str) and value and path[-1] in LEAVES:
        yield path, False


def mutated(shown: dict[str, Any], path: Path, of_a_variable: bool) -> dict[str, Any]:
    """The state with one name changed."""
    changed = copy.deepcopy(shown)
    holder: Any = changed
    for part in path[:-1]:
        holder = holder[part]
    if of_a_variable:
        holder[f"{path[-1]}_X"] = holder.pop(path[-1])
    else:
        holder[path[-1]] += "x"
    return changed


def seen(shown: dict[str, Any]) -> bool:
    """Whether the comparison says anything."""
    try:
        return bool(differences(shown))
    except SettingsError:
        return True


def test_code_and_cloud_call_everything_alike(applied: dict[str, Any]) -> None:
    assert differences(applied) == []


def test_no_name_can_be_changed_alone(applied: dict[str, Any], record_property: Callable[[str, object], None]) -> None:
    found = list(places(applied))
    missed = [path for path, of_a_variable in found if not seen(mutated(applied, path, of_a_variable))]
    named = [(applied["values"]["root_module"]["resources"][path[3]]["address"], path[5:]) for path in missed]  # type: ignore[index]
    record_property(f"{COUNTED}names changed alone", f"{len(found) - len(missed)} of {len(found)} caught")
    assert named == []
    assert len(found) > 400
