"""One request to the operator and its answer, and the two forms in which errors are told."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

PARTNER: Final = "operator"
"""Its name in :class:`emask.sandbox.mischief.Mischief`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came, from which source address and when; `faults` are those of that moment."""

    method: str
    path: str
    query: bytes
    headers: Mapping[bytes, bytes]
    body: bytes
    address: str
    at: datetime
    faults: Mapping[str, Any]

    def asked(self) -> dict[str, str]:
        """The parameters of the address. Raises OAuthError for one that comes twice."""
        return _parameters(self.query)

    def form(self) -> dict[str, str]:
        """The fields of a form, likewise."""
        return _parameters(self.body)

    def json(self) -> dict[str, Any]:
        """The object in the body. Raises ApiError for anything else."""
        try:
            return msgspec.json.decode(self.body, type=dict[str, Any])
        except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
            raise ApiError(400, "INVALID_ARGUMENT") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back; `location` for a phone that is sent on."""

    status: int = 200
    body: Mapping[str, Any] = field(default_factory=dict)
    location: str = ""


class OAuthError(Exception):
    """An error of the authorisation server, by its registered name."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.answer = Answer(status=status, body={"error": error})


class ApiError(Exception):
    """An error of a CAMARA API: status, code and a message that says no more than the code."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(code)
        message = code.rpartition(".")[2].replace("_", " ").capitalize()
        self.answer = Answer(
            status=status, body={"status": status, "code": code, "message": message}
        )


def _parameters(text: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(text.decode(), keep_blank_values=True, errors="strict")
    except UnicodeDecodeError:
        raise OAuthError("invalid_request") from None
    found = dict(pairs)
    if len(found) != len(pairs):  # RFC 6749, 3.1: no parameter more than once
        raise OAuthError("invalid_request")
    return found
