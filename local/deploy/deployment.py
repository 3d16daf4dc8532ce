"""One deployment, from a look at everything to the acceptance check; whatever fails leaves the old code serving."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.accounts import SignIn
from local.console import Console
from local.deploy import archive, maintenance, preflight, secret_values
from local.deploy import terraform as plans
from local.deploy.archive import Archive
from local.deploy.commands import Commands
from local.deploy.target import NotDeployed, Target
from local.deploy.terraform import Release, Terraform
from local.sample import BOOK
from shared.enums import Role
from shared.questions.subjects import SAMPLE_SOURCE

CHECK_DOMAIN: Final = "check.invalid"  # the check's students: no mail can reach them
INGEST_SECONDS: Final = 600.0  # until the sample book has to be there
POLL_SECONDS: Final = 10.0
SECRETS: Final = "google_secret_manager_secret"

# Checks the system at a url as these two students; returns what did not hold, empty when all did.
Check = Callable[[str, SignIn, SignIn], list[str]]
# What /healthz says at a url.
Health = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """All that a deployment reaches outside with."""

    commands: Commands
    check: Check
    health: Health
    confirm: Callable[[str], bool]
    console: Console
    folder: Path  # Terraform's working files
    sleep: Callable[[float], None] = time.sleep


def deploy(target: Target, tools: Tools, *, plan_only: bool = False) -> str:
    """Deploy the present commit; return where it serves, or what the plan would change. NotDeployed otherwise."""
    deployer = _look(target, tools)
    terraform = Terraform(tools.commands, target, tools.folder, deployer=deployer)
    terraform.init()
    before = terraform.release()
    with tempfile.TemporaryDirectory() as folder:
        packed = archive.pack(tools.commands, Path(folder))
        after = Release(serving=packed.name, commit=packed.commit, migration=packed.name)
        with tools.console.step("plan", "asking Terraform") as step:
            changes = terraform.plan(after)
            step.detail = "changes" if changes else "no change"
        _refuse(preflight.on_the_plan(tools.commands, target, terraform.planned()))
        if plan_only:
            return "The plan changes what is said above." if changes else "Nothing would change."
        if changes:
            if not tools.confirm(target.environment):
                raise NotDeployed("Not confirmed: nothing was changed.", code="not_confirmed")
            _change(target, tools, terraform, before, after, packed)
    return _check(tools, terraform, before, after, changed=changes)


def _look(target: Target, tools: Tools) -> str:
    """Look at everything that can be seen without a plan; return who deploys."""
    with tools.console.step("preflight", "looking at tools, checkout, login and project"):
        problems = preflight.on_this_machine(tools.commands)
        deployer = ""
        try:
            deployer = preflight.login(tools.commands).member
        except NotDeployed as error:
            problems.append(str(error))
        if deployer:
            problems += preflight.on_the_project(tools.commands, target)
        _refuse(problems)
    return deployer


def _refuse(problems: list[str]) -> None:
    if len(problems) == 1:
        raise NotDeployed(f"{problems[0]} Nothing was touched.", code="preflight")
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise NotDeployed(f"{len(problems)} problems, and nothing was touched:\n{listed}", code="preflight")


def _change(
    target: Target, tools: Tools, terraform: Terraform, before: Release, after: Release, packed: Archive
) -> None:
    """Lay the ground, fill the secrets, migrate, and only then let the new code serve."""
    commands, console = tools.commands, tools.console
    plan = terraform.planned()
    if not before.migration:
        console.say("\n[bold]The ground: network, database, accounts, topics[/bold]")
        terraform.apply(before)
    elif plans.creates(plan, SECRETS):
        # A function that reads a secret without a version does not start: the new ones come before it.
        terraform.apply(before, only=SECRETS)
    with console.step("secrets", "filling what is empty"):
        uses = plans.secret_uses(plan)
        unknown = secret_values.fill(commands, target, uses, terraform.outputs())
        if unknown:
            listed = ", ".join(unknown)
            raise NotDeployed(
                f"Only you know the value of {listed}. Add it, and run this again: gcloud secrets versions add "
                f"{unknown[0]} --project={target.project} --data-file=-",
                code="secret_unknown",
            )
    with console.step("archive", "uploading") as step:
        _upload(commands, target, packed)
        step.detail = packed.name
    if before.migration != after.migration:
        console.say("\n[bold]The code of the migrations[/bold]")
        terraform.apply(Release(serving=before.serving, commit=before.commit, migration=after.migration))
    _migrate(tools, terraform)
    console.say("\n[bold]The functions[/bold]")
    terraform.apply(after)


def _upload(commands: Commands, target: Target, packed: Archive) -> None:
    there = f"gs://{target.code_bucket}/{packed.name}"
    if commands.run(["gcloud", "storage", "objects", "describe", there, "--format=value(name)"]).code == 0:
        return
    done = commands.run(["gcloud", "storage", "cp", "--no-clobber", str(packed.path), there])
    if done.code != 0:
        raise NotDeployed(f"The archive could not be uploaded: {done.reason}", code="no_archive")


def _migrate(tools: Tools, terraform: Terraform) -> None:
    outputs = terraform.outputs()
    with tools.console.step("database", "migrating, and comparing it with the code") as step:
        stands = maintenance.maintain(
            tools.commands, outputs["maintain_url"], users=outputs["database_users"], accounts=()
        )
        step.detail = f"schema {stands.schema}, as the code has it"


def _check(tools: Tools, terraform: Terraform, before: Release, after: Release, *, changed: bool) -> str:
    """Close the deployment: what serves is what was deployed, and does what it has to."""
    outputs = terraform.outputs()
    url = str(outputs["api_url"])
    try:
        problems = _seen(tools, url, outputs, after)
        if not changed and not problems:
            return f"{url} serves this commit already; nothing was changed."
        problems = problems or _accept(tools, url, outputs)
    except NotDeployed as error:  # what could not be looked at has failed
        problems = [str(error)]
    if not problems:
        return f"{url} serves commit {after.commit[:12]}."
    found = "; ".join(problems[:5])
    if not before.serving or before == after:
        raise NotDeployed(f"The check failed: {found}. There is no earlier archive to go back to.", code="check_failed")
    tools.console.say(f"\n[bold]The check failed: going back to {before.serving}[/bold]")
    # The schema stays: it only ever grows, and the code before it runs on it.
    terraform.apply(Release(serving=before.serving, commit=before.commit, migration=after.migration))
    raise NotDeployed(f"The check failed: {found}. Commit {before.commit[:12]} serves again.", code="check_failed")


def _seen(tools: Tools, url: str, outputs: Mapping[str, Any], after: Release) -> list[str]:
    """Compare what /healthz says with what was deployed."""
    newest = maintenance.look(tools.commands, outputs["maintain_url"]).newest
    health = tools.health(url)
    wanted = {"status": "ok", "commit": after.commit, "schema": newest}
    return [
        f"/healthz says {name} {health.get(name)}, not {value}"
        for name, value in wanted.items()
        if health.get(name) != value
    ]


def _accept(tools: Tools, url: str, outputs: Mapping[str, Any]) -> list[str]:
    """Run the acceptance check as two students of its own, whose passwords live as long as the check."""
    students = [f"{name}@{CHECK_DOMAIN}" for name in ("first", "second")]
    wanted = [{"email": email, "role": Role.STUDENT.value, "renew": True} for email in students]
    stands = maintenance.maintain(
        tools.commands, outputs["maintain_url"], users=outputs["database_users"], accounts=wanted
    )
    if SAMPLE_SOURCE not in stands.books:
        _ingest_sample(tools, outputs)
    first, second = (SignIn(email, stands.passwords[email]) for email in students)
    tools.console.say("\n[bold]The acceptance check[/bold]")
    return tools.check(url, first, second)


def _ingest_sample(tools: Tools, outputs: Mapping[str, Any]) -> None:
    """Upload the sample book, which `ingest_source` reads; wait until the database holds it."""
    with tools.console.step("sample book", "uploading") as step, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{SAMPLE_SOURCE}.zip"
        archive.zip_folder(BOOK, path)
        done = tools.commands.run(
            ["gcloud", "storage", "cp", str(path), f"gs://{outputs['sources_bucket']}/{path.name}"]
        )
        if done.code != 0:
            raise NotDeployed(f"The sample book could not be uploaded: {done.reason}", code="no_sample_book")
        for _ in range(int(INGEST_SECONDS / POLL_SECONDS)):
            step.update("waiting until it is read")
            if SAMPLE_SOURCE in maintenance.look(tools.commands, outputs["maintain_url"]).books:
                return
            tools.sleep(POLL_SECONDS)
        raise NotDeployed(
            "The sample book was not read within ten minutes: see the log of ingest_source.", code="no_sample_book"
        )
