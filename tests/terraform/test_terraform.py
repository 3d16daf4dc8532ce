"""The configuration is in form, valid, keeps its own assertions and the policies, and settles after one apply."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from local.deploy.costs import page
from local.deploy.inventory import inventory
from shared.adapters.firestore import COLLECTION
from tests.conftest import ROOT, missing
from tests.terraform.conftest import COUNTED, Terraform, variables

ENVIRONMENTS = sorted(path.stem for path in (ROOT / "terraform" / "environments").glob("*.tfvars"))
KEY = "projects/some-project/locations/europe-west1/keyRings/ours/cryptoKeys/ours"


def test_the_files_are_in_form(program: str) -> None:
    done = subprocess.run(
        [program, f"-chdir={ROOT / 'terraform'}", "fmt", "-check", "-recursive"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_the_configuration_is_valid(terraform: Terraform) -> None:
    assert "valid" in terraform.run("validate", "-no-color").stdout


def test_bootstrap_is_valid(program: str, tmp_path: Path) -> None:
    folder = tmp_path / "bootstrap"
    shutil.copytree(ROOT / "terraform" / "bootstrap", folder, ignore=shutil.ignore_patterns(".terraform*"))
    bootstrap = Terraform(program, folder)
    begun = bootstrap.run("init", "-input=false", check=False)
    if begun.returncode != 0:
        missing("terraform cannot have the google provider here")
    assert "valid" in bootstrap.run("validate", "-no-color").stdout


def test_its_own_assertions_hold(terraform: Terraform, record_property: Callable[[str, object], None]) -> None:
    done = terraform.run("test", "-no-color")
    counted = re.search(r"(\d+) passed, (\d+) failed", done.stdout)
    assert counted is not None
    record_property(f"{COUNTED}terraform test", counted[0])
    assert int(counted[1]) > 40
    assert counted[2] == "0"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_every_environment_can_be_planned(terraform: Terraform, environment: str, tmp_path: Path) -> None:
    plan = tmp_path / "plan"
    empty = f"-state={tmp_path / 'nothing.tfstate'}"
    done = terraform.run("plan", "-input=false", "-no-color", empty, f"-out={plan}", *variables(environment))
    assert re.search(r"Plan: \d{3} to add, 0 to change, 0 to destroy", done.stdout), done.stdout[-500:]


def test_a_second_plan_has_no_changes(terraform: Terraform, applied: dict[str, Any]) -> None:
    assert applied["values"]
    done = terraform.run("plan", "-input=false", "-no-color", "-detailed-exitcode", *variables("dev"), check=False)
    assert done.returncode == 0, done.stdout
    assert "No changes" in done.stdout


def test_the_policies_are_kept(
    terraform: Terraform, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    checkov = ROOT / ".venv-policy" / "bin" / "checkov"
    if not checkov.exists():
        missing("checkov is not installed: ./test.sh terraform installs it")
    plan, shown = tmp_path / "plan", tmp_path / "plan.json"
    terraform.run("plan", "-input=false", f"-out={plan}", *variables("prod"), f"-var=encryption_key={KEY}")
    shown.write_text(json.dumps(terraform.shown(str(plan))))
    of_plan = _checked(
        checkov, "-f", str(shown), "--framework=terraform_plan", f"--repo-root-for-plan-enrichment={ROOT / 'terraform'}"
    )
    of_bootstrap = _checked(checkov, "-d", str(ROOT / "terraform" / "bootstrap"), "--framework=terraform")
    failed = [check for found in (of_plan, of_bootstrap) for check in found["results"]["failed_checks"]]
    skipped = [check for found in (of_plan, of_bootstrap) for check in found["results"]["skipped_checks"]]
    passed = sum(found["summary"]["passed"] for found in (of_plan, of_bootstrap))
    counted = f"{passed} passed, {len(failed)} failed, {len(skipped)} skipped, each with its reason"
    record_property(f"{COUNTED}checkov", counted)
    assert [(check["check_id"], check["resource"]) for check in failed] == []
    assert all(check["check_result"]["suppress_comment"] for check in skipped)
    assert passed > 200


def _checked(checkov: Path, *words: str) -> dict[str, Any]:
    done = subprocess.run(
        [str(checkov), *words, "--skip-download", "--compact", "-o", "json"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"LOG_LEVEL": "ERROR"},
    )
    assert done.stdout.startswith("{"), done.stdout[:500] + done.stderr[-500:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_inventory_is_of_today(applied: dict[str, Any], pytestconfig: pytest.Config) -> None:
    _compare(ROOT / "docs" / "inventory.md", inventory(applied), pytestconfig)


def test_the_costs_are_of_today(terraform: Terraform, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    plans = {}
    for environment in ENVIRONMENTS:
        plan = tmp_path / environment
        empty = f"-state={tmp_path / 'nothing.tfstate'}"
        terraform.run("plan", "-input=false", empty, f"-out={plan}", *variables(environment))
        plans[environment] = terraform.shown(str(plan))
    _compare(ROOT / "docs" / "cost.md", page(plans), pytestconfig)


def _compare(path: Path, text: str, config: pytest.Config) -> None:
    if config.getoption("--write-inventory"):
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text, "write it anew: ./test.sh terraform --write-inventory"


# Roles that are granted on the whole project, for there is nothing smaller to grant them on.
ON_THE_PROJECT = {"roles/logging.logWriter": "build_log", "vividly_dev_model_caller": "model_caller"}


def test_what_is_granted_is_granted_on_one_thing_and_to_one_account(applied: dict[str, Any]) -> None:
    """Of every grant there is, in whatever file: no basic role, nobody anonymous but at the api, no bare project."""
    grants = [
        found
        for found in applied["values"]["root_module"]["resources"]
        if found["mode"] == "managed" and found["type"].endswith(("_iam_member", "_iam_binding", "_iam_policy"))
    ]
    assert len(grants) > 80
    for found in grants:
        values = found["values"]
        assert found["type"].endswith("_iam_member"), found["address"]  # the others take away what they do not know
        assert values["role"].removeprefix("roles/") not in ("owner", "editor", "viewer"), found["address"]
        if values["member"].startswith("all"):
            assert found["address"] == 'google_cloud_run_v2_service_iam_member.public["api"]'
        if found["type"] == "google_project_iam_member" and not values["condition"]:
            role = values["role"].rpartition("/")[2] if "/roles/vividly" in values["role"] else values["role"]
            assert ON_THE_PROJECT[role] == found["name"]


def test_log_lines_that_are_counted_are_written(applied: dict[str, Any]) -> None:
    """A metric of a message that no function logs would count nothing, and its alert be silent for ever."""
    code = (ROOT / "functions" / "sweep" / "main.py").read_text(encoding="utf-8")
    messages = [
        re.search(r'jsonPayload\.message="([^"]+)"', found["values"]["filter"])
        for found in applied["values"]["root_module"]["resources"]
        if found["type"] == "google_logging_metric"
    ]
    assert len(messages) == 2
    for message in messages:
        assert message is not None
        assert f'"{message[1].removeprefix("sweep: ")}"' in code


def test_index_and_rules_are_of_what_is_mirrored(applied: dict[str, Any]) -> None:
    """The mirror's collection and fields are typed there and here: an index of others would serve no query."""
    mirrored = (ROOT / "shared" / "db" / "snapshots.py").read_text(encoding="utf-8")
    rules = (ROOT / "terraform" / "firestore.rules").read_text(encoding="utf-8")
    indexes = [
        found["values"]
        for found in applied["values"]["root_module"]["resources"]
        if found["type"] == "google_firestore_index"
    ]
    assert [index["collection"] for index in indexes] == [COLLECTION]
    assert f"match /{COLLECTION}/" in rules
    named = {field["field_path"] for field in indexes[0]["fields"]} | set(re.findall(r"resource\.data\.(\w+)", rules))
    assert {name for name in named if f'"{name}": ' not in mirrored} == set()


def test_every_alert_leads_to_its_page(applied: dict[str, Any]) -> None:
    runbook = (ROOT / "docs" / "runbook.md").read_text(encoding="utf-8")
    anchors = {line[3:].strip() for line in runbook.splitlines() if line.startswith("## ")}
    alerts = [
        found["values"]["documentation"][0]["content"]
        for found in applied["values"]["root_module"]["resources"]
        if found["type"] == "google_monitoring_alert_policy"
    ]
    assert len(alerts) == 8
    for content in alerts:
        assert content.partition("docs/runbook.md#")[2].split(" ")[0] in anchors
