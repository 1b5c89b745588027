"""What became of messages: receipts as providers send them, and asking for those that never came.

A receipt moves a notice only forward. One that comes before the provider has told the message's id
is kept until that is known.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.notices import receipt_queries as queries
from emask.notices.ports import Delivery, Receipt, SmsNotTaken, SmsProvider, SmsSender
from emask.notices.receipt_queries import Untold

ASK_AFTER: Final = timedelta(hours=6)
"""How long a receipt may take before it is asked for, and then between two questions."""

_UNKNOWN_AFTER: Final = timedelta(hours=48)  # a message is tried for a day
_KEPT: Final = timedelta(days=7)
_ASKED_AT_ONCE: Final = 100


async def record_receipt(db: Database, clock: Clock, receipt: Receipt) -> None:
    """Note how far a message came.

    Args:
        db: of the installation.
        clock: the time, where the receipt tells none.
        receipt: by the whole id, `provider:its id`; see :meth:`Receipt.of`.
    """
    now = await clock.now()
    told_at = receipt.at or now
    async with db.transaction() as tx:
        known = await queries.apply(
            tx, provider_id=receipt.provider_id, delivery=receipt.delivery, at=told_at
        )
        if not known:
            await queries.keep(
                tx,
                provider_id=receipt.provider_id,
                delivery=receipt.delivery,
                at=told_at,
                heard_at=now,
            )


async def match_early(db: Database, at: datetime) -> int:
    """Note receipts that came before their messages' ids were known; how many."""
    async with db.transaction() as tx:
        matched = await queries.match(tx)
        await queries.forget(tx, heard_before=at - _KEPT)
    return matched


async def ask_for_receipts(db: Database, clock: Clock, sender: SmsSender) -> int:
    """Ask each provider about up to a hundred messages whose receipts are overdue; how many ended.

    After two days without a word it is unknown whether a message arrived. A provider that does not
    answer is asked again hours later.
    """
    ended = 0
    for provider in sender.providers:
        now = await clock.now()
        async with db.transaction() as tx:
            untold = await queries.take_untold(
                tx, provider=provider.name, at=now, again_after=ASK_AFTER, most=_ASKED_AT_ONCE
            )
        for receipt in await _answers(provider, untold, now):
            await record_receipt(db, clock, receipt)
            ended += receipt.delivery is not Delivery.WAITING
    return ended


async def _answers(provider: SmsProvider, untold: Sequence[Untold], now: datetime) -> list[Receipt]:
    """A receipt of each message of which something is known, or will never be."""
    if not untold:
        return []
    own_ids = [each.provider_id.removeprefix(f"{provider.name}:") for each in untold]
    try:
        told = [receipt.of(provider.name) for receipt in await provider.query(own_ids)]
    except SmsNotTaken:
        return []
    ended = {each.provider_id for each in told if each.delivery is not Delivery.WAITING}
    return told + [
        Receipt(provider_id=each.provider_id, delivery=Delivery.UNKNOWN, at=now)
        for each in untold
        if each.provider_id not in ended and each.sent_at <= now - _UNKNOWN_AFTER
    ]
