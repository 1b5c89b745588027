"""The API's description: what the router knows of itself, and the intake that it does not see."""

from typing import Any, Final

import msgspec
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from emask.rules.refusals import (
    AlreadyBought,
    ChannelNotOffered,
    ChildNotEligible,
    Closed,
    IntervalNotOver,
    NotOpenYet,
    NotRegistered,
    ProductNotForAdult,
    StoreClosed,
    UnknownStore,
)
from emask.web import intake_problems as problems
from emask.web.api.counter import SCHEME
from emask.web.api.counter_description import SECURITY, complete
from emask.web.api.preorders import OWN
from emask.web.api.problems import PROBLEM_JSON, by_status
from emask.web.intake import INTAKE_PATH, Acknowledgement, Order
from emask.web.intake_problems import Problem
from emask.web.shell.cookies import SESSION
from emask.web.shell.page import WebRequest

OPENAPI_PATH: Final = "/api/openapi.json"

_SCHEMAS: Final = "#/components/schemas/{name}"
_REFUSED: Final = by_status(
    *(
        problems.MALFORMED,
        problems.SIGN_IN,
        problems.NOT_TRUSTED,
        problems.FOREIGN_ORIGIN,
        problems.TOO_LARGE,
    ),
    *(problems.UNKNOWN_ROUND, problems.KEY_REUSED, problems.INVALID_ENTRY),
    *(problems.NOT_SAVED, problems.UNSURE),
    *(NotOpenYet, Closed, ChannelNotOffered, ChildNotEligible, ProductNotForAdult),
    *(AlreadyBought, IntervalNotOver, UnknownStore, StoreClosed, NotRegistered),
)


class _WholeDocument(JsonRenderPlugin):
    """The router's document with the intake's path in it, and all of the partner API."""

    def render(self, request: WebRequest, openapi_schema: dict[str, Any]) -> bytes:
        """The document as JSON."""
        (order, told, problem), schemas = msgspec.json.schema_components(
            [Order, Acknowledgement, Problem], ref_template=_SCHEMAS
        )
        answers = {
            200: _answer("Amended, or sent again", "application/json", told),
            201: _answer("Placed", "application/json", told),
            **{status: _answer(it, PROBLEM_JSON, problem) for status, it in _REFUSED.items()},
        }
        operation = {
            "operationId": "place_preorder",
            "description": "Place a pre-order, or amend it: until closing the last one counts.",
            "security": OWN,
            "parameters": [_IDEMPOTENCY_KEY],
            "requestBody": {"required": True, "content": {"application/json": {"schema": order}}},
            "responses": {str(status): answer for status, answer in answers.items()},
        }
        components = openapi_schema["components"]
        whole = openapi_schema | {
            "paths": openapi_schema["paths"] | {INTAKE_PATH: {"post": operation}},
            "components": components | {"schemas": schemas | components["schemas"]},
        }
        return super().render(request, complete(whole, ref_template=_SCHEMAS))


def _answer(description: str, media_type: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {media_type: {"schema": schema}}}


_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Stands for one order: sent again with it, nothing happens twice.",
    "schema": {"type": "string"},
}

OPENAPI: Final = OpenAPIConfig(
    title="emask",
    version="1",
    description="Rounds, stores, draws, a person's own pre-orders, and the counter of a pharmacy"
    " for its own software. Money is whole NT$."
    " Problems (RFC 9457) have a stable `code`; texts follow Accept-Language: zh-Hant, or en.",
    path=OPENAPI_PATH,
    render_plugins=[_WholeDocument(path="/")],
    use_handler_docstrings=True,
    components=Components(
        security_schemes={
            "bearer": SecurityScheme(type="http", scheme="bearer"),
            SCHEME: SECURITY,
            "cookie": SecurityScheme(
                type="apiKey",
                name=SESSION,
                security_scheme_in="cookie",
                description="A request that changes something also carries `x-emask-request: 1`,"
                " and its body, if it has one, is `application/json`.",
            ),
        }
    ),
)
