"""Calls of Google's services that gcloud does not make, by curl. Tokens and bodies go through its standard input."""

from local.deploy.commands import Commands, Ran

SECONDS = 60


def config(url: str, token: str, *, body: str | None = None, method: str = "POST", project: str = "") -> str:
    """What curl reads from its standard input, so that neither token nor body is among its words.

    `project` is whose quota is used; a person's token belongs to no project of theirs.
    """
    lines = [f'url = "{url}"', f'header = "Authorization: Bearer {token.strip()}"']
    if project:
        lines.append(f'header = "x-goog-user-project: {project}"')
    if body is not None:
        escaped = body.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        lines += ['header = "Content-Type: application/json"', f'request = "{method}"', f'data-raw = "{escaped}"']
    return "\n".join(lines) + "\n"


def ask_google(commands: Commands, url: str, *, project: str, body: str | None = None, method: str = "POST") -> Ran:
    """Call one of Google's services as whoever is signed in; the answer's exit code is not 0 for any status but 2xx."""
    token = commands.run(["gcloud", "auth", "print-access-token"])
    if token.code != 0:
        return token
    words = ["curl", "--silent", "--show-error", "--fail", "--max-time", str(SECONDS), "--config", "-"]
    return commands.run(words, given=config(url, token.out, body=body, method=method, project=project))
