"""The API's description is sound and complete, and what checks it finds what is wrong."""

from copy import deepcopy
from typing import Any

import pytest
from litestar import Litestar, get
from litestar.routes import HTTPRoute

from emask.programme.system import System
from emask.web.api.application import create_api
from emask.web.api.tokens import TOKEN_PATH
from emask.web.intake import INTAKE_PATH
from web.api_caller import ORDER, ApiCaller, problem
from web.api_description import Json, faults_of, mismatches, operation_at, operations


def _routes(app: Litestar) -> set[tuple[str, str]]:
    """Method and address of everything that an application answers below /api/v1."""
    return {
        (method.lower(), route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute) and route.path.startswith("/api/v1")
        for method in route.methods - {"OPTIONS"}
    }


def _undescribed(app: Litestar, document: Json) -> set[tuple[str, str]]:
    return _routes(app) - {(method, path) for method, path, _ in operations(document)}


@get("/api/v1/hidden", include_in_schema=False)
async def hidden() -> None:
    """Answers, and is not described."""


async def test_it_is_sound(api: ApiCaller) -> None:
    assert api.document["openapi"].startswith("3.1.")
    assert api.document["info"]["title"]
    assert faults_of(api.document) == []


async def test_it_names_every_route_and_nothing_else(api: ApiCaller, system: System) -> None:
    app = create_api()
    assert _undescribed(app, api.document) == set()
    described = {(method, path) for method, path, _ in operations(api.document)}
    assert described == _routes(app) | {("post", INTAKE_PATH)}
    app.register(hidden)
    assert _undescribed(app, api.document) == {("get", "/api/v1/hidden")}


async def test_what_is_a_persons_own_says_so(api: ApiCaller) -> None:
    for _, path, operation in operations(api.document):
        own = path.startswith(("/api/v1/preorders", "/api/v1/counter"))
        assert bool(operation.get("security")) is own
        assert ("401" in operation["responses"]) is (own or path == TOKEN_PATH)


async def test_the_intake_is_described_as_it_is(api: ApiCaller) -> None:
    operation = operation_at(api.document, "POST", INTAKE_PATH)
    assert operation is not None
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert mismatches(api.document, schema, ORDER) == []
    await api.sign_in()
    placed = await api.call("POST", INTAKE_PATH, {"idempotency-key": "one"}, json=ORDER)
    amended = await api.call("POST", INTAKE_PATH, json=ORDER | {"language": "en"})
    assert (placed.status_code, amended.status_code) == (201, 200)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        *(({"mobile": "1"}, "invalid_entry"), ({"mobile": 1}, "malformed")),
        *(
            ({"mobile": "9" * 5000}, "too_large"),
            ({"mobile": "0987654321"}, "idempotency_key_reused"),
        ),
        *(({"round_id": "2020-2"}, "not_open_yet"), ({"round_id": "2099-1"}, "unknown_round")),
        ({"store_code": "?"}, "unknown_store"),
    ],
)
async def test_the_intakes_problems_are_among_those_described(
    api: ApiCaller, change: dict[str, Any], code: str
) -> None:
    await api.place()
    await api.call("POST", INTAKE_PATH, {"idempotency-key": "one"}, json=ORDER)
    refused = await api.call("POST", INTAKE_PATH, {"idempotency-key": "one"}, json=ORDER | change)
    assert problem(refused)[1] == code


async def test_children_and_who_is_nobody_are_described_too(api: ApiCaller) -> None:
    refused = await api.call("POST", INTAKE_PATH, json=ORDER)
    assert problem(refused) == (401, "session_ended")
    await api.sign_in("bao")
    refused = await api.call("POST", INTAKE_PATH, json=ORDER)
    assert problem(refused) == (403, "child_not_eligible")


async def test_faults_of_a_description_are_found(api: ApiCaller) -> None:
    path = "/api/v1/preorders/{round_id}"
    broken: Any = deepcopy(api.document)
    operation = broken["paths"][path]["get"]
    operation["operationId"] = "list_rounds"
    operation["parameters"].clear()
    operation["security"] = [{"magic": []}]
    operation["responses"]["304"]["description"] = ""
    operation["responses"]["200"]["content"]["application/json"].clear()
    operation["responses"]["404"]["content"]["application/problem+json"]["schema"] = {
        "$ref": "#/components/schemas/Nothing"
    }
    assert faults_of(broken) == [
        "#/components/schemas/Nothing leads nowhere",
        "list_rounds names two operations",
        f"get {path} describes other parameters than it has",
        f"get {path} is secured by something unknown",
        f"get {path} does not say what is in 200",
        f"get {path} does not say what 304 is",
    ]


@pytest.mark.parametrize(
    ("value", "wrong"),
    [
        ({"id": "1", "of": ["a", None]}, []),
        ([], ["body is no object"]),
        ({"of": []}, ["body lacks id"]),
        ({"id": "1", "of": ["b", 1]}, ["body.of[] fits none of its kinds"] * 2),
        ({"id": "1", "more": 1}, ["body has more besides"]),
    ],
)
def test_answers_that_are_not_as_described_are_found(value: object, wrong: list[str]) -> None:
    word = {"type": "string", "enum": ["a"]}
    document = {"components": {"schemas": {"Word": word}}}
    either = {"oneOf": [{"$ref": "#/components/schemas/Word"}, {"type": "null"}]}
    properties = {"id": {"type": "string"}, "of": {"type": "array", "items": either}}
    schema = {"type": "object", "required": ["id"], "properties": properties}
    assert mismatches(document, schema, value) == wrong
