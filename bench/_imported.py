"""What an import loads, told by a fresh interpreter: `python -m bench._imported FUNCTION`, or the modules of the peer.

First the function's own module alone; then, on top, every part that it declares as production fills it. Building a
part reaches nothing and starts nothing.
"""

import importlib
import json
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

PEER = ("functions_framework", "sqlalchemy", "pg8000", "google.cloud.pubsub")
# Values of no account, for every setting that a part of production needs.
VALUES: dict[str, Any] = {
    "database_url": "cloudsql://some-project:europe-west1:main/vividly",
    "database_owner_url": "cloudsql://owner:password@some-project:europe-west1:main/vividly",
    "database_user": "function@some-project.iam",
    "embedding_model": "some-model",
    "illustration_model": "some-model",
    "mail_sender": "sender@some-project.test",
    "media_bucket": "some-bucket",
    "project_id": "some-project",
    "secret_key": "k" * 32,
    "smtp_url": "smtps://user:password@mail.test:465",
    "sources_bucket": "some-bucket",
    "speech_voice": "en-US-Neural2-D",
    "vertex_location": "europe-west1",
    "webhook_secret": "w" * 16,
    "webhook_url": "https://hook.test/",
    "writer_model": "some-model",
}


def measured(load: Callable[[], object]) -> dict[str, Any]:
    """Seconds that it takes, and the modules that are there afterwards."""
    began = time.perf_counter()
    load()
    return {"seconds": time.perf_counter() - began, "modules": sorted(sys.modules)}


def build(name: str) -> None:
    """Build each part that a function declares: the embedded one is a port's first, production's its second."""
    from shared.builders import BUILDERS
    from shared.parts import FIXED_PARTS, PARTS
    from shared.pipeline import FUNCTIONS
    from shared.settings import Settings

    chosen = {choice.setting: choice.names[1] for choice in PARTS.values() if choice.setting not in FIXED_PARTS}
    settings = Settings(**VALUES | chosen)
    function = next(function for function in FUNCTIONS if function.name == name)
    for port in sorted(function.uses):
        builder = BUILDERS.get((port, settings.part(port)))
        if builder is not None:
            builder(settings)


def main(names: list[str]) -> None:
    """Print what was measured as one JSON object."""
    if len(names) > 1:
        answer = {"imported": measured(lambda: [importlib.import_module(name) for name in names])}
    else:
        answer = {
            "imported": measured(lambda: importlib.import_module(f"functions.{names[0]}.main")),
            "ready": measured(lambda: build(names[0])),
        }
    print(json.dumps(answer | {"threads": threading.active_count()}))


if __name__ == "__main__":
    main(sys.argv[1:])
