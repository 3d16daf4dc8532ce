"""Which environment of which project is meant, and what follows from it."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from local.environment import ROOT
from local.errors import LocalProblem

TERRAFORM: Final = ROOT / "terraform"
PROJECT: Final = re.compile(r"[a-z][a-z0-9-]{4,28}[a-z0-9]")
PROJECT_VARIABLES: Final = ("GOOGLE_CLOUD_PROJECT", "GOOGLE_PROJECT")


class NotDeployed(LocalProblem):
    """The deployment ended before its end; the text says where, and what serves now."""

    code = "not_deployed"


def environments() -> list[str]:
    """The environments that there are: each has its file."""
    return sorted(path.stem for path in (TERRAFORM / "environments").glob("*.tfvars"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One environment of one project."""

    environment: str
    project: str

    @classmethod
    def of(cls, environment: str, environ: Mapping[str, str] = os.environ) -> Self:
        """Read the project from the environment variables; NotDeployed for what is none."""
        if environment not in environments():
            known = ", ".join(environments())
            raise NotDeployed(f"There is no environment {environment!r}: {known}.", code="unknown_environment")
        return cls(environment=environment, project=project(environ))

    @property
    def variables(self) -> Path:
        """The file of the environment's variables."""
        return TERRAFORM / "environments" / f"{self.environment}.tfvars"


def state_bucket(project: str) -> str:
    """Where Terraform keeps its state."""
    return f"{project}-vividly-state"


def code_bucket(project: str) -> str:
    """Where the archives of the code lie."""
    return f"{project}-vividly-code"


def project(environ: Mapping[str, str] = os.environ) -> str:
    """The project that is set; NotDeployed where none is."""
    named = next((environ[name].strip() for name in PROJECT_VARIABLES if environ.get(name, "").strip()), "")
    if not named:
        raise NotDeployed("No project is set: export GOOGLE_CLOUD_PROJECT=your-project.", code="no_project")
    if not PROJECT.fullmatch(named):
        raise NotDeployed(f"{named!r} is no id of a Google Cloud project.", code="no_project")
    return named
