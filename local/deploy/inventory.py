"""What an environment consists of, as a page: resources, what each function may do, and who reads which secret."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Final

HEAD: Final = (
    "# Inventory\n\nWhat `terraform apply` makes of the dev environment. Written by "
    "`./test.sh terraform --write-inventory` from an applied state; a test fails when it is stale.\n"
)


def inventory(shown: Mapping[str, Any]) -> str:
    """The page, of what `terraform show -json` says of an applied state."""
    resources = [found for found in shown["values"]["root_module"]["resources"] if found["mode"] == "managed"]
    return "\n".join([HEAD, *_functions(resources), *_grants(resources), *_secrets(resources), *_counts(resources)])


def _of(resources: list[Mapping[str, Any]], kind: str) -> list[Mapping[str, Any]]:
    return [found for found in resources if found["type"] == kind]


def _functions(resources: list[Mapping[str, Any]]) -> Iterator[str]:
    yield "## Functions\n"
    yield "| Function | CPU | Memory | At once | Instances | Time-out | Ingress |"
    yield "|---|---|---|---|---|---|---|"
    for found in _of(resources, "google_cloudfunctions2_function"):
        config = found["values"]["service_config"][0]
        ingress = "all" if config["ingress_settings"] == "ALLOW_ALL" else "internal"
        instances = f"{config['min_instance_count']} to {config['max_instance_count']}"
        yield (
            f"| `{found['index']}` | {config['available_cpu']} | {config['available_memory']} | "
            f"{config['max_instance_request_concurrency']} | {instances} | {config['timeout_seconds']} s | {ingress} |"
        )
    yield ""


def _grants(resources: list[Mapping[str, Any]]) -> Iterator[str]:
    """Every grant there is, by who holds it."""
    held: dict[str, list[str]] = {}
    for found in resources:
        if not found["type"].endswith("_iam_member") or found["type"] == "google_secret_manager_secret_iam_member":
            continue
        values = found["values"]
        held.setdefault(_who(values["member"]), []).append(f"`{values['role'].rpartition('/')[2]}` on {_what(found)}")
    yield "## Grants\n"
    yield "| Who | May |"
    yield "|---|---|"
    for who, grants in sorted(held.items()):
        yield f"| {who} | {'<br>'.join(sorted(grants))} |"
    yield ""


def _who(member: str) -> str:
    if member == "allUsers":
        return "everybody"
    address = member.partition(":")[2]
    name, _, domain = address.partition("@")
    if domain.endswith("gserviceaccount.com") and name.startswith(("service-", "bucket-")):
        return f"Google's agent for {'Pub/Sub' if 'pubsub' in domain else 'Cloud Storage'}"
    return f"`{name}`" if domain.endswith("gserviceaccount.com") else f"deployer `{address}`"


def _what(found: Mapping[str, Any]) -> str:
    values = found["values"]
    condition = values.get("condition") or []
    if condition:
        return f"the project, {condition[0]['title']}"
    for name, said in (
        ("topic", "topic"),
        ("subscription", "subscription"),
        ("bucket", "bucket"),
        ("repository", "repository"),
        ("service_account_id", "account"),
        ("name", "service"),
    ):
        if values.get(name):
            return f"{said} {str(values[name]).rpartition('/')[2].partition('@')[0]}"
    return "the project"


def _secrets(resources: list[Mapping[str, Any]]) -> Iterator[str]:
    readers: dict[str, list[str]] = {}
    for found in _of(resources, "google_secret_manager_secret_iam_member"):
        function, _, setting = str(found["index"]).partition("/")
        readers.setdefault(setting, []).append(f"`{function}`")
    yield "## Secrets\n"
    yield "| Secret | Variable | Read by |"
    yield "|---|---|---|"
    for found in _of(resources, "google_secret_manager_secret"):
        setting = str(found["index"])
        yield f"| `{found['values']['secret_id']}` | `{setting.upper()}` | {', '.join(sorted(readers[setting]))} |"
    yield ""


def _counts(resources: list[Mapping[str, Any]]) -> Iterator[str]:
    counted = Counter(found["type"] for found in resources)
    yield "## Resources\n"
    yield "| Type | Number |"
    yield "|---|---|"
    for kind, number in sorted(counted.items()):
        yield f"| `{kind}` | {number} |"
    yield f"| all | {sum(counted.values())} |"
    yield ""
