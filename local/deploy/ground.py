"""Before the first deployment, and after the last: the buckets of state and code; taking an environment down."""

from pathlib import Path
from typing import Final

from local.deploy import preflight
from local.deploy.commands import Commands
from local.deploy.deployment import Tools
from local.deploy.target import TERRAFORM, NotDeployed, Target
from local.deploy.terraform import PROGRAM, Terraform

BOOTSTRAP: Final = TERRAFORM / "bootstrap"
PEERING: Final = "servicenetworking-googleapis-com"


def bootstrap(project: str, commands: Commands, folder: Path) -> str:
    """Make the two buckets, with a state that lies in `folder`; safe to run again, and on another machine."""
    preflight.login(commands)
    for problem in preflight.credentials(commands):
        raise NotDeployed(problem, code="no_login")
    state = folder / "bootstrap.tfstate"
    if not state.exists() and not preflight.lacking_buckets(commands, project):
        return f"The buckets of {project} are there already; nothing was changed."
    begun = commands.run([PROGRAM, f"-chdir={BOOTSTRAP}", "init", "-input=false"])
    if begun.code != 0:
        raise NotDeployed(f"terraform init failed: {begun.reason}", code="terraform_failed")
    words = ["apply", "-input=false", "-auto-approve", f"-state={state}", f"-var=project_id={project}"]
    done = commands.run([PROGRAM, f"-chdir={BOOTSTRAP}", *words], shown=True)
    if done.code != 0:
        raise NotDeployed("The buckets could not be made: see above.", code="half_applied")
    return f"The buckets of {project} are there. Keep {state}, or import the buckets should it get lost."


def destroy(target: Target, tools: Tools) -> str:
    """Take an environment down, once its name was typed and nothing in it is protected."""
    deployer = preflight.login(tools.commands).member
    terraform = Terraform(tools.commands, target, tools.folder, deployer=deployer)
    terraform.init()
    release = terraform.release()
    known = terraform.outputs()
    if not known:
        return f"{target.environment} of {target.project} is not deployed; nothing was destroyed."
    if known.get("protected", True):
        raise NotDeployed(
            f"{target.environment} is protected. Set database.deletion_protected = false in {target.variables.name}, "
            "deploy that, and run this again.",
            code="protected",
        )
    if not tools.confirm(target.environment):
        raise NotDeployed("Not confirmed: nothing was destroyed.", code="not_confirmed")
    try:
        terraform.destroy(release)
    except NotDeployed:
        # Cloud SQL holds its end of the network for days after the database is gone; without ours the rest can go.
        words = ["gcloud", "compute", "networks", "peerings", "delete", PEERING, f"--network={known.get('network')}"]
        if tools.commands.run([*words, f"--project={target.project}", "--quiet"]).code != 0:
            raise
        terraform.destroy(release)
    return f"{target.environment} of {target.project} is gone. The buckets of state and code are still there."
