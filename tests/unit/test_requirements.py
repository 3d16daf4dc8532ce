"""What a cloud build installs is complete: it runs `pip check`, and a missing dependency would end the deployment."""

import re
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.conftest import ROOT

# The machine of a deployed function.
CLOUD = {
    "python_version": "3.12",
    "python_full_version": "3.12.0",
    "implementation_name": "cpython",
    "platform_python_implementation": "CPython",
    "sys_platform": "linux",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "os_name": "posix",
}


def pinned(name: str, machine: dict[str, str] = CLOUD) -> dict[str, tuple[Requirement, Version]]:
    """The requirements that apply on a machine, by name."""
    lines = (ROOT / name).read_text().replace("\\\n", " ").splitlines()
    found = {}
    for line in lines:
        if not line or line.startswith(("#", " ")):
            continue
        requirement = Requirement(re.split(r"\s+--hash", line)[0])
        if requirement.marker is None or requirement.marker.evaluate(machine):
            version = next(iter(requirement.specifier)).version
            found[canonicalize_name(requirement.name)] = (requirement, Version(version))
    return found


DEPLOYED = pinned("requirements.txt")


@pytest.mark.parametrize("name", DEPLOYED)
def test_every_dependency_of_a_deployed_package_is_in_the_list(name: str) -> None:
    requirement, _ = DEPLOYED[name]
    for text in distribution(name).requires or ():
        needed = Requirement(text)
        wanted = any(
            needed.marker is None or needed.marker.evaluate(CLOUD | {"extra": extra})
            for extra in ("", *requirement.extras)
        )
        if not wanted:
            continue
        other = canonicalize_name(needed.name)
        assert other in DEPLOYED, f"{name} needs {needed}"
        assert needed.specifier.contains(DEPLOYED[other][1], prereleases=True), f"{name} needs {needed}"


def test_every_line_is_one_version_with_its_hashes() -> None:
    for name in ("requirements.txt", "requirements-local.txt", "requirements-dev.txt"):
        text = (ROOT / name).read_text().replace("\\\n", " ")
        lines = [line for line in text.splitlines() if line and not line.startswith(("#", " "))]
        assert len(lines) > 30
        assert [line for line in lines if "==" not in line or "--hash=sha256:" not in line] == []


def test_the_lists_contain_each_other() -> None:
    """What is tested is what is deployed."""
    for wider in ("requirements-local.txt", "requirements-dev.txt"):
        more = pinned(wider)
        assert {name: version for name, (_, version) in DEPLOYED.items()}.items() <= {
            name: version for name, (_, version) in more.items()
        }.items()
