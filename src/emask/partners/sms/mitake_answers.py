"""Mitake's answers and receipts, read from their text."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Final

from emask.notices.ports import Delivery, Receipt
from emask.rules.calendar import TAIPEI

Sections = Mapping[str, Mapping[str, str]]
"""What is said of each message, by its `clientid`."""

_MSGID: Final = re.compile(r"[A-Za-z0-9$#_-]{1,40}")
_STAMP: Final = re.compile(r"\d{14}")
_BY_FLAG: Final[Mapping[str, Delivery]] = {
    "0": Delivery.WAITING,
    "1": Delivery.WAITING,
    "2": Delivery.WAITING,
    "4": Delivery.DELIVERED,
    "5": Delivery.FAILED,
    "6": Delivery.FAILED,
    "7": Delivery.FAILED,
    "8": Delivery.EXPIRED,
    "9": Delivery.CANCELLED,
}
_BY_WORD: Final[Mapping[str, Delivery]] = {
    "DELIVRD": Delivery.DELIVERED,
    "EXPIRED": Delivery.EXPIRED,
    "DELETED": Delivery.CANCELLED,
    "UNDELIV": Delivery.FAILED,
    "SYNTAXE": Delivery.FAILED,
    "UNKNOWN": Delivery.UNKNOWN,
}


class BadAnswer(Exception):
    """The answer is about no message: `code` is what it gives, a character, or nothing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class BadPush(ValueError):
    """A push tells of no message."""


def read_sections(answer: str) -> Sections:
    """What an answer says of each message.

    Raises:
        BadAnswer: it speaks of the whole call.
    """
    sections: dict[str, dict[str, str]] = {}
    current: dict[str, str] = {}
    call = current
    for line in answer.splitlines():
        if line.startswith("[") and line.rstrip().endswith("]"):
            current = sections.setdefault(line.strip()[1:-1], {})
            continue
        name, equals, value = line.partition("=")
        if equals:
            current[name.strip()] = value.strip()
    if not sections or "statuscode" in call:
        raise BadAnswer(call.get("statuscode", "")[:1])
    return sections


def read_values(answer: str) -> dict[str, str]:
    """The `name=value` lines of an answer."""
    pairs = (line.partition("=") for line in answer.splitlines())
    return {name.strip(): value.strip() for name, equals, value in pairs if equals}


def read_query(answer: str) -> list[Receipt]:
    """The lines of an answer to a query, in Mitake's order; lines in no form are passed over."""
    receipts = []
    for line in answer.splitlines():
        msgid, _, rest = line.strip().partition("\t")
        flag, _, stamp = rest.partition("\t")
        if flag and _MSGID.fullmatch(msgid):
            receipts.append(
                Receipt(provider_id=msgid, delivery=delivery_of(flag), at=_instant(stamp))
            )
    return receipts


def delivery_of(flag: str) -> Delivery:
    """What a status flag means."""
    return _BY_FLAG.get(flag, Delivery.UNKNOWN)


def read_push(query: Mapping[str, str]) -> Receipt:
    """Read a receipt that was pushed to us; nobody has signed it, so the path must be a secret.

    `statuscode` is not looked at: there 0 and 1 mean that the message was sent, no more.

    Raises:
        BadPush: it names no message, or not how far it has come.
    """
    msgid = query.get("msgid", "")
    flag, word = query.get("StatusFlag", ""), query.get("statusstr", "")
    delivery = _BY_FLAG.get(flag) or _BY_WORD.get(word)
    if delivery is None or not _MSGID.fullmatch(msgid):
        raise BadPush("no receipt in the agreed form")
    return Receipt(provider_id=msgid, delivery=delivery, at=_instant(query.get("donetime", "")))


def push_reply(receipt: Receipt) -> bytes:
    """What Mitake wants to read, as text/plain with status 200; else it pushes again."""
    return f"magicid=sms_gateway_rpack\nmsgid={receipt.provider_id}\n".encode()


def _instant(stamp: str) -> datetime | None:
    """Mitake's stamps are Taipei's time."""
    if not _STAMP.fullmatch(stamp.strip()):
        return None
    try:
        return datetime.strptime(stamp.strip(), "%Y%m%d%H%M%S").replace(tzinfo=TAIPEI)
    except ValueError:
        return None
