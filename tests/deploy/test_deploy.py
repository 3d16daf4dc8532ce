"""A deployment looks before it touches, migrates before it serves, and takes back what the check refuses."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from local.deploy import archive, curl, ground, preflight
from local.deploy.commands import Ran, RealCommands
from local.deploy.main import main
from local.deploy.target import NotDeployed, Target
from local.environment import ROOT
from shared.questions.subjects import SAMPLE_SOURCE
from tests.deploy.deployer import OLD, TARGET, Deployer, steps
from tests.deploy.world import API_URL, PROJECT, World


def test_the_first_deployment_lays_the_ground_migrates_serves_and_checks(deployer: Deployer, head: str) -> None:
    said = deployer.deploy()
    assert said == f"{API_URL} serves commit {head[:12]}."
    assert deployer.asked == ["dev"]
    assert steps(deployer.world) == [
        *("apply", "secret", "owner", "secret", "secret", "upload", "apply", "maintain", "apply"),
        *("maintain", "upload"),
    ]
    assert deployer.checked == [(API_URL, "first@check.invalid")]
    assert all(deployer.world.versions.values())
    assert SAMPLE_SOURCE in deployer.world.books


def test_each_apply_has_the_archives_that_it_should_have(deployer: Deployer, head: str) -> None:
    deployer.deployed_before()
    deployer.deploy()
    applies = [line for line in deployer.world.changed if " apply " in line]
    serving = [line.split("-var=serving_archive=")[1].split(" ")[0] for line in applies]
    migration = [line.split("-var=migration_archive=")[1].split(" ")[0] for line in applies]
    commits = [line.split("-var=commit=")[1].split(" ")[0] for line in applies]
    assert serving[0] == OLD
    assert migration[0] == migration[1] == serving[1] != OLD
    assert commits == ["old-commit", head]


def test_migrations_run_before_the_code_that_needs_them(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.deploy()
    assert steps(deployer.world) == ["upload", "apply", "maintain", "apply", "maintain"]


def test_a_second_run_without_changes_changes_nothing(deployer: Deployer, head: str) -> None:
    deployer.deploy()
    before = len(deployer.world.changed)
    assert deployer.deploy() == f"{API_URL} serves this commit already; nothing was changed."
    assert deployer.world.changed[before:] == []
    assert len(deployer.checked) == 1


def test_a_plan_changes_nothing(deployer: Deployer) -> None:
    deployer.deployed_before()
    assert "changes" in deployer.deploy(plan_only=True)
    assert deployer.world.changed == []
    assert deployer.asked == []


def test_without_the_confirmation_nothing_is_changed(deployer: Deployer) -> None:
    deployer.answer = False
    deployer.refused("not_confirmed")
    assert deployer.world.changed == []


def test_a_failed_check_brings_the_code_back_that_served_before(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.found = ["The lesson completes: 121 s"]
    text = deployer.refused("check_failed")
    assert "121 s" in text
    assert "old-commit serves again" in text
    assert deployer.world.serving == OLD
    assert deployer.world.applied is not None
    assert deployer.world.applied["commit"] == "old-commit"


def test_a_first_deployment_that_fails_its_check_says_that_there_is_no_way_back(deployer: Deployer) -> None:
    deployer.found = ["a video without sound"]
    assert "no earlier archive" in deployer.refused("check_failed")
    assert deployer.world.serving != ""


@pytest.mark.parametrize(
    ("health", "said"),
    [
        ({"status": "ok", "commit": "another", "schema": "0003"}, "commit another"),
        ({"status": "ok", "schema": "0001"}, "schema 0001"),
        ({"status": "unavailable"}, "status unavailable"),
    ],
)
def test_another_commit_or_schema_than_was_deployed_is_taken_back(
    deployer: Deployer, health: Mapping[str, Any], said: str
) -> None:
    deployer.deployed_before()
    deployer.health = lambda url: health
    assert said in deployer.refused("check_failed")
    assert deployer.world.serving == OLD
    assert deployer.checked == []


def test_a_database_that_differs_from_the_code_keeps_the_old_code_serving(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.differences = ["content_request_status is pending, generating"]
    assert "generating" in deployer.refused("not_migrated")
    assert deployer.world.serving == OLD
    assert deployer.checked == []


def test_a_migration_that_cannot_be_run_keeps_the_old_code_serving(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.fail["curl --silent --show-error --max-time"] = Ran(28, "\n000", "curl: (28) timed out")
    assert "timed out" in deployer.refused("not_migrated")
    assert deployer.world.serving == OLD


@pytest.mark.parametrize(
    ("status", "tries"),
    [(403, 3), (404, 3), (503, 3), (500, 1)],
    ids=["grant not known", "service not known", "no instance", "broken"],
)
def test_what_is_not_known_everywhere_yet_is_asked_for_again(deployer: Deployer, status: int, tries: int) -> None:
    calls: list[None] = []
    original = deployer.world.run

    def run(words: Any, **more: Any) -> Ran:
        ran = original(words, **more)
        if words[0] == "curl" and deployer.world.maintain_url in (more.get("given") or ""):
            calls.append(None)
            return ran if len(calls) >= 3 else Ran(0, f"<html>not yet</html>\n{status}")
        return ran

    deployer.world.run = run  # type: ignore[method-assign]
    if tries == 1:
        assert f"HTTP {status}" in deployer.refused("not_migrated")
        assert len(calls) == 1
    else:
        deployer.deploy()
        assert len(calls) > tries


def test_a_grant_that_never_comes_ends_the_deployment(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.fail["curl --silent --show-error --max-time"] = Ran(0, "<html>Forbidden</html>\n403")
    assert "HTTP 403" in deployer.refused("not_migrated")
    assert deployer.world.serving == OLD


@pytest.mark.parametrize(
    ("account", "audience"),
    [("operator@example.org", False), ("deployments@some-project.iam.gserviceaccount.com", True)],
)
def test_a_service_account_says_whom_its_identity_is_for(deployer: Deployer, account: str, audience: bool) -> None:
    deployer.world.account = account
    deployer.deploy()
    asked = [line for line in deployer.world.ran if "print-identity-token" in line]
    assert asked
    assert all((f"--audiences={deployer.world.maintain_url}" in line) is audience for line in asked)


@pytest.mark.parametrize("number", [1, 2, 3])
def test_what_was_half_applied_is_finished_by_the_next_run(deployer: Deployer, number: int, head: str) -> None:
    def count() -> int:
        return sum(" apply " in line for line in deployer.world.ran)

    original = deployer.world.run

    def run(words: Any, **more: Any) -> Ran:
        if "apply" in words and count() == number - 1 and not failed:
            failed.append(True)
            deployer.world.ran.append(" ".join(words))
            return Ran(1, "", "Error: quota")
        return original(words, **more)

    failed: list[bool] = []
    deployer.world.run = run  # type: ignore[method-assign]
    assert "Run it again" in deployer.refused("half_applied")
    assert deployer.deploy() == f"{API_URL} serves commit {head[:12]}."


# Each command that a first deployment changes something with, failing once.
ONCE = {
    "a secret is not taken": "versions add vividly-dev-secret-key",
    "the owner's answer gets lost": "sqladmin.googleapis.com",
    "the owner is not made": "gcloud sql operations wait",
    "the archive is not taken": "storage cp --no-clobber",
    "the migration does not answer": "curl --silent --show-error --max-time",
    "the book is not taken": "vividly-dev-sources",
}


@pytest.mark.parametrize("name", ONCE)
def test_a_deployment_that_ended_anywhere_is_finished_by_the_next_run(deployer: Deployer, name: str, head: str) -> None:
    deployer.world.once[ONCE[name]] = Ran(7, "", "curl: (7) no route to host")
    with pytest.raises(NotDeployed):
        deployer.deploy()
    assert deployer.deploy() == f"{API_URL} serves commit {head[:12]}."
    assert deployer.checked


def test_an_owner_that_is_there_already_gets_the_password_that_is_kept(deployer: Deployer) -> None:
    deployer.world.database_users.append("vividly-owner")
    deployer.deploy()
    put = next(given for given in deployer.world.given if 'request = "PUT"' in given)
    password = deployer.world.versions["database_owner_url"][0].split(":")[2].split("@")[0]
    assert f'\\"password\\": \\"{password}\\"' in put
    assert "users?name=vividly-owner" in put


def test_a_function_whose_last_deployment_failed_is_made_anew(deployer: Deployer) -> None:
    deployer.deploy()
    deployer.world.broken.add("process_video")
    deployer.deploy()
    last = [line for line in deployer.world.changed if " apply " in line][-1]
    assert '-replace=google_cloudfunctions2_function.this["process_video"]' in last
    assert deployer.world.broken == set()


def test_before_the_migration_nothing_but_maintain_is_touched(deployer: Deployer) -> None:
    """The code that serves may lack a function or a setting that the new configuration has."""
    deployer.deployed_before()
    deployer.deploy()
    before, after = (line for line in deployer.world.changed if " apply " in line)
    targets = [word for word in before.split() if word.startswith("-target=")]
    assert targets == [
        '-target=google_cloudfunctions2_function.this["maintain"]',
        "-target=google_cloud_run_v2_service_iam_member.deployer",
    ]
    assert "-target=" not in after


def test_somebody_else_s_deployment_is_not_written_over(deployer: Deployer) -> None:
    deployer.deployed_before()

    def meanwhile(name: str) -> bool:
        deployer.world.applied = (deployer.world.applied or {}) | {"commit": "another"}
        return True

    deployer._confirm = meanwhile  # type: ignore[method-assign]
    deployer.refused("overtaken")
    assert deployer.world.changed == []


def test_a_check_that_fails_over_somebody_else_s_deployment_takes_nothing_back(deployer: Deployer) -> None:
    deployer.deployed_before()

    def health(url: str) -> Mapping[str, Any]:
        deployer.world.applied = (deployer.world.applied or {}) | {"commit": "another"}
        return {"status": "ok", "commit": "another", "schema": "0003"}

    deployer.health = health
    assert "Somebody else" in deployer.refused("overtaken")
    assert deployer.world.serving != OLD


def test_going_back_goes_back_to_the_configuration_of_then(deployer: Deployer, head: str, tmp_path: Path) -> None:
    deployer.deployed_before(commit=head)
    deployer.found = ["a video without sound"]
    assert f"{head[:12]} serves again" in deployer.refused("check_failed")
    last = deployer.world.changed[-1]
    assert f"-chdir={tmp_path / 'before' / 'terraform'} apply" in last
    assert f"-var-file={tmp_path / 'before' / 'terraform' / 'environments' / 'dev.tfvars'}" in last
    assert f"-var=serving_archive={OLD}" in last
    assert (tmp_path / "before" / "terraform" / "pipeline.json").exists()


def test_going_back_that_does_not_go_through_says_what_to_deploy(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.found = ["a video without sound"]
    original = deployer.world.run

    def run(words: Any, **more: Any) -> Ran:
        if "apply" in words and deployer.checked:
            return Ran(1, "", "Error: quota")
        return original(words, **more)

    deployer.world.run = run  # type: ignore[method-assign]
    assert "deploy old-commit" in deployer.refused("not_gone_back")


def test_going_back_that_leaves_what_is_protected_has_gone_back(deployer: Deployer) -> None:
    """A secret that the new release brought refuses to be deleted; by then the old code serves."""
    deployer.deployed_before()
    deployer.found = ["a video without sound"]
    original = deployer.world.run

    def run(words: Any, **more: Any) -> Ran:
        ran = original(words, **more)
        return Ran(1, "", "Error: cannot destroy secret") if "apply" in words and deployer.checked else ran

    deployer.world.run = run  # type: ignore[method-assign]
    assert "old-commit serves again" in deployer.refused("check_failed")


def test_a_check_that_failed_is_made_again_where_nothing_changed(deployer: Deployer, head: str) -> None:
    deployer.found = ["a video without sound"]
    deployer.refused("check_failed")
    deployer.found = []
    assert deployer.deploy() == f"{API_URL} serves commit {head[:12]}."
    assert len(deployer.checked) == 2


def test_a_run_cut_off_before_its_check_is_taken_back_by_the_next(deployer: Deployer) -> None:
    """The next run finds its own release serving already; it knows from the one before over what."""
    deployer.deployed_before()

    def cut_off(url: str) -> Mapping[str, Any]:
        raise KeyboardInterrupt

    deployer.health = cut_off
    with pytest.raises(KeyboardInterrupt):
        deployer.deploy()
    assert deployer.world.serving != OLD
    deployer.health = deployer._health
    deployer.found = ["a video without sound"]
    assert "old-commit serves again" in deployer.refused("check_failed")
    assert deployer.world.serving == OLD


def test_a_release_that_passed_is_not_taken_back_for_what_it_replaced(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.deploy()
    deployer.world.broken.add("process_video")  # so that the same release is applied again
    deployer.found = ["a video without sound"]
    assert "no earlier archive" in deployer.refused("check_failed")
    assert deployer.world.serving != OLD


def test_a_service_that_is_not_known_everywhere_yet_is_waited_for(deployer: Deployer, head: str) -> None:
    answers = [{"status": "HTTP status 403 (http_403)"}] * 5

    def health(url: str) -> Mapping[str, Any]:
        return answers.pop() if answers else deployer._health(url)

    deployer.health = health
    assert deployer.deploy() == f"{API_URL} serves commit {head[:12]}."


def test_models_are_asked_for_once_their_service_is_on(deployer: Deployer) -> None:
    deployer.world.fail["aiplatform.googleapis.com/v1beta1"] = Ran(22, "", "curl: (22) error: 404")
    assert "gemini-2.5-flash is not to be had" in deployer.refused("no_model")
    assert steps(deployer.world) == ["apply"]
    asked = [given for given in deployer.world.given if "aiplatform" in given]
    assert all(f'header = "x-goog-user-project: {PROJECT}"' in given for given in asked)


def test_a_secret_that_only_a_person_knows_is_asked_for_once_it_can_be_filled(deployer: Deployer) -> None:
    deployer.world.readers["smtp_url"] = ["notify_student"]
    text = deployer.refused("secret_unknown")
    assert "gcloud secrets versions add vividly-dev-smtp-url" in text
    assert deployer.world.serving == ""
    deployer.world.versions["smtp_url"] = ["smtps://…"]
    deployer.deploy()
    assert deployer.world.serving != ""


def test_a_first_version_that_is_asked_for_by_another_number_is_refused_before_its_readers(deployer: Deployer) -> None:
    deployer.world.pinned["secret_key"] = 2
    assert "vividly-dev-secret-key has no version yet" in deployer.refused("secret_not_set")
    assert deployer.world.migration == ""


def test_a_secret_that_a_release_brings_is_made_before_its_reader(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.readers["webhook_secret"] = ["notify_student"]
    deployer.deploy()
    lines = deployer.world.changed
    assert "-target=google_secret_manager_secret.this" in lines[0]
    assert "versions add vividly-dev-webhook-secret" in lines[1]
    assert deployer.world.serving != OLD


def test_no_secret_is_among_the_words_of_a_command(deployer: Deployer) -> None:
    deployer.deploy()
    values = [value for versions in deployer.world.versions.values() for value in versions]
    owner = next(value for value in values if "vividly-owner:" in value)
    password = owner.split("vividly-owner:")[1].split("@")[0]
    assert len(password) > 30
    assert any(password in given for given in deployer.world.given)
    for line in deployer.world.ran:
        assert "a-token-of-google" not in line
        assert not any(value in line for value in (*values, password))


def test_no_problem_shows_what_is_wrong_with_a_secret(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.versions["database_owner_url"] = ["postgresql://owner:a-secret-word@10.8.0.2/vividly"]
    assert "a-secret-word" not in deployer.refused("preflight")


PROBLEMS: dict[str, tuple[Callable[[World], object], str]] = {
    "files that are not committed": (lambda world: setattr(world, "dirty", " M shared/enums.py\n"), "not committed"),
    "an old Terraform": (lambda world: setattr(world, "terraform", "1.5.7"), "Terraform 1.5.7 is older than the 1.9"),
    "no Terraform": (lambda world: world.fail.update({"version -json": Ran(127, "", "no")}), "not installed"),
    "no gcloud": (lambda world: world.fail.update({"gcloud --version": Ran(127, "")}), "gcloud is not installed"),
    "nobody signed in": (lambda world: setattr(world, "account", ""), "gcloud auth login"),
    "no such project": (
        lambda world: world.fail.update({"gcloud projects describe": Ran(1, "", "ERROR: 403")}),
        "does not exist, or is not yours",
    ),
    "no billing": (lambda world: setattr(world, "billed", False), "no billing account"),
    "billing unseen": (
        lambda world: world.fail.update({"gcloud billing": Ran(1, "", "ERROR: PERMISSION_DENIED")}),
        "PERMISSION_DENIED",
    ),
    "services off": (lambda world: world.services.clear(), "gcloud services enable"),
    "no buckets": (lambda world: world.buckets.clear(), "./deploy.sh bootstrap"),
    "nothing for Terraform to sign in with": (
        lambda world: world.fail.update({"application-default print-access-token": Ran(1, "", "ERROR: no file")}),
        "gcloud auth application-default login",
    ),
    "a secret without its version": (lambda world: world.pinned.update(secret_key=2), "has no version 2"),
    "a secret of a person without a version": (
        lambda world: (world.readers.update(smtp_url=["notify_student"]), world.versions.update(smtp_url=[])),
        "vividly-dev-smtp-url has no version 1",
    ),
    "another environment's database": (
        lambda world: world.versions.update(database_url=["cloudsql://some-project:europe-west1:vividly-prod/vividly"]),
        "leads to another database than some-project:europe-west1:vividly-dev",
    ),
    "a database url that is none": (
        lambda world: world.versions.update(database_owner_url=["postgresql://owner:word@10.8.0.2/vividly"]),
        "is no URL of a Cloud SQL database",
    ),
    "a database url with somebody's password": (
        lambda world: world.versions.update(database_url=world.versions["database_owner_url"]),
        "nobody for the functions",
    ),
    "a plan that destroys the record": (
        lambda world: world.destroyed.append("google_sql_database_instance.record"),
        "The plan destroys google_sql_database_instance.record",
    ),
    "a version that is off": (
        lambda world: world.fail.update({"versions describe 1 --secret=vividly-dev-secret-key": Ran(0, "DISABLED\n")}),
        "is disabled",
    ),
    "a secret that its reader cannot read": (
        lambda world: world.unreadable.add("sweep/database_url"),
        "cannot be read by dev-sweep@",
    ),
    "no model": (
        lambda world: world.fail.update({"aiplatform": Ran(22, "", "curl: (22) error: 404")}),
        "gemini-2.5-flash is not to be had in europe-west1",
    ),
}


@pytest.mark.parametrize("name", PROBLEMS)
def test_what_is_wrong_is_said_before_anything_is_touched(deployer: Deployer, name: str) -> None:
    deployer.deployed_before()
    make, said = PROBLEMS[name]
    make(deployer.world)
    text = deployer.refused("preflight")
    assert said in text
    assert text.endswith("Nothing was touched.")
    assert "\n" not in text
    assert deployer.world.changed == []


def test_terraform_may_be_told_what_to_sign_in_with(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    deployer.deployed_before()
    deployer.world.fail["application-default"] = Ran(1, "", "ERROR: no file")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "a-token")
    deployer.deploy()


def test_all_problems_are_said_at_once(deployer: Deployer) -> None:
    deployer.deployed_before()
    for name in ("files that are not committed", "an old Terraform", "no billing", "no buckets"):
        PROBLEMS[name][0](deployer.world)
    text = deployer.refused("preflight")
    assert text.startswith("4 problems")
    assert all(PROBLEMS[name][1] in text for name in ("an old Terraform", "no billing", "no buckets"))


def test_what_a_plan_tells_is_said_with_the_rest(deployer: Deployer) -> None:
    deployer.deployed_before()
    names = (
        *("files that are not committed", "no billing"),
        *("a secret without its version", "a secret that its reader cannot read", "no model"),
    )
    for name in names:
        PROBLEMS[name][0](deployer.world)
    text = deployer.refused("preflight")
    assert text.startswith("5 problems")
    assert all(PROBLEMS[name][1] in text for name in names)
    assert deployer.world.changed == []


def test_problems_that_leave_no_plan_to_be_made_are_said_all_the_same(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.fail[" init "] = Ran(1, "", "Error: no bucket")
    for name in ("no buckets", "no billing"):
        PROBLEMS[name][0](deployer.world)
    assert deployer.refused("preflight").startswith("2 problems")


def test_a_stale_generated_file_stops_the_deployment(deployer: Deployer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "files", lambda: {ROOT / "terraform" / "pipeline.json": "{}"})
    assert "terraform/pipeline.json is stale" in deployer.refused("preflight")
    assert deployer.world.changed == []


def test_a_plan_that_terraform_refuses_changes_nothing(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.fail[" plan "] = Ran(1, "", "Error: The functions may open 190 connections")
    deployer.refused("plan_refused")
    assert deployer.world.changed == []


@pytest.mark.parametrize(
    ("environment", "environ", "code"),
    [
        ("production", {"GOOGLE_CLOUD_PROJECT": PROJECT}, "unknown_environment"),
        ("../dev", {"GOOGLE_CLOUD_PROJECT": PROJECT}, "unknown_environment"),
        ("", {"GOOGLE_CLOUD_PROJECT": PROJECT}, "unknown_environment"),
        ("dev", {}, "no_project"),
        ("dev", {"GOOGLE_CLOUD_PROJECT": "  "}, "no_project"),
        ("dev", {"GOOGLE_CLOUD_PROJECT": "Some Project"}, "no_project"),
    ],
)
def test_an_environment_or_project_that_is_none_is_refused(
    environment: str, environ: Mapping[str, str], code: str
) -> None:
    with pytest.raises(NotDeployed) as raised:
        Target.of(environment, environ)
    assert raised.value.code == code


def test_the_script_ends_with_one_line_and_1(tmp_path: Path) -> None:
    done = subprocess.run(
        [str(ROOT / "deploy.sh"), "production"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "GOOGLE_CLOUD_PROJECT": PROJECT},
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip().splitlines()[-1] == "✗ There is no environment 'production': dev, prod, staging."


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["destroy", "dev", "--plan"], "destroy has no --plan"),
        (["bootstrap", "--plan"], "bootstrap has no --plan"),
        (["dev", "staging"], "'staging'"),
        (["bootstrap", "dev"], "'dev'"),
    ],
)
def test_words_that_would_not_be_heard_are_refused(
    words: list[str], said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("local.deploy.main.RealCommands", lambda: pytest.fail("something was touched"))
    assert main(words) == 1
    assert said in capsys.readouterr().err


def test_destroy_respects_protection_and_the_typed_name(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.protected = True
    with pytest.raises(NotDeployed, match="is protected"):
        ground.destroy(TARGET, deployer.tools)
    deployer.world.protected = False
    deployer.answer = False
    with pytest.raises(NotDeployed, match="nothing was destroyed"):
        ground.destroy(TARGET, deployer.tools)
    assert deployer.world.changed == []
    deployer.answer = True
    assert "is gone" in ground.destroy(TARGET, deployer.tools)
    assert "not deployed" in ground.destroy(TARGET, deployer.tools)


def test_destroy_lets_go_of_the_network_that_the_database_held(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.once[" destroy "] = Ran(1, "", "Error: the network is in use")
    assert "is gone" in ground.destroy(TARGET, deployer.tools)
    assert steps(deployer.world) == ["destroy", "peering", "destroy"]
    assert "--network=vividly-dev" in deployer.world.changed[1]


def test_destroy_that_ends_halfway_says_so(deployer: Deployer) -> None:
    deployer.deployed_before()
    deployer.world.fail[" destroy "] = Ran(1, "", "Error: the bucket is not empty")
    with pytest.raises(NotDeployed, match="ended halfway"):
        ground.destroy(TARGET, deployer.tools)


def test_bootstrap_from_another_machine_leaves_the_buckets_as_they_are(deployer: Deployer, tmp_path: Path) -> None:
    assert "there already" in ground.bootstrap(PROJECT, deployer.world, tmp_path)
    assert deployer.world.changed == []


def test_bootstrap_makes_the_buckets_with_a_state_of_its_own(deployer: Deployer, tmp_path: Path) -> None:
    deployer.world.buckets.clear()
    said = ground.bootstrap(PROJECT, deployer.world, tmp_path)
    assert str(tmp_path / "bootstrap.tfstate") in said
    assert f"-var=project_id={PROJECT}" in deployer.world.changed[0]


def test_the_archive_holds_what_is_committed_and_is_named_by_it(tmp_path: Path, head: str) -> None:
    import hashlib
    import zipfile

    first = archive.pack(RealCommands(), tmp_path)
    data = first.path.read_bytes()
    second = archive.pack(RealCommands(), tmp_path)
    assert second.name == first.name == f"functions-{hashlib.sha256(data).hexdigest()}.zip"
    assert first.commit == head
    with zipfile.ZipFile(first.path) as packed:
        names = packed.namelist()
        assert {entry.compress_type for entry in packed.infolist()} == {zipfile.ZIP_STORED}  # as any zlib would have it
    assert "functions/api/main.py" in names
    assert "requirements.txt" in names
    assert {name.split("/")[0] for name in names} == {"functions", "shared", "migrations", "requirements.txt"}


def test_commands_are_run_with_their_input_and_their_time() -> None:
    commands = RealCommands()
    assert commands.run(["cat"], given="hello") == Ran(0, "hello", "")
    assert commands.run(["no-such-program"]).code == 127
    failed = commands.run(["sh", "-c", "echo one >&2; echo two >&2; exit 3"])
    assert (failed.code, failed.reason) == (3, "two")


@pytest.mark.parametrize(
    ("err", "reason"),
    [
        (
            "\x1b[31m╷\x1b[0m\n\x1b[31m│\x1b[0m \x1b[1m\x1b[31mError: \x1b[0mNo such bucket\n│ \n│ see above\n╵\n",
            "Error: No such bucket",
        ),
        (
            "ERROR: (gcloud.secrets) PERMISSION_DENIED: no\n- '@type': type\n  reason: X\n",
            "ERROR: (gcloud.secrets) PERMISSION_DENIED: no",
        ),
        ("curl: (22) The requested URL returned error: 404\n", "curl: (22) The requested URL returned error: 404"),
        ("", "exit code 1"),
    ],
)
def test_the_line_that_says_what_is_wrong_is_told(err: str, reason: str) -> None:
    assert Ran(1, "", err).reason == reason


def test_a_command_that_is_interrupted_with_us_ends_by_itself(tmp_path: Path) -> None:
    """Terraform puts down what it has made; killed over a Ctrl-C, it would forget it."""
    begun, saved = tmp_path / "begun", tmp_path / "saved"
    child = (
        "import pathlib, time\n"
        "try:\n"
        f"    pathlib.Path({str(begun)!r}).touch()\n"
        "    time.sleep(120)\n"
        "except KeyboardInterrupt:\n"
        "    time.sleep(1)\n"
        f"    pathlib.Path({str(saved)!r}).touch()\n"
    )
    # What a shell starts in the background ignores Ctrl-C from the beginning, and so would all below it.
    heeds = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"
    runs = f"from local.deploy.commands import RealCommands; RealCommands().run([{sys.executable!r}, '-c', {child!r}])"
    ours = f"{heeds}; {runs}"
    process = subprocess.Popen(
        [sys.executable, "-c", ours], cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL
    )
    for _ in range(1200):
        if begun.exists():
            break
        time.sleep(0.05)
    time.sleep(0.5)  # until it sleeps: Python drops an interrupt that comes while it clears away
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(timeout=60) != 0
    assert saved.exists()


@pytest.mark.parametrize("body", ['{"a": "b\\\\c\\n %20 100% \\"d\\" \'e\' # f é"}', "{}", "a\nb\\"])
def test_curl_sends_the_very_body(body: str) -> None:
    """Quotes, backslashes, per cents and lines come through as they are."""
    received: list[tuple[str, str, str]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            length = int(self.headers["Content-Length"])
            headers = f"{self.headers['Authorization']} {self.headers['x-goog-user-project']}"
            received.append((self.command, headers, self.rfile.read(length).decode()))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}/users"
        given = curl.config(url, "a-token\n", body=body, method="PUT", project=PROJECT)
        ran = RealCommands().run(["curl", "--silent", "--show-error", "--max-time", "10", "--config", "-"], given=given)
        thread.join()
    assert ran.code == 0
    assert received == [("PUT", f"Bearer a-token {PROJECT}", body)]
