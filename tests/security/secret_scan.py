"""Looks for secrets in what git holds: in the files of the work tree, in every line that a commit ever added, and in
what commits say.

The patterns are those of detect-secrets for keys that can be told by their form, and some for what this project could
leak. What only looks random is not reported: hashes and digests are everywhere here.
"""

import hashlib
import re
import subprocess
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from detect_secrets.core.plugins.util import get_mapping_from_secret_type_to_class
from detect_secrets.plugins.base import RegexBasedDetector

from shared.security.passwords import ALPHABET, GENERATED_CHARACTERS

# Of detect-secrets: told by guesswork, or no secret.
_NOT_USED: Final = {"Secret Keyword", "Public IP (ipv4)", "Cloudant Credentials", "Basic Auth Credentials"}
_OWN: Final = {
    "Google API key": r"\bAIza[0-9A-Za-z_-]{35}\b",
    "Google OAuth secret": r"\bGOCSPX-[0-9A-Za-z_-]{20,}",
    "Google OAuth token": r"\bya29\.[0-9A-Za-z_-]{30,}",
    "Google service account key": r'"private_key_id"\s*:\s*"[0-9a-f]{40}"',
    "webhook secret": r"\bwhsec_[0-9A-Za-z+/]{32,}={0,2}",
    "password in a URL": r"\b[a-z][a-z0-9+.-]*://[^\s/:@{}'\"`]+:(?P<password>[^\s/:@{}'\"`<>$…]{6,})@(?P<host>[^\s/'\"`]+)",
    "password hash": r"\$argon2id?\$v=\d+\$m=\d+,t=\d+,p=\d+\$[0-9A-Za-z+/]{16,}\$[0-9A-Za-z+/]{32,}",
    # As `local/state.py` and `shared/security/passwords.py` make them.
    "key of an installation": r"(?i)\b(?:secret_key|webhook_secret)[\"']?\s*[:=]\s*[\"']?(?P<key>[A-Za-z0-9_+/-]{32,})",
    "password of an account": rf"\"password\"\s*:\s*\"(?P<generated>[{ALPHABET}]{{{GENERATED_CHARACTERS}}})\"",
    "Terraform state": r'"terraform_version"\s*:\s*"[0-9.]+"',
}
# What stands where a password would: in examples, and in tests that look for their own word in an error's text.
_EXAMPLES: Final = frozenset({"password", "hidden-password", "hidden", "hid%2fden%40x", "a-secret-word"})
# What is published as an example, by its SHA-256.
_PUBLISHED: Final = frozenset(
    {
        # https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
        "96ad2ccd81462a766178ae09a71df55f548a3f66da11606f9cdf40b391e22dd0",
    }
)
# What holds none: lines without a long word, and the hashes of packages.
_WORTH_A_LOOK: Final = re.compile(r"\S{16}|BEGIN|terraform_version")
_PACKAGE: Final = re.compile(r"\s*--hash=sha256:[0-9a-f]{64}(?: \\)?")
_WINDOW: Final = 5000  # characters of a line that are looked at together; each window begins within the one before
_OVERLAP: Final = 500  # more than any pattern needs
_LEAST_DIFFERENT: Final = 12  # characters of a key that is none of an example's


@dataclass(frozen=True, slots=True)
class Finding:
    """Where something was found that looks like a secret; never the secret itself."""

    kind: str
    place: str


@cache
def patterns() -> dict[str, tuple[re.Pattern[str], ...]]:
    """The patterns, by what they find."""
    found = {
        kind: tuple(plugin().denylist)
        for kind, plugin in get_mapping_from_secret_type_to_class().items()
        if issubclass(plugin, RegexBasedDetector) and kind not in _NOT_USED
    }
    return found | {kind: (re.compile(pattern),) for kind, pattern in _OWN.items()}


def kinds(line: str) -> list[str]:
    """What in a line looks like a secret."""
    if _WORTH_A_LOOK.search(line) is None or _PACKAGE.fullmatch(line):
        return []
    windows = [line[start : start + _WINDOW] for start in range(0, len(line), _WINDOW - _OVERLAP)]
    return [
        kind
        for kind, alternatives in patterns().items()
        if any(
            not _harmless(match) for window in windows for pattern in alternatives for match in pattern.finditer(window)
        )
    ]


def _harmless(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    if parts.get("password", "").casefold() in _EXAMPLES:
        return True
    if "key" in parts and len(set(parts["key"])) < _LEAST_DIFFERENT:
        return True
    return hashlib.sha256(match[0].encode()).hexdigest() in _PUBLISHED


def in_files(root: Path) -> list[Finding]:
    """Look through the files that git holds or would take in."""
    listed = _git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
    found = []
    for name in filter(None, listed):
        path = root / name
        if path.is_file() and not path.is_symlink():
            lines = path.read_bytes().decode("utf-8", "replace").splitlines()
            found += [Finding(kind, f"{name}:{number}") for number, line in enumerate(lines, 1) for kind in kinds(line)]
    return found


def in_history(root: Path) -> list[Finding]:
    """Look through every line that any commit of any branch added; what was taken out again is still there to read.

    What a merge added by itself is among them, and what commits say.
    """
    patches = ["--patch", "--unified=0", "--diff-merges=separate", "--no-color", "--no-ext-diff", "--no-textconv"]
    log = _git(root, "log", "--all", *patches, "--format=commit %h")
    said = _git(root, "log", "--all", "--format=commit %h%n%B%n")
    return [*_added(log.splitlines()), *_said(said.splitlines())]


def is_whole(root: Path) -> bool:
    """Whether all of the history is there: a shallow clone has its end alone."""
    return _git(root, "rev-parse", "--is-shallow-repository").strip() == "false"


def _added(lines: Iterable[str]) -> Iterator[Finding]:
    commit, name = "", ""
    seen: set[str] = set()
    for line in lines:
        if line.startswith("commit "):
            commit = line.removeprefix("commit ")
        elif line.startswith("+++ "):
            name = line.removeprefix("+++ b/")
        elif line.startswith("+") and line not in seen:
            seen.add(line)
            yield from (Finding(kind, f"{commit} {name}") for kind in kinds(line[1:]))


def _said(lines: Iterable[str]) -> Iterator[Finding]:
    commit = ""
    for line in lines:
        if re.fullmatch("commit [0-9a-f]{7,64}", line):
            commit = line.removeprefix("commit ")
        yield from (Finding(kind, f"{commit} message") for kind in kinds(line))


def _git(root: Path, *arguments: str) -> str:
    answer = subprocess.run(["git", "-C", root, *arguments], capture_output=True, check=True)
    return answer.stdout.decode("utf-8", "replace")
