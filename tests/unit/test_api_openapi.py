"""The OpenAPI document: sound, complete, and of the same table as the calls themselves."""

import json
import re
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from functions.api import dispatch
from functions.api.openapi import document
from functions.api.problems import KINDS, Code
from functions.api.routes import ROUTES, Access, Route
from tests.conftest import ROOT


def _operations() -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: operation
        for methods in document()["paths"].values()
        for operation in methods.values()
    }


def _references(value: object) -> set[str]:
    if isinstance(value, dict):
        found = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return found.union(*(_references(item) for item in value.values()))
    if isinstance(value, list):
        return set().union(*(_references(item) for item in value))
    return set()


def test_it_is_plain_json_of_openapi_3_1() -> None:
    assert json.loads(json.dumps(document())) == document()
    assert document()["openapi"].startswith("3.1.")


def test_every_schema_is_a_json_schema_and_every_reference_leads_somewhere() -> None:
    schemas = document()["components"]["schemas"]
    for schema in schemas.values():
        Draft202012Validator.check_schema(schema)
    assert _references(document()) <= {f"#/components/schemas/{name}" for name in schemas}


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.operation)
def test_every_call_is_in_it_with_every_answer_and_every_code(route: Route) -> None:
    operation = document()["paths"][route.path.replace("...}", "}")][route.method.lower()]
    assert operation["operationId"] == route.operation
    assert ("security" in operation) is (route.access is not Access.ANYBODY)
    assert ("requestBody" in operation) is (route.body is not None)
    named = re.findall(r"{(\w+)", route.path)
    assert [p["name"] for p in operation.get("parameters", []) if p["in"] == "path"] == named
    assert {str(status) for status in route.answers} <= operation["responses"].keys()
    codes: set[str] = set()
    for response in operation["responses"].values():
        schema = response.get("content", {}).get("application/problem+json", {}).get("schema")
        if schema:
            codes |= set(schema["allOf"][1]["properties"]["code"]["enum"])
    overlapping = {code for code in route.codes if KINDS[code].status in route.answers}
    assert codes == route.codes - overlapping


def test_every_call_can_be_reached() -> None:
    found = {(method, rule.endpoint) for rule in dispatch._MAP.iter_rules() for method in rule.methods or ()}
    assert {(route.method, route) for route in ROUTES} <= found


def test_every_code_has_its_kind_and_is_the_answer_to_some_call() -> None:
    assert KINDS.keys() == set(Code)
    anywhere = {Code.METHOD_NOT_ALLOWED}  # of no call: it answers what is none
    assert set().union(*(route.codes for route in ROUTES)) | anywhere == set(Code)


def test_the_guide_names_every_call_and_every_code() -> None:
    guide = (ROOT / "docs" / "api.md").read_text()
    missing = [route.path for route in ROUTES if f"{route.method} {route.path.replace('...}', '}')}" not in guide]
    assert missing == []
    for code, kind in KINDS.items():
        assert f"| `{code}` | {kind.status} |" in guide


def test_limits_of_fields_are_told() -> None:
    fields = document()["components"]["schemas"]["NewRequest"]["properties"]
    assert (fields["query"]["minLength"], fields["query"]["maxLength"]) == (3, 500)
    assert (fields["grade_level"]["minimum"], fields["grade_level"]["maximum"]) == (1, 13)
    assert (fields["duration_seconds"]["minimum"], fields["duration_seconds"]["maximum"]) == (30, 300)
    assert fields["language"]["enum"] == ["en"]
    assert fields["interest"]["maxLength"] == 60


def test_query_parameters_are_left_out_rather_than_null() -> None:
    parameters = {p["name"]: p["schema"] for p in _operations()["listRequests"]["parameters"]}
    assert parameters.keys() == {"cursor", "limit", "status"}
    assert "anyOf" not in json.dumps(parameters)
