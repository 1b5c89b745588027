"""What the router does not know of the partner API: strict bodies, forms, keys, quotas."""

from typing import Any, Final

import msgspec
from litestar.openapi.spec import OAuthFlow, OAuthFlows, SecurityScheme

from emask.counter.clients_calls import KEY
from emask.web.api.counter_facts import (
    EligibilityAsked,
    SaleAsked,
    StockCounted,
    StockEntered,
    UndoAsked,
)
from emask.web.api.tokens import ASSERTION, FORM, GRANT, SCOPE, TOKEN_PATH

SECURITY: Final = SecurityScheme(
    type="oauth2",
    description="Client credentials with private_key_jwt (RFC 7523); no client has a secret.",
    flows=OAuthFlows(
        client_credentials=OAuthFlow(token_url=TOKEN_PATH, scopes={SCOPE: "The client's own site"})
    ),
)

_KEYED: Final = {"make_sale", "enter_stock", "count_stock"}
_STRICT: Final = [EligibilityAsked, SaleAsked, StockCounted, StockEntered, UndoAsked]
_IDEMPOTENCY_KEY: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Stands for one request, for seven days; quoted or not, it is the same key.",
    "schema": {"type": "string", "pattern": KEY},
}
_QUOTA: Final = {
    "RateLimit-Policy": {
        "description": 'How many calls there are in how many seconds: `"client";q=600;w=60`.',
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": 'How many are left, and when all are there again: `"client";r=599;t=1`.',
        "schema": {"type": "string"},
    },
}
_RETRY_AFTER: Final = {
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}
}


def complete(document: dict[str, Any], *, ref_template: str) -> dict[str, Any]:
    """The document with all that holds of the partner API."""
    _, strict = msgspec.json.schema_components(_STRICT, ref_template=ref_template)
    names = [kind.__name__ for kind in _STRICT]
    components = document["components"]
    schemas = components["schemas"] | {name: strict[name] for name in names}
    paths = {path: _completed_path(path, item) for path, item in document["paths"].items()}
    return document | {"paths": paths, "components": components | {"schemas": schemas}}


def _completed_path(path: str, item: dict[str, Any]) -> dict[str, Any]:
    if path == TOKEN_PATH:
        return {"post": _with_quota(item["post"]) | {"requestBody": _form()}}
    if not path.startswith("/api/v1/counter/"):
        return item
    return {method: _with_key(_with_quota(operation)) for method, operation in item.items()}


def _with_quota(operation: dict[str, Any]) -> dict[str, Any]:
    responses = {
        status: answer if status == "401" else answer | {"headers": _headers(status)}
        for status, answer in operation["responses"].items()
    }
    return operation | {"responses": responses}


def _headers(status: str) -> dict[str, Any]:
    return _QUOTA | _RETRY_AFTER if status == "429" else _QUOTA


def _with_key(operation: dict[str, Any]) -> dict[str, Any]:
    if operation["operationId"] not in _KEYED:
        return operation
    return operation | {"parameters": [*operation.get("parameters", ()), _IDEMPOTENCY_KEY]}


def _form() -> dict[str, Any]:
    fixed = {"grant_type": GRANT, "client_assertion_type": ASSERTION, "scope": SCOPE}
    properties = {
        **{name: {"type": "string", "enum": [value]} for name, value in fixed.items()},
        "client_assertion": {"type": "string"},
        "client_id": {"type": "string"},
    }
    required = ["grant_type", "client_assertion_type", "client_assertion"]
    schema = {"type": "object", "properties": properties, "required": required}
    return {"required": True, "content": {FORM: {"schema": schema}}}
