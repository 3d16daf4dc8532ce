"""One deployment, from a look at everything to the acceptance check; whatever fails leaves the old code serving."""

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from local.accounts import SignIn
from local.console import Console
from local.deploy import archive, maintenance, plan_review, preflight, sample_book, secret_values
from local.deploy.archive import Archive
from local.deploy.commands import Commands
from local.deploy.maintenance import Maintenance
from local.deploy.plan import creates, failed_functions, functions, secret_uses
from local.deploy.remembered import Remembered
from local.deploy.target import NotDeployed, Target, code_bucket
from local.deploy.terraform import MAINTENANCE, SECRETS, Release, Terraform
from shared.enums import Role
from shared.questions.subjects import SAMPLE_SOURCE

CHECK_DOMAIN: Final = "check.invalid"  # the check's students: no mail can reach them
POLL_SECONDS: Final = 10.0
HEALTH_TRIES: Final = 12  # a new service, and that everybody may call it, are not known everywhere at once

# Checks the system at a url as these two students; returns what did not hold, empty when all did.
Check = Callable[[str, SignIn, SignIn], list[str]]
# What /v1/health says at a url.
Health = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tools:
    """All that a deployment reaches outside with."""

    commands: Commands
    check: Check
    health: Health
    confirm: Callable[[str], bool]
    console: Console
    folder: Path  # Terraform's working files, and what is remembered of the releases
    sleep: Callable[[float], None] = time.sleep

    @property
    def remembered(self) -> Remembered:
        """What earlier runs put down."""
        return Remembered(self.folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """One deployment under way: what serves before it, and what is to serve after it."""

    target: Target
    tools: Tools
    terraform: Terraform
    deployer: str
    before: Release
    after: Release

    @property
    def earlier(self) -> Release:
        """What to go back to; a run that was cut off before its check has put down what its release replaced."""
        remembered = self.tools.remembered
        if self.before != self.after:
            return self.before
        return Release() if remembered.accepted == self.after else remembered.served_before(self.after)

    @property
    def maintenance(self) -> Maintenance:
        """What looks after the database, as it is now."""
        commands, outputs = self.tools.commands, self.terraform.outputs()
        if outputs.get("database_public_address"):
            post = maintenance.from_here(commands, self.target, outputs["secrets"]["database-owner-url"])
        else:
            post = maintenance.by_function(commands, str(outputs["maintain_url"]), deployer=self.deployer)
        return Maintenance(post=post, sleep=self.tools.sleep)


def deploy(target: Target, tools: Tools, *, plan_only: bool = False) -> str:
    """Deploy the present commit; return where it serves, or what the plan would change. NotDeployed otherwise."""
    deployer = _look(target, tools)
    terraform = Terraform(tools.commands, target, tools.folder, deployer=deployer)
    terraform.init()
    before = terraform.release()
    with tempfile.TemporaryDirectory() as folder:
        packed = archive.pack(tools.commands, Path(folder))
        after = Release(serving=packed.name, commit=packed.commit)
        changes, plan = _plan(tools, terraform, after)
        _refuse(plan_review.problems(tools.commands, target, plan))
        if plan_only:
            return "The plan changes what is said above." if changes else "Nothing would change."
        this = Deployment(
            target=target, tools=tools, terraform=terraform, deployer=deployer, before=before, after=after
        )
        if changes:
            if not tools.confirm(target.environment):
                raise NotDeployed("Not confirmed: nothing was changed.", code="not_confirmed")
            if terraform.release() != before:
                raise NotDeployed("Somebody else deployed meanwhile: look at the plan again.", code="overtaken")
            _change(this, plan, packed)
    return _check(this, changed=changes)


def _look(target: Target, tools: Tools) -> str:
    """Look at everything that can be seen without a plan; return who deploys. NotDeployed tells all that is wrong."""
    with tools.console.step("preflight", "looking at tools, checkout, login and project") as step:
        problems = preflight.on_this_machine(tools.commands)
        deployer = ""
        try:
            deployer = preflight.login(tools.commands).member
        except NotDeployed as error:
            problems.append(str(error))
        if deployer:
            problems += preflight.credentials(tools.commands)
            problems += preflight.on_the_project(tools.commands, target)
        if problems and deployer:
            step.update("looking for more in a plan")
            problems += _of_a_plan(target, tools, deployer)
        _refuse(problems)
    return deployer


def _of_a_plan(target: Target, tools: Tools, deployer: str) -> list[str]:
    """What a plan tells beside the problems that there are; nothing where they leave no plan to be made."""
    terraform = Terraform(tools.commands, target, tools.folder, deployer=deployer)
    try:
        terraform.init()
        with tempfile.TemporaryDirectory() as folder:
            packed = archive.pack(tools.commands, Path(folder))
        after = Release(serving=packed.name, commit=packed.commit)
        terraform.plan(after, migration=after.serving, shown=False)
        return plan_review.problems(tools.commands, target, terraform.planned())
    except NotDeployed:
        return []


def _refuse(problems: list[str]) -> None:
    if len(problems) == 1:
        raise NotDeployed(f"{problems[0]} Nothing was touched.", code="preflight")
    if problems:
        listed = "\n".join(f"  - {problem}" for problem in problems)
        raise NotDeployed(f"{len(problems)} problems, and nothing was touched:\n{listed}", code="preflight")


def _plan(tools: Tools, terraform: Terraform, after: Release) -> tuple[bool, Mapping[str, Any]]:
    """Plan the release; return whether it changes anything, and the plan."""
    with tools.console.step("plan", "asking Terraform") as step:
        changes = terraform.plan(after, migration=after.serving)
        plan = terraform.planned()
        failed = failed_functions(plan)
        if failed:  # Terraform takes them to be as they were asked to be
            changes = terraform.plan(after, migration=after.serving, anew=failed)
            plan = terraform.planned()
        step.detail = "changes" if changes else "no change"
    return changes, plan


def _change(this: Deployment, plan: Mapping[str, Any], packed: Archive) -> None:
    """Lay the ground, fill the secrets, migrate, and only then let the new code serve."""
    terraform, console, before, after = this.terraform, this.tools.console, this.before, this.after
    failed = failed_functions(plan)
    if not functions(plan):
        console.say("\n[bold]The ground: network, database, accounts, topics[/bold]")
        terraform.apply(Release(), migration="")
        missing = plan_review.models(this.tools.commands, this.target, plan)
        if missing:
            raise NotDeployed(f"{' '.join(missing)} Change the setting, and run this again.", code="no_model")
    elif creates(plan, "google_secret_manager_secret"):
        # A function that reads a secret without a version does not start: the new ones come before it.
        terraform.apply(before, migration=before.serving, only=SECRETS)
    _fill(this, plan)
    with console.step("archive", "uploading") as step:
        _upload(this.tools.commands, this.target, packed)
        step.detail = packed.name
    console.say("\n[bold]The code of the migrations[/bold]")
    anew = [address for address in failed if address in MAINTENANCE]
    terraform.apply(before, migration=after.serving, only=MAINTENANCE, anew=anew)
    with console.step("database", "migrating, and comparing it with the code") as step:
        stands = this.maintenance.bring_in_step(users=terraform.outputs()["database_users"])
        step.detail = f"schema {stands.schema}, as the code has it"
    console.say("\n[bold]The functions[/bold]")
    anew = [address for address in failed if address not in MAINTENANCE]
    this.tools.remembered.begin(before, after)
    terraform.apply(after, migration=after.serving, anew=anew)


def _fill(this: Deployment, plan: Mapping[str, Any]) -> None:
    with this.tools.console.step("secrets", "filling what is empty"):
        uses, outputs = secret_uses(plan), this.terraform.outputs()
        unknown = secret_values.fill(this.tools.commands, this.target, uses, outputs)
        if unknown:
            raise NotDeployed(
                f"Only you know the value of {', '.join(unknown)}. Add it, and run this again: gcloud secrets versions "
                f"add {unknown[0]} --project={this.target.project} --data-file=-",
                code="secret_unknown",
            )


def _upload(commands: Commands, target: Target, packed: Archive) -> None:
    there = f"gs://{code_bucket(target.project)}/{packed.name}"
    if commands.run(["gcloud", "storage", "objects", "describe", there, "--format=value(name)"]).code == 0:
        return
    done = commands.run(["gcloud", "storage", "cp", "--no-clobber", str(packed.path), there])
    if done.code != 0:
        raise NotDeployed(f"The archive could not be uploaded: {done.reason}", code="no_archive")


def _check(this: Deployment, *, changed: bool) -> str:
    """Close the deployment: what serves is what was deployed, and does what it has to."""
    tools, after = this.tools, this.after
    outputs = this.terraform.outputs()
    url = str(outputs["api_url"])
    try:
        problems = _seen(this, url, tries=HEALTH_TRIES if changed else 1)
        if not changed and not problems and tools.remembered.accepted == after:
            return f"{url} serves this commit already; nothing was changed."
        problems = problems or _accept(this, url, outputs)
    except NotDeployed as error:  # what could not be looked at has failed
        problems = [str(error)]
    if not problems:
        tools.remembered.accept(after)
        return f"{url} serves commit {after.commit[:12]}."
    found = "; ".join(problems[:5])
    _go_back(this, found)
    raise NotDeployed(
        f"The check failed: {found}. Commit {this.earlier.commit[:12]} serves again.", code="check_failed"
    )


def _go_back(this: Deployment, found: str) -> None:
    """Have serve again what served before; NotDeployed where there is nothing to go back to."""
    before = this.earlier
    if not before.serving:
        raise NotDeployed(f"The check failed: {found}. There is no earlier archive to go back to.", code="check_failed")
    if this.terraform.release() != this.after:
        raise NotDeployed(
            f"The check failed: {found}. Somebody else deployed meanwhile: nothing was taken back.", code="overtaken"
        )
    this.tools.console.say(f"\n[bold]The check failed: going back to {before.serving}[/bold]")
    try:
        # The schema stays, and `maintain` that knows it: it only ever grows, and the code before it runs on it.
        this.terraform.as_of(before.commit).apply(before, migration=this.after.serving)
    except NotDeployed as error:
        if this.terraform.release() == before:
            # What the new release brought may be protected from being taken away again.
            this.tools.console.say("The code is back; something that it does not know was left: see above.")
            return
        raise NotDeployed(
            f"The check failed: {found}. Going back did not go through either: check out and deploy {before.commit}.",
            code="not_gone_back",
        ) from error


def _seen(this: Deployment, url: str, *, tries: int) -> list[str]:
    """Compare what /v1/health says with what was deployed, until they agree."""
    newest = this.maintenance.look().newest
    wanted = {"status": "ok", "commit": this.after.commit, "schema": newest}
    found: list[str] = []
    for attempt in range(tries):
        if attempt:
            this.tools.sleep(POLL_SECONDS)
        health = this.tools.health(url)
        found = [
            f"/v1/health says {name} {health.get(name)}, not {value}"
            for name, value in wanted.items()
            if health.get(name) != value
        ]
        if not found:
            break
    return found


def _accept(this: Deployment, url: str, outputs: Mapping[str, Any]) -> list[str]:
    """Run the acceptance check as two students of its own, whose passwords live as long as the check."""
    students = [f"{name}@{CHECK_DOMAIN}" for name in ("first", "second")]
    wanted = [{"email": email, "role": Role.STUDENT.value, "renew": True} for email in students]
    stands = this.maintenance.bring_in_step(users=outputs["database_users"], accounts=wanted)
    if SAMPLE_SOURCE not in stands.books:
        bucket = str(outputs["sources_bucket"])
        sample_book.ingest(this.tools.commands, this.tools.console, bucket, this.maintenance, sleep=this.tools.sleep)
    first, second = (SignIn(email, stands.passwords[email]) for email in students)
    this.tools.console.say("\n[bold]The acceptance check[/bold]")
    return this.tools.check(url, first, second)
