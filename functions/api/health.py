"""Whether this system works, and which version of each part it is."""

import flask
import sqlalchemy as sa

from functions.api.answers import Health
from functions.api.call import Call, reply
from shared.db.engine import single_statement
from shared.errors import PipelineError
from shared.pipeline import PIPELINE_VERSION


def health(call: Call) -> flask.Response:
    """200 while the record can be read, 503 otherwise."""
    commit = call.services.settings.commit
    try:
        with single_statement(call.services.engine) as connection:
            revision = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except PipelineError:
        answer = Health(status="unavailable", commit=commit, schema=None, pipeline=PIPELINE_VERSION)
        return reply(answer, status=503, headers={"Retry-After": "5"})
    return reply(Health(status="ok", commit=commit, schema=revision, pipeline=PIPELINE_VERSION))
