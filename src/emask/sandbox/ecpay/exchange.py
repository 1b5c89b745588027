"""One request to the sandboxed ECPay and its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message as Mail
from typing import Any, Final

from emask.partners.ecpay.wire import FORM_TYPE, read_form
from emask.rules.calendar import Language

PARTNER: Final = "ecpay"
"""Its name in :class:`emask.sandbox.mischief.Mischief`."""

TEXT: Final = "text/plain; charset=utf-8"
HTML: Final = "text/html; charset=utf-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came, and when; `faults` are those of that moment, `language` is the browser's."""

    content_type: str
    body: bytes
    at: datetime
    faults: Mapping[str, Any]
    language: Language = "zh"

    def form(self) -> dict[str, str]:
        """The fields, urlencoded or multipart, as the owner's own SDKs send either.

        Raises:
            ValueError: no form at all, or one that no database takes.
        """
        if self.content_type.startswith("multipart/form-data"):
            fields = _multipart(self.content_type, self.body)
        elif self.content_type.startswith(FORM_TYPE):
            fields = read_form(self.body)
        else:
            raise ValueError("not a form")
        if any("\0" in value for value in fields.values()):
            raise ValueError("not text")
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    body: str = ""
    status: int = 200
    content_type: str = TEXT


def _multipart(content_type: str, body: bytes) -> dict[str, str]:
    mail = message_from_bytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    fields = {}
    for part in mail.walk():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str) and name:
            fields[name] = _payload(part)
    return fields


def _payload(part: Mail) -> str:
    payload = part.get_payload(decode=True)
    return payload.decode() if isinstance(payload, bytes) else ""
