"""Who may see what in Firestore: students their own requests, nobody anything else, and nobody writes."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass
from typing import Any

import pytest
from google.cloud import firestore

from local.emulators import Emulator
from shared.adapters.firestore import COLLECTION, FirestoreMirror

DATABASE = "vividly-test"
ADA, BEN = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
REFUSED = 403


def token(project: str, uid: str, **claims: Any) -> str:
    """A Firebase sign-in as the emulator takes it: the claims of a real one, and no signature."""
    header = {"alg": "none", "typ": "JWT"}
    payload = {
        "iss": f"https://securetoken.google.com/{project}",
        "aud": project,
        "sub": uid,
        "user_id": uid,
        "iat": 1_700_000_000,
        "exp": 4_000_000_000,
        "auth_time": 1_700_000_000,
        "firebase": {"sign_in_provider": "custom", "identities": {}},
    } | claims
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, payload)]
    return ".".join([*parts, ""])


@dataclass
class Client:
    """A browser or phone: Firestore over REST, signed in as `uid` or not at all."""

    host: str
    project: str
    uid: str | None

    @property
    def root(self) -> str:
        return f"projects/{self.project}/databases/{DATABASE}/documents"

    def call(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of the answer."""
        url = f"http://{self.host}/v1/{self.root}{path}"
        headers = {"Content-Type": "application/json"}
        if self.uid is not None:
            headers["Authorization"] = f"Bearer {token(self.project, self.uid)}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, method=method, headers=headers, data=data)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=20) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.loads(error.read())

    def get(self, path: str) -> int:
        return self.call("GET", path)[0]

    def query(self, student_id: str | None, *, order: bool = False) -> tuple[int, Any]:
        """List requests, those of one student or all."""
        asked: dict[str, Any] = {"from": [{"collectionId": COLLECTION}]}
        if student_id is not None:
            value = {"stringValue": student_id}
            asked["where"] = {"fieldFilter": {"field": {"fieldPath": "student_id"}, "op": "EQUAL", "value": value}}
        if order:
            asked["orderBy"] = [{"field": {"fieldPath": "updated_at"}, "direction": "DESCENDING"}]
        return self.call("POST", ":runQuery", {"structuredQuery": asked})


