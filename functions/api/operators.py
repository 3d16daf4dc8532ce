"""What operators ask: how the system stands, which requests there are, what happened to one."""

from dataclasses import asdict

import flask

from functions.api.bodies import OperatedQuery
from functions.api.call import Call, reply
from functions.api.operator_answers import (
    CostItem,
    EventItem,
    OperatedItem,
    OperatedPage,
    OperatedRun,
    OperatedTrace,
    OperationsSummary,
)
from functions.api.pages import split
from functions.api.problems import not_found
from shared.cost import by_stage, cost_usd
from shared.db import operations
from shared.db.engine import single_statement


def summary(call: Call) -> flask.Response:
    """Answer with counts, ages, timings and failures."""
    with single_statement(call.services.engine) as connection:
        found = operations.summary(connection)
    return reply(OperationsSummary(**asdict(found)))


def requests(call: Call) -> flask.Response:
    """Answer with a page of everybody's requests."""
    query: OperatedQuery = call.query
    with single_statement(call.services.engine) as connection:
        found = operations.requests(
            connection,
            status=query.status,
            error_code=query.error_code,
            student_id=query.student_id,
            after=query.cursor,
            limit=query.limit + 1,
        )
    page, cursor = split(found, query.limit)
    return reply(OperatedPage(items=[OperatedItem(**asdict(item)) for item in page], next_cursor=cursor))


def events(call: Call) -> flask.Response:
    """Answer with all that happened to one request."""
    with single_statement(call.services.engine) as connection:
        found = operations.trace(connection, call.identifier("request_id"))
    if found is None:
        raise not_found()
    return reply(
        OperatedTrace(
            request=OperatedItem(**asdict(found.request)),
            events=[EventItem(**event) for event in found.events],
            runs=[OperatedRun(**run) for run in found.runs],
            cost_usd=cost_usd(found.cost),
            cost=[CostItem(**asdict(item)) for item in by_stage(found.cost)],
        )
    )
