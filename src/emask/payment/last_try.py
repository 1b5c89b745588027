"""What has become of the last try at paying an order, for its payer to know what to do."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.payment import last_try_queries
from emask.payment.last_try_queries import LastTry
from emask.rules.price import Method, MoneyOutcome

ANSWERED_WITHIN: Final = timedelta(minutes=15)
"""How long a payer is told to wait for the gateway's word; it may come later all the same."""


class Stage(StrEnum):
    """How far it is. Only the gateway's word counts, never the browser that comes back."""

    NOT_TRIED = "not_tried"
    CHECKING = "checking"
    """Whether money was paid is still to be told: nobody needs to pay again."""
    FETCHING = "fetching"
    """The account to transfer to is still to be told."""
    ACCOUNT = "account"
    DECLINED = "declined"
    UNANSWERED = "unanswered"
    """Nothing was told in time; should money come, it counts until the deadline."""
    GOES_BACK = "goes_back"
    """Money came that does not pay the order."""
    PAID = "paid"


async def stage_of(tx: Transaction, *, person_id: UUID, round_id: str, at: datetime) -> Stage:
    """How far the last try at paying a person's order is, whoever tried."""
    tried = await last_try_queries.last_try(tx, person_id, round_id)
    return Stage.NOT_TRIED if tried is None else judge(tried, at)


async def awaited_method(
    tx: Transaction, *, person_id: UUID, round_id: str, at: datetime
) -> Method | None:
    """The method of the last try while its answer is awaited; None if none is."""
    tried = await last_try_queries.last_try(tx, person_id, round_id)
    return tried.method if tried and judge(tried, at) in AWAITED else None


def judge(tried: LastTry, at: datetime) -> Stage:
    """How far a try is at an instant."""
    if tried.outcome is not None:
        return _OF_OUTCOMES.get(tried.outcome, Stage.GOES_BACK)
    if at >= tried.opened_at + ANSWERED_WITHIN:
        return Stage.UNANSWERED
    return Stage.FETCHING if tried.method is Method.ATM else Stage.CHECKING


AWAITED: Final = frozenset({Stage.CHECKING, Stage.FETCHING})
"""While the gateway's word is awaited."""

_OF_OUTCOMES: Final = {
    "account_issued": Stage.ACCOUNT,
    "failed": Stage.DECLINED,
    MoneyOutcome.SETTLES.value: Stage.PAID,
}
