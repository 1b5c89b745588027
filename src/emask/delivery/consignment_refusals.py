"""What chains do not take: the kind of reason, which names nobody, and trying once more."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database


class RefusalKind(StrEnum):
    """What a chain finds fault with."""

    NAME = "name"
    MOBILE = "mobile"
    STORE = "store"
    NUMBER_USED = "number_used"
    STATE = "state"
    """The parcel is too far on its way for what was asked."""
    ACCOUNT = "account"
    """Our account there, or its keys."""
    OTHER = "other"


class NothingRefused(LookupError):
    """The chain has not refused the parcel, or somebody has had it asked again before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a chain refused a parcel; `code` is its own, empty if it told none."""

    kind: RefusalKind
    code: str


def read_refusal(said: str) -> Refusal:
    """What can be shown of a chain's own text, which may name a person: nothing of its words."""
    kind = next((kind for kind, words in _WORDS if any(word in said for word in words)), None)
    code = _CODE.match(said)
    return Refusal(kind=kind or RefusalKind.OTHER, code=code[0] if code else "")


async def try_again(db: Database, clock: Clock, *, trade_no: str, operator: str) -> None:
    """Have the chain asked once more, for what it refused; it is noted in the audit log.

    Name and mobile are those that the person has by then.

    Raises:
        NothingRefused: nothing changed.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        cursor = await tx.execute(
            "UPDATE consignment SET refusal = NULL,"
            " due_at = CASE WHEN parcel_no IS NULL THEN %s::timestamptz END"
            " WHERE trade_no = %s AND refusal IS NOT NULL AND ended_at IS NULL"
            " RETURNING person_id, round_id",
            (now, trade_no),
        )
        row = await cursor.fetchone()
        if row is None:
            raise NothingRefused
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="retry_refused_parcel",
            subject=str(row[0]),
            detail={"round_id": row[1], "trade_no": trade_no},
        )


_WORDS: Final = (
    (RefusalKind.NAME, ("ReceiverName", "收件人姓名")),
    (RefusalKind.MOBILE, ("ReceiverCellPhone", "收件人手機")),
    (RefusalKind.STORE, ("ReceiverStoreID", "門市不存在", "門市已關")),
    (RefusalKind.NUMBER_USED, ("訂單編號重覆", "訂單編號重複")),
    (RefusalKind.STATE, ("目前狀態",)),
    (RefusalKind.ACCOUNT, ("CheckMacValue", "MerchantID", "加密金鑰")),
)
_CODE: Final = re.compile(r"10[0-9]{6}(?![0-9])")
"""Eight figures at the very beginning, as ECPay numbers its refusals."""
