"""What schemathesis loads: cases that are to be accepted are made about people whom we know.

Without it no case would ever get beyond a number that is nobody's. It runs in a process of its
own and is told what it needs by the environment (`web.contract`).
"""

import json
import os
import zlib
from collections import deque
from typing import Any
from uuid import uuid4

import schemathesis
from joserfc.jwk import ECKey
from schemathesis import Case, GenerationMode, HookContext, Response

from web.pharmacy import Software

_PEOPLE = os.environ["EMASK_CONTRACT_PEOPLE"].split()
_KEY = ECKey.import_key(json.loads(os.environ["EMASK_CONTRACT_KEY"]))
_SOFTWARE = Software(os.environ["EMASK_CONTRACT_ORIGIN"], key=_KEY)
_SALES: deque[str] = deque(maxlen=20)


@schemathesis.hook
def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
    """Put in a person, a new key, a sale that there is, a proof that is good."""
    meta = case.meta
    if meta is None or meta.generation.mode is not GenerationMode.POSITIVE:
        return
    number = zlib.crc32(repr(case.body).encode())
    body = case.body
    if isinstance(body, dict) and isinstance(body.get("id_number"), str):
        body["id_number"] = _PEOPLE[number % len(_PEOPLE)]
    if isinstance(body, dict) and "client_assertion" in body and number % 2:
        body.update(client_assertion=_SOFTWARE.sign(_SOFTWARE.claims()))
        body.pop("client_id", None)
    if "Idempotency-Key" in (case.headers or {}) and number % 5:
        case.headers["Idempotency-Key"] = str(uuid4())
    if "If-None-Match" in (case.headers or {}):
        case.headers["If-None-Match"] = "*"
    if "sale_id" in (case.path_parameters or {}) and _SALES and number % 4:
        case.path_parameters["sale_id"] = _SALES[number % len(_SALES)]


@schemathesis.hook
def after_call(context: HookContext, case: Case[Any], response: Response) -> None:
    """Remember sales that can be undone."""
    if response.status_code == 201 and case.operation.path.endswith("/sales"):
        _SALES.append(response.json()["sale_id"])
