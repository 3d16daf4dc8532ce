"""A cloud project as the deployment sees it: what gcloud, terraform and curl answer, and what they leave behind.

The answers have the form of the real tools'. `fail` makes commands fail whose words hold a text; each command is kept.
"""

import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local.deploy.commands import Ran, RealCommands
from local.deploy.preflight import FIRST_SERVICES
from local.generated import ROOT
from shared.questions.subjects import SAMPLE_SOURCE

PIPELINE = json.loads((ROOT / "terraform" / "pipeline.json").read_text())
PREFIX = "vividly-dev"
PROJECT = "some-project"
API_URL = "https://vividly-dev-api-1.europe-west1.run.app"
MAINTAIN_URL = "https://vividly-dev-maintain-1.europe-west1.run.app"
DATABASE = f"{PROJECT}:europe-west1:{PREFIX}"
# Secrets as deployments before filled them.
FILLED = {
    "database_url": f"cloudsql://{DATABASE}/vividly?ip_type=private",
    "database_owner_url": f"cloudsql://vividly-owner:word@{DATABASE}/vividly?ip_type=private",
    "secret_key": "a-secret-key",
}
READERS = {
    "database_url": [name for name in PIPELINE["functions"] if name != "maintain"],
    "database_owner_url": ["maintain"],
    "secret_key": ["api"],
}
# Words of the commands that change something outside, unless they only look.
MUTATING = {
    " apply ": "apply",
    " destroy ": "destroy",
    "versions add": "secret",
    "storage cp": "upload",
    "sqladmin": "owner",
    "peerings delete": "peering",
    "https://vividly-dev-maintain": "maintain",
    "local.deploy.maintain_here": "maintain here",
}
LOOKING = ("(look)", "print-identity-token")


def step(line: str) -> str:
    """What a command changed outside, in a word; empty where it changed nothing."""
    if any(word in line for word in LOOKING):
        return ""
    return next((name for word, name in MUTATING.items() if word in f" {line} "), "")


