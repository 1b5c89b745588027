"""What goes over the sandboxed NewebPay's wire: a form, and a page or JSON in answer."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from emask.rules.calendar import Language

PARTNER: Final = "newebpay"
"""Its name in `Mischief`."""

_CLOCKS_APART: Final = 120
_FIGURES: Final = re.compile(r"[0-9]{1,10}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A form that came at an instant, and what is wrong with NewebPay at present.

    `language` is what the form asks for, or else the browser.
    """

    fields: Mapping[str, str]
    at: datetime
    faults: Mapping[str, Any]
    language: Language


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back."""

    content_type: str
    body: bytes
    status: int = HTTPStatus.OK


class Trouble(Exception):
    """NewebPay refuses, by a code of its manual."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def html(page: str) -> Answer:
    """A page."""
    return Answer("text/html; charset=utf-8", page.encode())


def result(status: str, told: Any) -> Answer:
    """JSON, under status 200 whatever it says."""
    body = {"Status": status, "Message": "", "Result": told}
    return Answer("text/html; charset=utf-8", msgspec.json.encode(body))


def form_fields(body: bytes) -> dict[str, str]:
    """The fields of a form, without what a database cannot keep."""
    pairs = parse_qsl(body.decode(errors="replace"), keep_blank_values=True)
    return {name: value.replace("\x00", "") for name, value in pairs}


def check_time(fields: Mapping[str, str], at: datetime, *, code: str) -> None:
    """Two clocks may be two minutes apart. Raises Trouble of this code."""
    stamp = fields.get("TimeStamp", "")
    if not _FIGURES.fullmatch(stamp) or abs(int(stamp) - at.timestamp()) > _CLOCKS_APART:
        raise Trouble(code)


def whole(fields: Mapping[str, str], name: str, *, code: str) -> int:
    """A whole number above nought. Raises Trouble of this code."""
    text = fields.get(name, "")
    if not _FIGURES.fullmatch(text) or not 0 < int(text) < 2**31:
        raise Trouble(code)
    return int(text)
