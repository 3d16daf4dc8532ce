"""The api: all HTTP of the system."""

import flask
import functions_framework

from functions.api import dispatch
from shared import bootstrap
from shared.pipeline import API

bootstrap.check(API)

if flask.has_app_context():  # the framework loads us in its application's
    dispatch.take_over(flask.current_app)


@functions_framework.http
def api(request: flask.Request) -> flask.Response:
    """Answer one call."""
    return dispatch.answer(request, bootstrap.services(API))
