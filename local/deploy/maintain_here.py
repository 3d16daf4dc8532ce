"""Carries out an order of a deployment on this machine, as the function `maintain` does in the cloud.

Reads {"url": the owner's, "order": …} from standard input; prints the function's answer, and its HTTP status below it.
"""

import json
import sys

import flask

from functions.maintain.main import maintain
from shared import bootstrap
from shared.bootstrap import FunctionServices, Parts
from shared.pipeline import MAINTAIN
from shared.settings import Settings


def main() -> None:
    """Read the order and carry it out."""
    asked = json.load(sys.stdin)
    services = FunctionServices(Parts(Settings(database_owner_url=asked["url"])), MAINTAIN.uses)
    bootstrap.build_with(lambda function: services)
    with flask.Flask(MAINTAIN.name).test_request_context(method="POST", json=asked["order"]):
        answer = flask.make_response(maintain(flask.request))
    sys.stdout.write(f"{answer.get_data(as_text=True).strip()}\n{answer.status_code}")


if __name__ == "__main__":
    main()
