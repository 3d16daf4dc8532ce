"""The client, the following of a lesson and the fetching of a stream, against a small real HTTP server."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from local import hls, lesson
from local.client import Client, Refused, Unreachable, fetch
from local.errors import LocalProblem
from shared.enums import ContentRequestStatus as Status

Reply = tuple[int, dict[str, str], bytes]
ID = "7f0c7a52-0000-4000-8000-000000000001"


class Script:
    """What the server answers: by (method, path), or in turn."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str, dict[str, str], Any]] = []
        self.answer: Callable[[str, str, Any], Reply] = lambda method, path, body: json_reply(
            404, {"code": "not_found"}
        )


def json_reply(status: int, body: Any, **headers: str) -> Reply:
    return status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()


@pytest.fixture
def server() -> Iterator[tuple[str, Script]]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self) -> None:
            data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            body = json.loads(data) if data else None
            headers = {name.lower(): value for name, value in self.headers.items()}
            script.calls.append((self.command, self.path, headers, body))
            status, sent, content = script.answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in sent.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = handle_any

        def log_message(self, *arguments: Any) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}", script
    http.shutdown()
    http.server_close()


def state(status: Status, *, clarification: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    seconds = list(Status).index(status)
    return {
        "id": ID,
        "status": status.value,
        "progress_percentage": 10 * seconds,
        "current_stage": "Working",
        "assets": {},
        "citations": [],
        "degraded": [],
        "timings": {},
        "cost_usd": 0.0,
        "timeline": [
            {"status": one.value, "at": f"2026-01-01T00:00:{index:02}Z", "progress_percentage": 0}
            for index, one in enumerate(list(Status)[: seconds + 1])
        ],
        **({"clarification": clarification} if clarification else {}),
        **fields,
    }


QUESTION = {"questions": [{"id": "q1", "text": "Which?", "options": []}], "reasoning": "vague", "round": 1}


class Shown:
    def __init__(self) -> None:
        self.states: list[str] = []

    def show(self, state: Any) -> None:
        self.states.append(state["status"])


def test_login_sends_the_token_from_then_on(server):
    url, script = server
    script.answer = lambda method, path, body: json_reply(200, {"access_token": "t0", "items": []})
    client = Client(url)
    client.login("ada@school.test", "pw")
    client.ask("GET", "/v1/requests")

    assert script.calls[0][3] == {"email": "ada@school.test", "password": "pw"}
    assert script.calls[1][2]["authorization"] == "Bearer t0"
    assert "t0" not in repr(client)


def test_problem_is_raised_with_its_code(server):
    url, script = server
    script.answer = lambda method, path, body: json_reply(422, {"code": "empty_query", "detail": "Write a question."})

    with pytest.raises(Refused, match=r"Write a question. \(empty_query\)") as caught:
        Client(url).submit({"query": ""})
    assert (caught.value.status, caught.value.code) == (422, "empty_query")


@pytest.mark.parametrize("content", [b"", b"<html>", b"[1]", b"\xff"])
def test_answer_that_is_no_json_object_is_refused(server, content):
    url, script = server
    script.answer = lambda method, path, body: (200, {}, content)

    with pytest.raises(Refused):
        Client(url).ask("GET", "/")


@pytest.mark.parametrize("url", ["localhost", "ftp://host/", "http://", "file:///etc/passwd"])
def test_address_that_is_none_is_said_to_be_none(url):
    with pytest.raises(LocalProblem, match="not the address"):
        Client(url)


def test_server_that_is_not_there_is_unreachable():
    with pytest.raises(Unreachable, match="does not answer"):
        Client("http://127.0.0.1:1").ask("GET", "/")
    with pytest.raises(Unreachable):
        fetch("file:///etc/passwd")


def test_lost_answer_to_a_submission_is_asked_for_again_under_the_same_key(server, monkeypatch):
    url, script = server
    script.answer = lambda method, path, body: json_reply(202, {"id": ID})
    client = Client(url)
    real, failures = Client.ask, [Unreachable("cut")]

    def ask(self: Client, *arguments: Any) -> dict[str, Any]:
        answer = real(self, *arguments)
        if failures:
            raise failures.pop()
        return answer

    monkeypatch.setattr(Client, "ask", ask)
    client.submit({"query": "x"})

    keys = {headers["idempotency-key"] for _, _, headers, _ in script.calls}
    assert len(script.calls) == 2
    assert len(keys) == 1


def test_lesson_is_followed_to_its_end_by_long_polls(server):
    url, script = server
    states = iter([Status.PENDING, Status.RETRIEVING, Status.COMPLETED])

    def answer(method: str, path: str, body: Any) -> Reply:
        if method == "POST":
            return json_reply(202, {"id": ID})
        now = next(states)
        return json_reply(200, state(now), ETag=f'"{now}"')

    script.answer = answer
    shown = Shown()
    made = lesson.make(Client(url), {"query": "x"}, shown, lambda clarification: None)

    assert made.status is Status.COMPLETED
    assert shown.states == ["pending", "retrieving", "completed"]
    polls = [headers for method, _, headers, _ in script.calls if method == "GET"]
    assert [headers.get("if-none-match") for headers in polls] == [None, '"pending"', '"retrieving"']
    assert [headers.get("prefer") for headers in polls] == [None, "wait=10", "wait=10"]
    assert made.as_json()["history"][0] == {"status": "pending", "at": "2026-01-01T00:00:00Z"}


def test_unchanged_answers_are_not_shown_again(server):
    url, script = server
    replies = iter([json_reply(200, state(Status.PENDING), ETag='"1"'), (304, {"ETag": '"1"'}, b""), (304, {}, b"")])
    last = json_reply(200, state(Status.FAILED, error={"code": "x", "message": "y"}), ETag='"2"')
    script.answer = lambda method, path, body: json_reply(202, {"id": ID}) if method == "POST" else next(replies, last)
    shown = Shown()

    assert lesson.make(Client(url), {}, shown, lambda clarification: None).status is Status.FAILED
    assert shown.states == ["pending", "failed"]


def test_question_back_is_answered_once_a_round_on_the_same_request(server):
    url, script = server
    answered: list[Any] = []

    def answer(method: str, path: str, body: Any) -> Reply:
        if path == "/v1/requests":
            return json_reply(202, {"id": ID})
        if path.endswith("/clarification"):
            answered.append(body)
            return json_reply(202, {"id": ID})
        if len(answered) < 2:
            asked = QUESTION | {"round": len(answered) + 1}
            return json_reply(200, state(Status.PENDING, clarification=asked), ETag=f'"{len(answered)}"')
        return json_reply(200, state(Status.COMPLETED), ETag='"end"')

    script.answer = answer
    texts = iter(["first", "second"])
    made = lesson.make(Client(url), {}, Shown(), lambda clarification: next(texts))

    assert made.status is Status.COMPLETED
    assert answered == [{"answers": [{"question_id": "q1", "text": text}]} for text in ("first", "second")]


def test_question_back_that_nobody_answers_is_where_it_ends(server):
    url, script = server
    script.answer = lambda method, path, body: (
        json_reply(202, {"id": ID})
        if method == "POST"
        else json_reply(200, state(Status.PENDING, clarification=QUESTION), ETag='"1"')
    )
    made = lesson.make(Client(url), {}, Shown(), lambda clarification: None)

    assert made.status is Status.PENDING
    assert made.as_json()["clarification"] == QUESTION
    assert set(lesson.PROMISED) <= set(made.as_json()["assets"])


def test_interrupted_lesson_is_taken_back(server):
    url, script = server
    script.answer = lambda method, path, body: json_reply(202 if method == "POST" else 200, state(Status.PENDING))

    class Interrupting:
        def show(self, state: Any) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        lesson.make(Client(url), {}, Interrupting(), lambda clarification: None)
    assert script.calls[-1][:2] == ("POST", f"/v1/requests/{ID}/cancel")


def test_assets_become_files(server, tmp_path):
    url, script = server
    script.answer = lambda method, path, body: (200, {}, path.encode())
    made = lesson.Lesson(state(Status.COMPLETED, assets={"video": f"{url}/v?signature=1", "captions": f"{url}/c"}))
    lesson.download(Client(url), made, tmp_path / "out")

    assert made.files == {"video": tmp_path / "out" / "video.mp4", "captions": tmp_path / "out" / "captions.vtt"}
    assert (tmp_path / "out" / "video.mp4").read_bytes() == b"/v?signature=1"
    assert made.as_json()["assets"]["hls"] is None


def test_asset_that_cannot_be_fetched_is_refused(server, tmp_path):
    url, _ = server
    made = lesson.Lesson(state(Status.COMPLETED, assets={"video": f"{url}/v"}))

    with pytest.raises(Refused, match=r"video\.mp4"):
        lesson.download(Client(url), made, tmp_path)


def test_stream_is_fetched_with_links_to_its_files(server, tmp_path):
    url, script = server
    base = f"{url}/v1/assets/lessons/ab/hls"
    files = {
        "master.m3u8": "\n".join(
            [
                "#EXTM3U",
                f'#EXT-X-MEDIA:TYPE=AUDIO,URI="{base}/audio.m3u8?s=9"',
                "#EXT-X-STREAM-INF:BANDWIDTH=1",
                f"{base}/a/v.m3u8?s=1",
            ]
        ),
        "a/v.m3u8": "\n".join(
            ["#EXTM3U", f'#EXT-X-MAP:URI="{base}/a/init.mp4?s=2"', "#EXTINF:4,", f"{base}/a/0.m4s?s=3", "1.m4s"]
        ),
        "audio.m3u8": f"#EXTM3U\n#EXTINF:4,\n{base}/a/0.m4s?s=3\n",
        "a/init.mp4": "i",
        "a/0.m4s": "0",
        "a/1.m4s": "1",
    }

    def answer(method: str, path: str, body: Any) -> Reply:
        return 200, {}, files[path.partition("?")[0].removeprefix("/v1/assets/lessons/ab/hls/")].encode()

    script.answer = answer
    master = hls.download(f"{base}/master.m3u8?s=0", tmp_path / "hls")

    assert master == tmp_path / "hls" / "master.m3u8"
    assert hls.references(master.read_text()) == ["audio.m3u8", "a/v.m3u8"]
    assert hls.references((tmp_path / "hls" / "a" / "v.m3u8").read_text()) == ["init.mp4", "0.m4s", "1.m4s"]
    assert hls.references((tmp_path / "hls" / "audio.m3u8").read_text()) == ["a/0.m4s"]
    assert (tmp_path / "hls" / "a" / "1.m4s").read_bytes() == b"1"


def test_stream_leads_to_no_file_outside_of_its_folder(server, tmp_path):
    url, script = server
    playlist = f"#EXTM3U\n{url}/../../../../up.m4s\n{url}/hls/%2e%2e/%2e%2e/out.m4s\n"
    script.answer = lambda method, path, body: (200, {}, playlist.encode() if path.endswith("m3u8") else b"x")
    hls.download(f"{url}/hls/master.m3u8", tmp_path / "a" / "hls")

    written = [path for path in Path(tmp_path).rglob("*") if path.is_file()]
    assert {path.parent for path in written} == {tmp_path / "a" / "hls"}


def test_page_that_is_no_playlist_is_refused(server, tmp_path):
    url, script = server
    script.answer = lambda method, path, body: (200, {}, b"<html>")

    with pytest.raises(Refused, match="no HLS playlist"):
        hls.download(f"{url}/master.m3u8", tmp_path)