@pytest.fixture
def project(firestore_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """A project with one request of each student, and other things that the service may keep one day."""
    monkeypatch.setenv("FIRESTORE_EMULATOR_HOST", firestore_emulator.host)
    name = f"test-{uuid.uuid4().hex[:12]}"
    mirror = FirestoreMirror(name, database=DATABASE)
    for request_id, student_id, updated_at in (("a1", ADA, "1"), ("a2", ADA, "2"), ("b1", BEN, "3")):
        fields = {"student_id": student_id, "status": "pending", "updated_at": updated_at}
        assert mirror.write(request_id, fields, 1)
    service = firestore.Client(project=name, database=DATABASE)
    service.document(f"{COLLECTION}/a1/private/notes").set({"student_id": ADA})
    service.document("students/ada").set({"student_id": ADA})
    service.document(f"{COLLECTION}/nobodys").set({"status": "pending"})
    return name


@pytest.fixture
def ada(project: str, firestore_emulator: Emulator) -> Client:
    return Client(firestore_emulator.host, project, ADA)


@pytest.fixture
def ben(project: str, firestore_emulator: Emulator) -> Client:
    return Client(firestore_emulator.host, project, BEN)


@pytest.fixture
def stranger(project: str, firestore_emulator: Emulator) -> Client:
    """Nobody signed in."""
    return Client(firestore_emulator.host, project, None)


def names(answer: Any) -> list[str]:
    """The documents that a query found, in order."""
    return [found["document"]["name"].rpartition("/")[2] for found in answer if "document" in found]


def test_a_student_sees_their_own_request_and_nobody_elses(ada: Client, ben: Client, stranger: Client) -> None:
    status, document = ada.call("GET", f"/{COLLECTION}/a1")
    assert (status, document["fields"]["student_id"]["stringValue"]) == (200, ADA)
    assert ben.get(f"/{COLLECTION}/b1") == 200

    assert ben.get(f"/{COLLECTION}/a1") == REFUSED
    assert ada.get(f"/{COLLECTION}/b1") == REFUSED
    assert stranger.get(f"/{COLLECTION}/a1") == REFUSED


def test_a_student_lists_their_own_requests(ada: Client, ben: Client) -> None:
    status, found = ada.query(ADA)
    assert (status, sorted(names(found))) == (200, ["a1", "a2"])

    status, found = ada.query(ADA, order=True)
    assert (status, names(found)) == (200, ["a2", "a1"])
    assert names(ben.query(BEN)[1]) == ["b1"]


def test_a_list_that_could_hold_anothers_request_is_refused(ada: Client, ben: Client, stranger: Client) -> None:
    for client in (ada, ben, stranger):
        assert client.query(None)[0] == REFUSED
        assert client.get(f"/{COLLECTION}") == REFUSED
    assert ben.query(ADA)[0] == REFUSED
    assert stranger.query(ADA)[0] == REFUSED
    assert stranger.query("")[0] == REFUSED


def test_a_request_without_a_student_is_nobodys(ada: Client, stranger: Client) -> None:
    for client in (ada, stranger):
        assert client.get(f"/{COLLECTION}/nobodys") == REFUSED


def test_whether_a_request_is_there_is_not_told(ada: Client) -> None:
    assert ada.get(f"/{COLLECTION}/never-there") == ada.get(f"/{COLLECTION}/b1") == REFUSED


MINE = {"fields": {"student_id": {"stringValue": ADA}, "status": {"stringValue": "completed"}}}


def writes(root: str, request_id: str) -> dict[str, tuple[str, str, Any]]:
    """Every way to write, as (method, path, body)."""
    name = f"{root}/{COLLECTION}/{request_id}"
    update = {"update": {"name": name, **MINE}}
    transform = {"fieldPath": "version", "increment": {"integerValue": "1"}}
    return {
        "create": ("POST", f"/{COLLECTION}?documentId=new", MINE),
        "create with a name of the server's": ("POST", f"/{COLLECTION}", MINE),
        "replace": ("PATCH", f"/{COLLECTION}/{request_id}", MINE),
        "change one field": ("PATCH", f"/{COLLECTION}/{request_id}?updateMask.fieldPaths=status", MINE),
        "delete": ("DELETE", f"/{COLLECTION}/{request_id}", None),
        "commit an update": ("POST", ":commit", {"writes": [update]}),
        "commit a deletion": ("POST", ":commit", {"writes": [{"delete": name}]}),
        "commit a counter": (
            "POST",
            ":commit",
            {"writes": [{"transform": {"document": name, "fieldTransforms": [transform]}}]},
        ),
        "create below": ("PATCH", f"/{COLLECTION}/{request_id}/private/more", MINE),
        "create elsewhere": ("PATCH", "/students/new", MINE),
    }


@pytest.mark.parametrize("way", writes("", ""))
def test_nobody_writes_from_outside(way: str, ada: Client, ben: Client, stranger: Client) -> None:
    service = firestore.Client(project=ada.project, database=DATABASE)
    before = {document.id: document.to_dict() for document in service.collection(COLLECTION).stream()}

    for client in (ada, ben, stranger):
        method, path, body = writes(client.root, "a1")[way]
        assert client.call(method, path, body)[0] == REFUSED

    assert {document.id: document.to_dict() for document in service.collection(COLLECTION).stream()} == before


def test_several_writes_at_once_store_nothing(ada: Client) -> None:
    """This call answers for each write by itself."""
    method, path, body = writes(ada.root, "a1")["commit an update"]
    status, answer = ada.call(method, path.replace("commit", "batchWrite"), body)

    assert status == REFUSED or all(one.get("code") for one in answer["status"])
    shown = firestore.Client(project=ada.project, database=DATABASE).document(f"{COLLECTION}/a1").get()
    assert shown.get("status") == "pending"


def test_nothing_else_is_seen(ada: Client, ben: Client, stranger: Client) -> None:
    for client in (ada, ben, stranger):
        for path in (f"/{COLLECTION}/a1/private/notes", f"/{COLLECTION}/a1/private", "/students/ada", "/students"):
            assert client.get(path) == REFUSED, path
        below = {"from": [{"collectionId": "private", "allDescendants": True}]}
        assert client.call("POST", ":runQuery", {"structuredQuery": below})[0] == REFUSED


def test_no_other_way_of_reading_shows_more(ada: Client, ben: Client, stranger: Client) -> None:
    for client in (ben, stranger):
        got = client.call("POST", ":batchGet", {"documents": [f"{client.root}/{COLLECTION}/a1"]})
        assert got[0] == REFUSED
    count = {"structuredQuery": {"from": [{"collectionId": COLLECTION}]}, "aggregations": [{"count": {}}]}
    for client in (ada, ben, stranger):
        assert client.call("POST", ":runAggregationQuery", {"structuredAggregationQuery": count})[0] == REFUSED


def test_the_service_writes_and_forgets(project: str, ada: Client) -> None:
    mirror = FirestoreMirror(project, database=DATABASE)

    assert mirror.write("a1", {"student_id": ADA, "status": "completed"}, 2) is True
    assert ada.call("GET", f"/{COLLECTION}/a1")[1]["fields"]["status"] == {"stringValue": "completed"}
    mirror.delete(["a1"])
    assert ada.query(ADA)[0] == 200
    assert names(ada.query(ADA)[1]) == ["a2"]
