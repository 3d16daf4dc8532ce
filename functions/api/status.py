"""Where a request stands, and the caller's list of requests."""

import re
from collections.abc import Mapping
from typing import Any, Final

import flask

from functions.api import wording
from functions.api.answers import (
    Clarification,
    Degradation,
    Failure,
    Option,
    Question,
    RequestItem,
    RequestPage,
    RequestStatus,
    StageRun,
    TimelineEntry,
)
from functions.api.bodies import RequestsQuery
from functions.api.call import Call, links, reply
from functions.api.eta import eta_seconds
from functions.api.lesson_assets import assets, window
from functions.api.lesson_citations import backing
from functions.api.pages import split
from functions.api.problems import not_found
from functions.api.waiting import await_news, preferred_seconds
from shared.cost import cost_usd
from shared.db import views
from shared.db.engine import single_statement
from shared.db.views import RequestView
from shared.enums import ContentRequestStatus as Status
from shared.services import Services

_ETAG: Final = re.compile(r'(?:W/)?"([0-9]{1,18})\.([0-9]{1,18})"')


def status(call: Call) -> flask.Response:
    """Answer with the request as it stands, at once or when there is news; 304 when the caller has seen it."""
    request_id, student_id, services = call.identifier("request_id"), call.caller.id, call.services
    seconds = preferred_seconds(call.request)
    seen = _seen(call.request)
    headers = {"Preference-Applied": f"wait={seconds}"} if seconds else {}
    if seconds or seen:
        current = window(services)
        # An answer whose links are about to end is sent again, changed or not.
        unchanged = seen[0] if seen and seen[1] == current else None
        if seen is None or unchanged is not None:
            pulse = await_news(services, request_id, student_id, seconds=seconds, seen=unchanged)
            if pulse.version == unchanged:
                return flask.Response(status=304, headers=headers | {"ETag": _etag(pulse.version, current)})
    with single_statement(services.engine) as connection:
        view = views.request_view(connection, request_id, student_id)
    if view is None:
        raise not_found()
    tag = _etag(view.version, window(services))
    return reply(_answer(services, view), headers=headers | {"ETag": tag})


def _etag(version: int, current: int) -> str:
    return f'"{version}.{current}"'


def _seen(request: flask.Request) -> tuple[int, int] | None:
    """The version and window of the answer that the caller has; None without one of our ETags."""
    match = _ETAG.fullmatch(request.headers.get("If-None-Match", "").strip())
    return (int(match[1]), int(match[2])) if match else None


def _answer(services: Services, view: RequestView) -> RequestStatus:
    """The answer; what says nothing of this request is left out."""
    optional: dict[str, Any] = {}
    if view.waiting and view.clarification:
        optional["clarification"] = _clarification(view.clarification)
    if view.status is Status.FAILED:
        optional["error"] = _failure(view)
        optional["history"] = [_run(run) for run in view.runs]
    rests_on = backing(services, view.storyboard_digest)
    if rests_on.grounding:
        optional["grounding"] = rests_on.grounding
    return RequestStatus(
        id=view.id,
        status=view.status,
        progress_percentage=view.progress_percentage,
        current_stage=view.current_stage,
        eta_seconds=eta_seconds(services, view),
        assets=assets(services, view),
        citations=rests_on.citations,
        degraded=[Degradation(code=code, message=wording.degraded(code)) for code in view.degraded],
        timeline=[TimelineEntry(**entry) for entry in view.timeline],
        timings=_timings(view),
        cost_usd=cost_usd(view.cost),
        version=view.version,
        query=view.query,
        topic=view.topic,
        grade_level=view.grade_level,
        interest=view.interest,
        style=view.style,
        language=view.language,
        modality=view.modality,
        duration_seconds=view.duration_seconds,
        derived_from=view.derived_from,
        created_at=view.created_at,
        completed_at=view.completed_at,
        links=links(view.id),
        **optional,
    )


def _clarification(asked: Mapping[str, Any]) -> Clarification:
    return Clarification(
        questions=[
            Question(
                id=question["id"],
                text=question["text"],
                options=[
                    Option(id=option["id"], label=option["label"], module_id=option.get("module_id"))
                    for option in question.get("options", [])
                ],
            )
            for question in asked["questions"]
        ],
        reasoning=asked["reasoning"],
        round=asked["round"],
        requested_at=asked["requested_at"],
    )


def _failure(view: RequestView) -> Failure:
    code = view.error_code or "unknown"
    return Failure(
        code=code,
        message=view.error_message or "This lesson could not be made.",
        stage=view.error_stage,
        retryable=wording.retryable(code, view.error_stage),
    )


def _run(run: Mapping[str, Any]) -> StageRun:
    return StageRun(**{name: run[name] for name in StageRun.model_fields})


def _timings(view: RequestView) -> dict[str, float]:
    seconds: dict[str, float] = {}
    for run in view.runs:
        seconds[run["stage"]] = round(seconds.get(run["stage"], 0.0) + (run["seconds"] or 0.0), 3)
    return seconds


def listing(call: Call) -> flask.Response:
    """Answer with a page of the caller's requests."""
    query: RequestsQuery = call.query
    with single_statement(call.services.engine) as connection:
        found = views.request_summaries(
            connection, call.caller.id, status=query.status, after=query.cursor, limit=query.limit + 1
        )
    page, cursor = split(found, query.limit)
    items = [
        RequestItem(**{name: getattr(item, name) for name in item.__slots__}, links=links(item.id)) for item in page
    ]
    return reply(RequestPage(items=items, next_cursor=cursor))
