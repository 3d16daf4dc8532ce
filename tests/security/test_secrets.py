"""No secret is, or ever was, in the repository; and the scan that says so finds those that are planted."""

import base64
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.conftest import ROOT, missing
from tests.security import secret_scan

# Made up, and put together here so that this file does not hold them.
_A: Final = "A" * 40
PLANTED: Final = {
    "AWS Access Key": "AKIA" + "Z7QX3MPLD5R2VKWB",
    "GitHub Token": "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8",
    "GitLab Token": "glpat-" + "a1B2c3D4e5F6g7H8i9J0",
    "OpenAI Token": "sk-" + "a1B2c3D4e5F6g7H8i9J0" + "T3BlbkFJ" + "a1B2c3D4e5F6g7H8i9J0",
    "Private Key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "Slack Token": "xoxb-" + "123456789012-1234567890123-a1B2c3D4e5F6g7H8i9J0k1L2",
    "Stripe Access Key": "sk_live_" + "a1B2c3D4e5F6g7H8i9J0k1L2",
    "JSON Web Token": ".".join(
        base64.urlsafe_b64encode(part).decode().rstrip("=")
        for part in (b'{"alg":"HS256","typ":"JWT"}', b'{"sub":"1234567890"}', b"\x01" * 32)
    ),
    "Google API key": "AIza" + "Sy" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q",
    "Google OAuth secret": "GOCSPX" + "-a1B2c3D4e5F6g7H8i9J0k1L2",
    "Google OAuth token": "ya29." + "a0" + _A,
    "Google service account key": '"private_key_id"' + ': "' + "0123456789abcdef" * 2 + '01234567"',
    "webhook secret": "whsec" + "_" + base64.b64encode(b"\x07" * 32).decode(),
    "password in a URL": "postgresql://vividly:" + "c0rrect-h0rse" + "@10.1.2.3:5432/vividly",
    "password hash": "$argon2id"
    + "$v=19$m=19456,t=2,p=1$"
    + "a1B2c3D4e5F6g7H8i9J0kw$"
    + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V",
    "key of an installation": '"secret_key": "' + base64.urlsafe_b64encode(bytes(range(60, 96))).decode() + '"',
    "password of an account": '"password": ' + '"qR7tK3mN' + 'aCdEfGhJ",',
    "Terraform state": '  "terraform' + '_version": "1.9.5",',
}


def test_the_files_hold_no_secret() -> None:
    _need_git()
    assert secret_scan.in_files(ROOT) == []


def test_no_commit_ever_added_one() -> None:
    _need_git()
    if not secret_scan.is_whole(ROOT):
        missing("this checkout has the end of its history alone")
    assert secret_scan.in_history(ROOT) == []


def _need_git() -> None:
    if not (ROOT / ".git").exists():
        missing("this is no checkout: there is no list of its files, and no history")


# What the scan sees


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one commit."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main")
    (tmp_path / "README.md").write_text("Nothing here.\n")
    commit(tmp_path, "begin")
    return tmp_path


def git(root: Path, *arguments: str) -> None:
    settings = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", root, *settings, *arguments], check=True, capture_output=True)


def commit(root: Path, message: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "--quiet", "--message", message)


@pytest.mark.parametrize("kind", PLANTED)
def test_each_kind_is_seen_in_a_line(kind: str) -> None:
    assert kind in secret_scan.kinds(PLANTED[kind])
    assert kind in secret_scan.kinds(f'    value = "{PLANTED[kind]}"  # of the old system')


def test_a_file_that_git_would_take_in_is_looked_at_before_it_does(repository: Path) -> None:
    (repository / ".gitignore").write_text("ignored.txt\n")
    for name in ("new.env", "ignored.txt"):
        (repository / name).write_text(f"\n\nKEY={PLANTED['Google API key']}\n")
    assert secret_scan.in_files(repository) == [secret_scan.Finding("Google API key", "new.env:3")]
    assert secret_scan.in_history(repository) == []


def test_what_was_taken_out_again_is_found_in_history(repository: Path) -> None:
    secret = repository / "settings.py"
    secret.write_text(f'URL = "{PLANTED["password in a URL"]}"\n')
    commit(repository, "add settings")
    secret.unlink()
    commit(repository, "take them out")
    assert secret_scan.in_files(repository) == []
    (found,) = secret_scan.in_history(repository)
    assert (found.kind, found.place.split()[1]) == ("password in a URL", "settings.py")


def test_another_branch_is_history_too(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "aside")
    (repository / "key.pem").write_text(PLANTED["Private Key"] + "\n")
    commit(repository, "aside")
    git(repository, "checkout", "--quiet", "main")
    assert secret_scan.in_files(repository) == []
    assert [found.kind for found in secret_scan.in_history(repository)] == ["Private Key"]


def test_what_a_merge_or_a_message_adds_is_history_too(repository: Path) -> None:
    git(repository, "checkout", "--quiet", "-b", "aside")
    (repository / "a.txt").write_text("a\n")
    commit(repository, "aside")
    git(repository, "checkout", "--quiet", "main")
    (repository / "b.txt").write_text("b\n")
    commit(repository, f"use {PLANTED['GitHub Token']}")
    git(repository, "merge", "--quiet", "--no-commit", "aside")
    (repository / "key.pem").write_text(PLANTED["Private Key"] + "\n")
    commit(repository, "merge")
    git(repository, "rm", "--quiet", "key.pem")
    git(repository, "commit", "--quiet", "--message", "take it out")
    assert secret_scan.in_files(repository) == []
    found = {(finding.kind, finding.place.split()[1]) for finding in secret_scan.in_history(repository)}
    assert found == {("Private Key", "key.pem"), ("GitHub Token", "message")}


def test_the_end_of_a_history_is_not_taken_for_all_of_it(repository: Path, tmp_path: Path) -> None:
    (repository / "b.txt").write_text("b\n")
    commit(repository, "go on")
    assert secret_scan.is_whole(repository)
    git(repository, "clone", "--quiet", "--depth=1", f"file://{repository}", str(tmp_path / "shallow"))
    assert not secret_scan.is_whole(tmp_path / "shallow")


@pytest.mark.parametrize("before", [0, 4990, 5010, 40_000])
def test_a_secret_is_seen_wherever_in_a_long_line_it_stands(before: int) -> None:
    line = "x, " * (before // 3) + PLANTED["password in a URL"] + ", x" * 5000
    assert "password in a URL" in secret_scan.kinds(line)


def test_a_finding_does_not_repeat_the_secret(repository: Path) -> None:
    (repository / "x.txt").write_text("\n".join(PLANTED.values()))
    commit(repository, "all")
    told = repr(secret_scan.in_files(repository) + secret_scan.in_history(repository))
    assert all(secret not in told for secret in PLANTED.values())
    assert {found.kind for found in secret_scan.in_files(repository)} >= PLANTED.keys()


@pytest.mark.parametrize(
    "line",
    [
        "DATABASE_URL=postgresql://user:password@host:5432/name",
        'f"smtp://user:{SECRET}@mail.test"',
        "smtps://user:…@host:465",
        "postgresql+pg8000://nobody@127.0.0.1:1/nothing",
        "--hash=sha256:46233ccad25f2037903828c5d05b64590eaa756e51d12b4a5616e2defcbc98c7",
        'secret_key="k" * 32',
        "http://127.0.0.1:8080/v1/assets/lessons/ab12/video.mp4?expires=1&signature=" + "0" * 64,
        "shared/adapters/secret.py: the key is in Secret Manager",
    ],
)
def test_what_is_none_is_not_taken_for_one(line: str) -> None:
    assert secret_scan.kinds(line) == []
