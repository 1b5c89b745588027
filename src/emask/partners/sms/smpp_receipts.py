"""Receipts of an SMPP centre: one for each part, which together tell of a message.

They may come before the centre has told a part's id, twice, and in any order.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final

from emask.notices.ports import Delivery, Receipt
from emask.rules.calendar import TAIPEI

_ID: Final = re.compile(r"\bid:(\S{1,65})", re.IGNORECASE)
_STATE: Final = re.compile(r"\bstat:([A-Z]{7})\b", re.IGNORECASE)
_DONE: Final = re.compile(r"\bdone date:(\d{10})", re.IGNORECASE)
_REMEMBERED: Final = 100_000

_BY_STATE: Final[Mapping[int, Delivery]] = {
    1: Delivery.WAITING,
    2: Delivery.DELIVERED,
    3: Delivery.EXPIRED,
    4: Delivery.CANCELLED,
    5: Delivery.FAILED,
    6: Delivery.WAITING,
    7: Delivery.UNKNOWN,
    8: Delivery.FAILED,
}
_BY_WORD: Final[Mapping[str, Delivery]] = {
    "ENROUTE": Delivery.WAITING,
    "DELIVRD": Delivery.DELIVERED,
    "EXPIRED": Delivery.EXPIRED,
    "DELETED": Delivery.CANCELLED,
    "UNDELIV": Delivery.FAILED,
    "ACCEPTD": Delivery.WAITING,
    "UNKNOWN": Delivery.UNKNOWN,
    "REJECTD": Delivery.FAILED,
}


class ReceiptIds(StrEnum):
    """How the id in a receipt's text is written, beside the one told at submission."""

    SAME = "same"
    DECIMAL_OF_HEX = "decimal_of_hex"
    HEX_OF_DECIMAL = "hex_of_decimal"

    def submitted(self, part_id: str) -> str:
        """The id as it was told at submission; unchanged where it is no such number."""
        try:
            match self:
                case ReceiptIds.DECIMAL_OF_HEX:
                    return f"{int(part_id):x}"
                case ReceiptIds.HEX_OF_DECIMAL:
                    return str(int(part_id, 16))
                case ReceiptIds.SAME:
                    return part_id
        except ValueError:
            return part_id


def read_receipt(
    text: str, *, part_id: str | None, state: int | None, ids: ReceiptIds
) -> Receipt | None:
    """Read the receipt of one part; None if it is none.

    Args:
        text: `id:… stat:… done date:…`, in whatever order.
        part_id: the parameter `receipted_message_id`, which is preferred.
        state: the parameter `message_state`, likewise.
        ids: how the id in the text is written.
    """
    in_text, word, done = _ID.search(text), _STATE.search(text), _DONE.search(text)
    if not part_id and in_text:
        part_id = ids.submitted(in_text[1])
    delivery = _BY_STATE.get(state or 0) or _BY_WORD.get(word[1].upper() if word else "")
    if not part_id or delivery is None:
        return None
    return Receipt(provider_id=part_id, delivery=delivery, at=_instant(done[1] if done else ""))


@dataclass(slots=True)
class _Message:
    provider_id: str
    outstanding: set[str]
    told: bool = False
    at: datetime | None = None


@dataclass(slots=True)
class ReceiptJoiner:
    """Makes one receipt of the parts' ones; remembers the latest 100,000 parts."""

    _messages: OrderedDict[str, _Message] = field(default_factory=OrderedDict)
    _early: OrderedDict[str, Receipt] = field(default_factory=OrderedDict)

    def expect(self, part_ids: Sequence[str]) -> Receipt | None:
        """A message was taken, its parts under these ids, the first of which stands for it.

        Returns:
            Its receipt, if all that make it have come already.
        """
        message = _Message(part_ids[0], set(map(_key, part_ids)))
        joined = None
        for key in map(_key, part_ids):
            self._messages[key] = message
        for key in map(_key, part_ids):
            early = self._early.pop(key, None)
            joined = (early and self.hear(early)) or joined
        _forget(self._messages)
        return joined

    def hear(self, receipt: Receipt) -> Receipt | None:
        """A part's receipt has come; the message's, if that one decides it.

        The first part that fails decides, or else the last one that is delivered.
        """
        key = _key(receipt.provider_id)
        message = self._messages.get(key)
        if message is None:
            self._early[key] = receipt
            _forget(self._early)
            return None
        if receipt.delivery is Delivery.WAITING or message.told:
            return None
        message.at = max(filter(None, (message.at, receipt.at)), default=None)
        message.outstanding.discard(key)
        if receipt.delivery is Delivery.DELIVERED and message.outstanding:
            return None
        message.told = True
        return Receipt(provider_id=message.provider_id, delivery=receipt.delivery, at=message.at)

    def strangers(self) -> list[Receipt]:
        """Receipts of parts that nobody expects, and forget them.

        While nothing is being handed over, they are of messages of an earlier run: one of a
        single part is known by that part's id.
        """
        strangers = [
            receipt for receipt in self._early.values() if receipt.delivery is not Delivery.WAITING
        ]
        self._early.clear()
        return strangers


def _key(part_id: str) -> str:
    """Hex digits may come in either case, and with zeros before them."""
    return part_id.lower().lstrip("0")


def _forget(remembered: OrderedDict[str, _Message] | OrderedDict[str, Receipt]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)


def _instant(stamp: str) -> datetime | None:
    """The centre is in Taiwan."""
    try:
        return datetime.strptime(stamp, "%y%m%d%H%M").replace(tzinfo=TAIPEI)
    except ValueError:
        return None