@dataclass
class World:
    """Answers commands and changes with them."""

    fail: dict[str, Ran] = field(default_factory=dict)
    once: dict[str, Ran] = field(default_factory=dict)  # fails the first time alone
    ran: list[str] = field(default_factory=list)  # every command, as one line
    given: list[str] = field(default_factory=list)  # all standard inputs
    dirty: str = ""
    account: str = "operator@example.org"
    services: list[str] = field(default_factory=lambda: list(FIRST_SERVICES))
    billed: bool = True
    buckets: set[str] = field(default_factory=lambda: {f"{PROJECT}-vividly-state", f"{PROJECT}-vividly-code"})
    objects: set[str] = field(default_factory=set)
    terraform: str = "1.11.4"
    applied: dict[str, str] | None = None  # the variables of the last whole apply
    migration: str = ""  # the archive that `maintain` runs
    broken: set[str] = field(default_factory=set)  # functions whose last deployment failed
    database_users: list[str] = field(default_factory=lambda: ["postgres"])
    readers: dict[str, list[str]] = field(default_factory=lambda: {key: list(value) for key, value in READERS.items()})
    versions: dict[str, list[str]] = field(default_factory=dict)  # of each secret; a secret that is not there is no key
    pinned: dict[str, int] = field(default_factory=dict)
    unreadable: set[str] = field(default_factory=set)  # "function/setting" whose grant was taken away by hand
    differences: list[str] = field(default_factory=list)
    books: list[str] = field(default_factory=list)
    protected: bool = False
    destroyed: list[str] = field(default_factory=list)  # addresses that the plan destroys
    maintain_url: str = MAINTAIN_URL
    public_address: bool = False  # of the database

    @property
    def changed(self) -> list[str]:
        """The commands that changed something outside."""
        return [line for line in self.ran if step(line)]

    @property
    def serving(self) -> str:
        """The archive that the functions run."""
        return (self.applied or {}).get("serving_archive", "")

    def run(
        self,
        words: Sequence[str],
        *,
        given: str | None = None,
        shown: bool = False,
        environment: Mapping[str, str] | None = None,
    ) -> Ran:
        """Answer one command."""
        url = re.search(r'url = "([^"]+)"', given or "")
        line = " ".join(words) + (f" {url[1]}" if url else "")
        if re.search(r'\\?"look\\?": true', given or "") or (given and "sqladmin" in given and "data-raw" not in given):
            line += f" {LOOKING[0]}"
        self.ran.append(line)
        if given is not None:
            self.given.append(given)
        for text in [text for text in self.once if text in line]:
            return self.once.pop(text)
        for text, answer in self.fail.items():
            if text in line:
                return answer
        return self._answer(list(words), line, given or "")

    def _answer(self, words: list[str], line: str, given: str) -> Ran:
        match words[0]:
            case "git":
                return self._git(words)
            case "gcloud":
                return self._gcloud(words, line, given)
            case "curl":
                return self._curl(line, given)
            case sys.executable:
                return self._maintained(json.loads(given)["order"])
            case _:
                return self._terraform(words, line)

    def _git(self, words: list[str]) -> Ran:
        if "status" in words:
            return Ran(0, self.dirty)
        if "rev-parse" in words or "archive" in words:
            return RealCommands().run(words)
        return Ran(0, "git version 2.39.5\n")

    def _terraform(self, words: list[str], line: str) -> Ran:
        variables = dict(re.findall(r"-var=(\w+)=(\S*)", line))
        match next(word for word in words[1:] if not word.startswith("-")):
            case "version":
                return Ran(0, json.dumps({"terraform_version": self.terraform}))
            case "plan":
                same = self.applied == variables and self.migration == variables["migration_archive"]
                return Ran(0 if same and "-replace=" not in line else 2, "")
            case "show":
                return Ran(0, json.dumps(self._planned()))
            case "output":
                return Ran(0, json.dumps(self._outputs()))
            case "apply":
                for setting in self.readers:
                    self.versions.setdefault(setting, [])
                for name in re.findall(r'-replace=\S+this\["(\w+)"\]', line):
                    self.broken.discard(name)
                if "-target=google_cloudfunctions2_function" in line:
                    self.migration = variables["migration_archive"]
                elif "-target" not in line:
                    self.applied, self.migration = variables, variables.get("migration_archive", "")
                return Ran(0, "")
            case "destroy":
                self.applied, self.migration = None, ""
                return Ran(0, "")
            case _:
                return Ran(0, "")

    def _outputs(self) -> dict[str, Any]:
        if self.applied is None:
            return {}
        values = {
            "api_url": API_URL,
            "maintain_url": self.maintain_url if self.migration else "",
            "database_instance": DATABASE,
            "database_name": "vividly",
            "database_public_address": self.public_address,
            "database_users": ["dev-api@some-project.iam"],
            "sources_bucket": f"{PROJECT}-{PREFIX}-sources",
            "serving": {
                "archive": self.serving,
                "commit": self.applied["commit"] if self.serving else "",
            },
            "network": PREFIX,
            "protected": self.protected,
            "secrets": self._pins(),
        }
        return {name: {"value": value, "sensitive": False} for name, value in values.items()}

    def _planned(self) -> dict[str, Any]:
        def resource(kind: str, index: str, values: dict[str, Any]) -> dict[str, Any]:
            return {"type": kind, "mode": "managed", "index": index, "values": values}

        secrets = [
            resource("google_secret_manager_secret", setting, {"secret_id": self.full(setting)})
            for setting in self.readers
        ]
        accounts = [
            resource(
                "google_service_account", name, {"account_id": f"dev-{name.replace('_', '-')}", "project": PROJECT}
            )
            for name in PIPELINE["functions"]
        ]
        grants = [
            resource("google_secret_manager_secret_iam_member", f"{name}/{setting}", {})
            for setting, names in self.readers.items()
            for name in names
        ]
        told = {"WRITER": "gemini", "WRITER_MODEL": "gemini-2.5-flash", "VERTEX_LOCATION": "europe-west1"}
        function = resource(
            "google_cloudfunctions2_function", "generate_script", {"service_config": [{"environment_variables": told}]}
        )
        new = [
            {"type": found["type"], "index": found["index"], "change": {"actions": ["create"]}}
            for found in (*secrets, *grants)
            if found["index"].rpartition("/")[2] not in self.versions
        ]
        if self.applied is None:
            new.append({"type": "google_project_service", "index": "aiplatform", "change": {"actions": ["create"]}})
        new += [
            {"type": address.partition(".")[0], "address": address, "change": {"actions": ["delete", "create"]}}
            for address in self.destroyed
        ]
        return {
            "planned_values": {
                "root_module": {"resources": [*secrets, *accounts, *grants, function]},
                "outputs": {"secrets": {"value": self._pins()}, "database_instance": {"value": DATABASE}},
            },
            "prior_state": {"values": {"root_module": {"resources": self._functions()}}},
            "resource_changes": new,
        }

    def _pins(self) -> dict[str, dict[str, str]]:
        return {
            setting.replace("_", "-"): {"name": self.full(setting), "version": str(self.pinned.get(setting, 1))}
            for setting in self.readers
        }

    def _functions(self) -> list[dict[str, Any]]:
        there = [name for name in PIPELINE["functions"] if (self.migration if name == "maintain" else self.serving)]
        return [
            {
                "type": "google_cloudfunctions2_function",
                "address": f'google_cloudfunctions2_function.this["{name}"]',
                "values": {"state": "FAILED" if name in self.broken else "ACTIVE"},
            }
            for name in there
        ]

    def full(self, setting: str) -> str:
        """A secret's full name."""
        return f"{PREFIX}-{setting.replace('_', '-')}"

    def _gcloud(self, words: list[str], line: str, given: str) -> Ran:
        if "auth list" in line:
            return Ran(0, self.account + "\n")
        if "print-" in line:
            return Ran(0, "a-token-of-google\n")
        if "projects describe" in line and "billing" not in line:
            return Ran(0, json.dumps({"projectId": PROJECT, "lifecycleState": "ACTIVE"}))
        if "billing projects" in line:
            return Ran(0, json.dumps({"billingEnabled": self.billed}))
        if "services list" in line:
            return Ran(0, "\n".join(self.services))
        if "buckets describe" in line:
            return Ran(0 if words[4].removeprefix("gs://") in self.buckets else 1, "", "ERROR: not found: 404")
        if "objects describe" in line:
            return Ran(0 if words[4] in self.objects else 1, "", "ERROR: not found: 404")
        if "storage cp" in line:
            self.objects.add(words[-1])
            if words[-1].endswith(f"{SAMPLE_SOURCE}.zip"):
                self.books.append(SAMPLE_SOURCE)
            return Ran(0, "")
        if "secrets" in words:
            return self._secrets(words, line, given)
        return Ran(0, "Google Cloud SDK 500.0.0\n")

    def _secrets(self, words: list[str], line: str, given: str) -> Ran:
        name = re.search(r"--secret=(\S+)", line)
        full = name[1] if name else words[3] if "versions" not in words else words[4]
        setting = next((setting for setting in self.readers if self.full(setting) == full), "")
        if setting not in self.versions:
            return Ran(1, "", f"ERROR: NOT_FOUND: Secret [{full}] not found")
        if "versions add" in line:
            self.versions[setting].append(given)
            return Ran(0, f"Created version [{len(self.versions[setting])}]")
        if "versions list" in line:
            return Ran(0, "\n".join(str(number + 1) for number in range(len(self.versions[setting]))))
        if "versions describe" in line:
            there = int(words[4]) <= len(self.versions[setting])
            return Ran(0, "ENABLED\n") if there else Ran(1, "", "ERROR: NOT_FOUND: version not found")
        if "versions access" in line:
            return Ran(0, self.versions[setting][int(words[4]) - 1])
        members = [
            f"serviceAccount:dev-{name.replace('_', '-')}@{PROJECT}.iam.gserviceaccount.com"
            for name in self.readers[setting]
            if f"{name}/{setting}" not in self.unreadable
        ]
        return Ran(0, json.dumps({"bindings": [{"role": "roles/secretmanager.secretAccessor", "members": members}]}))

    def _curl(self, line: str, given: str) -> Ran:
        body = re.search(r'data-raw = "(.*)"\n', given)
        order = json.loads(body[1].replace('\\"', '"').replace("\\\\", "\\")) if body else {}
        if "sqladmin" in line:
            if not body:
                return Ran(0, json.dumps({"items": [{"name": name} for name in self.database_users]}))
            self.database_users.append(order["name"])
            return Ran(0, json.dumps({"name": "an-operation", "status": "PENDING"}))
        if self.maintain_url not in line:
            return Ran(0, "{}")
        return self._maintained(order)

    def _maintained(self, order: Mapping[str, Any]) -> Ran:
        answer = {
            "schema_before": "0002",
            "schema": "0003",
            "newest": "0003",
            "books": sorted(self.books),
            "differences": self.differences,
            "passwords": {account["email"]: "a-new-password" for account in order.get("accounts", ())},
        }
        return Ran(0, f"{json.dumps(answer)}\n{409 if self.differences else 200}")
