"""Whom to tell what and when, and sending it.

Notices are queued set by set; who has been told once is not told again. Sending stands between
two transactions: a batch is taken until a later time, handed to the provider, and marked as sent.
"""

from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import SealBroken, Vault
from emask.notices import queries
from emask.notices.ports import Sms, SmsNotTaken, SmsSender
from emask.notices.queries import Outcome, Waiting
from emask.notices.texts import Kind, notice_text
from emask.rounds.service import next_round
from emask.rules.calendar import Language, Round
from emask.rules.states import OrderState

_ATTEMPTS = 24  # about a day


async def notify_draw(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody on the list the result (B6); how many are new."""
    following = await next_round(tx, round)
    hope = {} if following is None else {"next_opens_at": following.opens_at.isoformat()}
    selected = await queries.tell_drawn(
        tx, kind=Kind.SELECTED, round_id=round.id, selected=True, payload=_dues(round), at=at
    )
    return selected + await queries.tell_drawn(
        tx, kind=Kind.NOT_SELECTED, round_id=round.id, selected=False, payload=hope, at=at
    )


async def notify_unpaid(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Remind everybody who has still to pay; how many are new."""
    return await queries.tell_orders(
        tx,
        kind=Kind.PAY_REMINDER,
        round_id=round.id,
        state=OrderState.AWAITING_PAYMENT,
        payload=_dues(round),
        at=at,
    )


async def notify_arrival(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody whose pack is at the store its pick-up number; how many are new."""
    return await queries.tell_arrived(
        tx, kind=Kind.ARRIVED, round_id=round.id, collect_until=round.pickup_until, at=at
    )


async def notify_last_day(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Remind everybody whose pack still lies at the store; how many are new."""
    return await queries.tell_arrived(
        tx, kind=Kind.LAST_DAY, round_id=round.id, collect_until=round.pickup_until, at=at
    )


async def notify_forfeits(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Tell everybody whose pack went back (B6); how many are new."""
    return await queries.tell_orders(
        tx,
        kind=Kind.FORFEITED,
        round_id=round.id,
        state=OrderState.FORFEITED,
        payload={},
        at=at,
    )


async def drain(
    db: Database, clock: Clock, vault: Vault, sender: SmsSender, *, batch: int = 500
) -> int:
    """Send everything that is due; how many were sent.

    Several may drain at once. What was handed over but not marked, because somebody died between,
    is taken again minutes later under the same message id, which the provider knows. When the
    provider takes nothing, everything waits for the next time.
    """
    sent = 0
    now = await clock.now()
    async with db.transaction() as tx:
        await queries.give_up(tx, at=now, attempts=_ATTEMPTS)
    while True:
        async with db.transaction() as tx:
            taken = await queries.take(tx, at=now, batch=batch)
        if not taken:
            return sent
        try:
            outcomes = await _hand_over(vault, sender, taken)
        except SmsNotTaken:
            return sent
        async with db.transaction() as tx:
            sent += await queries.mark(tx, outcomes, at=now)


def message_id(notice: Waiting) -> str:
    """The same whenever and by whomever a notice is sent: 32 characters.

    A notice that was queued anew, because it became true once more, is another one.
    """
    name = f"{notice.person_id}/{notice.kind}/{notice.reference}/{notice.created_at.timestamp()}"
    return sha256(name.encode()).hexdigest()[:32]


async def _hand_over(vault: Vault, sender: SmsSender, taken: Sequence[Waiting]) -> list[Outcome]:
    written = [(notice, _sms(vault, notice)) for notice in taken]
    messages = [sms for _, sms in written if sms is not None]
    provider_ids = iter(await sender.send(messages))
    return [
        Outcome(
            notice.person_id,
            notice.kind,
            notice.reference,
            None if sms is None else next(provider_ids),
        )
        for notice, sms in written
    ]


def _sms(vault: Vault, notice: Waiting) -> Sms | None:
    """The message to send, or None for a notice without a number or the figures of its text."""
    if notice.mobile is None:
        return None
    language: Language = "en" if notice.language == "en" else "zh"
    try:
        return Sms(
            message_id=message_id(notice),
            number=vault.open(notice.mobile, person_id=notice.person_id, field="mobile"),
            text=notice_text(Kind(notice.kind), language, notice.payload),
        )
    except (KeyError, ValueError, SealBroken):
        return None


def _dues(round: Round) -> dict[str, object]:
    return {"total": round.amount_due, "pay_until": round.pay_until.isoformat()}
