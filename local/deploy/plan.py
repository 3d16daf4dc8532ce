"""What a plan says, read from Terraform's JSON: what is there, what would come and go, what functions are told."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

FUNCTION: Final = "google_cloudfunctions2_function"


@dataclass(frozen=True, slots=True)
class SecretUse:
    """One secret as the plan has it: its full name, the version that is read, and by which accounts."""

    setting: str
    name: str
    version: str
    readers: Mapping[str, str]  # function: its account


def resources(plan: Mapping[str, Any], kind: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the planned resources of a kind: (key, values); the key is empty for a single one."""
    for found in plan["planned_values"]["root_module"].get("resources", ()):
        if found["type"] == kind and found["mode"] == "managed":
            yield str(found.get("index", "")), found["values"]


def creates(plan: Mapping[str, Any], kind: str) -> list[str]:
    """The resources of a kind that are not there yet, by their keys."""
    return [
        str(change.get("index", ""))
        for change in plan.get("resource_changes", ())
        if change["type"] == kind and "create" in change["change"]["actions"]
    ]


def destroys(plan: Mapping[str, Any], kind: str) -> list[str]:
    """The resources of a kind that would be destroyed or replaced, by their addresses."""
    return [
        str(change["address"])
        for change in plan.get("resource_changes", ())
        if change["type"] == kind and "delete" in change["change"]["actions"]
    ]


def functions(plan: Mapping[str, Any]) -> dict[str, str]:
    """The functions that there are, by their addresses, each with its state, such as ACTIVE or FAILED."""
    before = plan.get("prior_state", {}).get("values", {}).get("root_module", {}).get("resources", ())
    return {found["address"]: str(found["values"].get("state")) for found in before if found["type"] == FUNCTION}


def failed_functions(plan: Mapping[str, Any]) -> list[str]:
    """The functions whose last deployment failed, by their addresses.

    They still run what they ran before, while Terraform's state and Google's answer hold what was asked for.
    """
    return [address for address, state in functions(plan).items() if state == "FAILED"]


def accounts(plan: Mapping[str, Any]) -> dict[str, str]:
    """Each function's service account, by the function."""
    return {
        function: f"{values['account_id']}@{values['project']}.iam.gserviceaccount.com"
        for function, values in resources(plan, "google_service_account")
        if function
    }


def secret_uses(plan: Mapping[str, Any]) -> list[SecretUse]:
    """Every secret of a plan, with the accounts that are granted it."""
    versions = plan["planned_values"]["outputs"]["secrets"]["value"]
    account_of = accounts(plan)
    granted: dict[str, dict[str, str]] = {}
    for key, _ in resources(plan, "google_secret_manager_secret_iam_member"):
        function, _, setting = key.partition("/")
        granted.setdefault(setting, {})[function] = account_of[function]
    return [
        SecretUse(
            setting,
            values["secret_id"],
            str(versions[setting.replace("_", "-")]["version"]),
            granted.get(setting, {}),
        )
        for setting, values in resources(plan, "google_secret_manager_secret")
    ]


def planned_database(plan: Mapping[str, Any]) -> str:
    """The database as the connector names it; empty while nobody knows."""
    return str(plan["planned_values"]["outputs"].get("database_instance", {}).get("value") or "")


def planned_settings(plan: Mapping[str, Any]) -> dict[str, str]:
    """The variables that any function is told, by name."""
    told: dict[str, str] = {}
    for _, values in resources(plan, "google_cloudfunctions2_function"):
        told |= values["service_config"][0]["environment_variables"]
    return told
