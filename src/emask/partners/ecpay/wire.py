"""Forms, stamps and amounts as ECPay writes them: strings all, times in Taipei without a zone."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, urlencode

from emask.rules.calendar import TAIPEI

FORM_TYPE: Final = "application/x-www-form-urlencoded"

_STAMP: Final = re.compile(r"2[0-9]{3}/[0-9]{2}/[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}", re.ASCII)
_STAMP_FORM: Final = "%Y/%m/%d %H:%M:%S"
_AMOUNT: Final = re.compile(r"[0-9]{1,9}", re.ASCII)
_TRADE_NO: Final = re.compile(r"[A-Za-z0-9]{1,20}", re.ASCII)
_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,50}", re.ASCII)
_FIELD_INSIDE: Final = re.compile(r"&[A-Za-z0-9_]+=", re.ASCII)
_MOST_FIELDS: Final = 100


def stamp(at: datetime) -> str:
    """An instant, to the second."""
    return at.astimezone(TAIPEI).strftime(_STAMP_FORM)


def read_stamp(text: str) -> datetime:
    """The instant of a stamp. Raises ValueError."""
    if not _STAMP.fullmatch(text):
        raise ValueError("not a stamp")
    return datetime.strptime(text, _STAMP_FORM).replace(tzinfo=TAIPEI)


def read_amount(text: str) -> int:
    """Whole NT$. Raises ValueError."""
    if not _AMOUNT.fullmatch(text):
        raise ValueError("not an amount")
    return int(text)


def read_trade_no(text: str) -> str:
    """A trade number, of ours or theirs. Raises ValueError."""
    if not _TRADE_NO.fullmatch(text):
        raise ValueError("not a trade number")
    return text


def form_body(fields: Mapping[str, str]) -> bytes:
    """The fields as a form's body."""
    return urlencode(fields).encode()


def read_form(body: bytes) -> dict[str, str]:
    """The fields of a form's body, the empty ones too.

    Raises:
        ValueError: not a form in UTF-8, or a field comes twice.
    """
    pairs = parse_qsl(
        body.decode(), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS
    )
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ValueError("a field comes twice")
    return fields


def check_names(fields: Mapping[str, str]) -> None:
    """Refuse one field inside another: the MAC of `a=1&b=2` is that of `a` and `b`.

    Whoever sees a simulated payment could otherwise hide `SimulatePaid=1` in the field before it.

    Raises:
        ValueError: such a field, or a name that no field of ECPay's has.
    """
    if not all(_NAME.fullmatch(name) for name in fields):
        raise ValueError("not a field of this wire")
    if any(_FIELD_INSIDE.search(value) for value in fields.values()):
        raise ValueError("a field inside another")
