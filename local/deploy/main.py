"""`./deploy.sh`: reads the command line, deploys, and turns what goes wrong into one line and exit code 1."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rich.markup import escape

from local import environment
from local.acceptance.checklist import Result
from local.acceptance.run import accept
from local.accounts import SignIn
from local.client import Client, Refused
from local.console import DONE, FAILED, Console
from local.deploy import deployment, ground
from local.deploy.commands import RealCommands
from local.deploy.deployment import Tools
from local.deploy.target import NotDeployed, Target, environments, project
from local.errors import LocalProblem
from local.main import INTERRUPTED, Parser
from shared.settings import SettingsError

HEALTH: Final = "/v1/health"  # /healthz is answered by Google's front end, and never reaches the api

USAGE: Final = """
  ./deploy.sh bootstrap          once per project: the buckets of Terraform's state and of the code
  ./deploy.sh ENV                looks at everything, shows the plan, asks, then deploys this commit and checks it
  ./deploy.sh ENV --plan         the same up to the plan; changes nothing
  ./deploy.sh ENV --yes          does not ask
  ./deploy.sh destroy ENV        takes everything down that is not protected

ENV is one of {environments}. GOOGLE_CLOUD_PROJECT names the project; TERRAFORM another terraform.
"""


def main(words: Sequence[str]) -> int:
    """Run it; 0 when what was asked for was done."""
    console = Console()
    parser = Parser(prog="./deploy.sh", usage=USAGE.format(environments=", ".join(environments())))
    parser.add_argument("what")
    parser.add_argument("environment", nargs="?")
    parser.add_argument("--plan", action="store_true")
    parser.add_argument("--yes", action="store_true")
    if not words or words[0] in ("help", "-h", "--help"):
        console.result(parser.usage)
        return 0 if words else 1
    arguments = parser.parse_args(list(words))
    try:
        _refuse_what_has_no_meaning(arguments)
        console.result(_run(arguments, console))
    except (LocalProblem, SettingsError) as error:
        console.problem(str(error))
        return 1
    except KeyboardInterrupt:
        console.problem("Stopped; run it again to go on.")
        return INTERRUPTED
    return 0


def _refuse_what_has_no_meaning(arguments: argparse.Namespace) -> None:
    """Nobody who wrote --plan, or named a second environment, may find that it was not heard."""
    if arguments.what in ("bootstrap", "destroy") and arguments.plan:
        raise NotDeployed(f"{arguments.what} has no --plan; nothing was touched.", code="no_such_option")
    if arguments.what != "destroy" and arguments.environment is not None:
        raise NotDeployed(f"What is {arguments.environment!r} for? ./deploy.sh help says more.", code="no_such_option")


def _run(arguments: argparse.Namespace, console: Console) -> str:
    folder = environment.state_folder() / "deploy"
    folder.mkdir(parents=True, exist_ok=True)
    commands = RealCommands()
    if arguments.what == "bootstrap":
        return ground.bootstrap(project(), commands, folder)
    destroying = arguments.what == "destroy"
    target = Target.of((arguments.environment or "") if destroying else arguments.what)
    own = folder / target.project / target.environment
    own.mkdir(parents=True, exist_ok=True)
    tools = Tools(
        commands=commands,
        check=lambda url, first, second: _check(url, first, second, console),
        health=_health,
        confirm=lambda name: (arguments.yes and not destroying) or _typed(name),
        console=console,
        folder=own,
    )
    if destroying:
        return ground.destroy(target, tools)
    return deployment.deploy(target, tools, plan_only=arguments.plan)


def _typed(name: str) -> bool:
    """Have the person type the environment's name."""
    sys.stderr.write(f"Type {name} to go on: ")
    sys.stderr.flush()
    return sys.stdin.readline().strip() == name


def _check(url: str, first: SignIn, second: SignIn, console: Console) -> list[str]:
    def show(result: Result) -> None:
        console.say(f"  {DONE if result.ok else FAILED} {escape(result.name)}  [dim]{escape(result.measured)}[/dim]")

    checklist = accept(url, first, second, show)
    if not checklist.results:
        return ["nothing could be looked at"]
    return [f"{result.name}: {result.measured}" for result in checklist.results if not result.ok]


def _health(url: str) -> Mapping[str, Any]:
    try:
        return Client(url).call("GET", HEALTH).json()
    except (Refused, LocalProblem) as error:
        return {"status": str(error)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
