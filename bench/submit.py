"""POST /v1/requests on a warm server, beside a bare Flask application that checks nothing and inserts one row.

Both are served by the same waitress and asked over one kept connection, one call after another.
"""

import http.client
import json
import socket
import time
import uuid
from statistics import median
from urllib.parse import urlsplit

import flask
import sqlalchemy as sa

from local import accounts, server
from local.benchmark import Comparison, in_turn
from local.client import Client
from local.console import Console
from local.state import State
from local.system import Record
from shared.db.engine import single_statement
from shared.enums import Role

CALLS = 100
BODY = json.dumps({"query": "Explain how photosynthesis works", "grade_level": 10, "interest": "basketball"}).encode()


def measure(state: State, console: Console) -> Comparison:
    """Time both, in turn: the median of so many calls is one run."""
    with Record(state, console, deliver=lambda function, path, body: 200) as record:
        student = accounts.ensure(record.services.engine, state.folder, "student", Role.STUDENT)
        ours = server.Server(record.host, server.bind(0))
        peer = server.Server(_bare(record.services.engine), server.bind(0))
        for started in (ours, peer):
            started.start()
        try:
            client = Client(ours.url)
            client.login(student.email, student.password)
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {client.token}"}
            _unlimited(record.services.engine)
            pairs = in_turn(
                lambda: _median_call(ours.url, "/v1/requests", headers),
                lambda: _median_call(peer.url, "/", {"Content-Type": "application/json"}),
            )
        finally:
            for started in (ours, peer):
                started.close()
    return Comparison(
        what="POST /v1/requests, median call",
        peer="bare Flask, one INSERT",
        ours=pairs[0],
        peers=pairs[1],
        details={"calls_per_run": CALLS},
    )


def _unlimited(engine: sa.Engine) -> None:
    """Give the student the day's quota and the minute's pace again."""
    with single_statement(engine) as connection:
        connection.execute(sa.text("UPDATE users SET quota_used = 0, pace_until = NULL"))


def _bare(engine: sa.Engine) -> flask.Flask:
    app = flask.Flask("bare")
    insert = sa.text("""
        INSERT INTO content_requests
            (id, correlation_id, student_id, query, grade_level, interest, style, language, modality, duration_seconds)
        SELECT CAST(:id AS uuid), CAST(:id AS uuid), id, :query, CAST(:grade_level AS smallint), :interest,
            'balanced', 'en', 'video', 90
        FROM users LIMIT 1
    """)

    @app.post("/")
    def create() -> tuple[dict[str, str], int]:
        body = flask.request.get_json()
        request_id = str(uuid.uuid4())
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(insert, {"id": request_id, **body})
        return {"id": request_id}, 202

    return app


def _median_call(url: str, path: str, headers: dict[str, str]) -> float:
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    connection.connect()
    connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    times = []
    try:
        for _ in range(CALLS):
            own = {"Idempotency-Key": str(uuid.uuid4())} if "Authorization" in headers else {}
            began = time.perf_counter()
            connection.request("POST", path, BODY, headers | own)
            answer = connection.getresponse()
            answer.read()
            times.append(time.perf_counter() - began)
            assert answer.status == 202, answer.status
    finally:
        connection.close()
    return median(times)
