"""Money that goes back: what is due, cards given back through their gateways, cases by hand.

Each step is noted before the gateway is asked and after; nothing is held meanwhile. After a step
without an answer, or a worker that died in the middle of one, nobody knows what came of it: a
gateway that tells how a payment stands is asked, and with one that does not, an operator looks.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.payment import ledger_queries, refund_queries
from emask.payment.model import Refund
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    Closing,
    Gateway,
    Gateways,
    NoAnswer,
    Paused,
    RefundRefused,
    TradeStanding,
)
from emask.payment.refund_model import CardJob, CardWork, Overtaken, RefundNotDue, StepOutcome
from emask.payment.sweep import leave_alone

_LEASE: Final = timedelta(minutes=15)
_NO_ANSWER: Final = timedelta(minutes=10)
_CLOSING: Final = timedelta(hours=1)
_REFUSED: Final = timedelta(days=1)
_PATIENCE: Final = 3  # calls without an answer
_BY_HAND: Final = "by hand"

NEVER_CAME: Final = "never_came"
"""Why money goes back that has paid an order: its pack never came."""


class NotInLedger(RuntimeError):
    """An order counts as paid whose money the ledger does not know; nothing is written."""


_LOG: Final = logging.getLogger(__name__)


async def refunds_due(tx: Transaction) -> list[Refund]:
    """What has to go back, the oldest first."""
    return await refund_queries.refunds_due(tx)


async def refunds_of(tx: Transaction, *, person_id: UUID, round_id: str) -> list[Refund]:
    """What goes or went back to one person, the oldest first."""
    return await refund_queries.refunds_of(tx, person_id, round_id)


async def refund_of(tx: Transaction, *, person_id: UUID, event_id: UUID) -> Refund | None:
    """One refund of a person; None if there is none."""
    return await refund_queries.refund(tx, person_id, event_id)


async def owe_for_missing(
    tx: Transaction, *, people: Sequence[UUID], round_id: str, at: datetime
) -> None:
    """The packs of these people never came: what they paid goes back as it came, and they are told.

    The orders have ended in the same transaction.

    Raises:
        NotInLedger: one of the orders was not paid.
    """
    owed = await ledger_queries.owe_back(tx, people, round_id, reason=NEVER_CAME, at=at)
    if owed != len(people):
        raise NotInLedger


async def card_work(tx: Transaction) -> list[CardWork]:
    """The refunds by card that are not done, the oldest first."""
    return await refund_queries.card_work(tx)


async def give_back_cards(db: Database, clock: Clock, gateways: Gateways, *, most: int = 50) -> int:
    """Go on with up to `most` refunds by card that are due; how many came to an end.

    A gateway that pauses, or stays silent, is left alone for now, and stops nobody but its own
    refunds. A pause that its query has met is everybody's.
    """
    asked = {each.name for each in gateways}
    silences = Counter[str]()
    ended = 0
    for _ in range(most):
        now = await clock.now()
        async with db.transaction() as tx:
            job = await refund_queries.lease_card(tx, sorted(asked), at=now, lease=now + _LEASE)
        if job is None:
            break
        errand = _Errand(db=db, clock=clock, gateway=gateways.named(job.gateway), job=job)
        try:
            ended += await errand.run()
        except Paused:
            asked.discard(job.gateway)
        except Overtaken:
            _LOG.warning("a refund was gone on with by two")
        silences[job.gateway] += errand.silences
        if silences[job.gateway] >= _PATIENCE:
            asked.discard(job.gateway)
    return ended


async def note_given_back(
    db: Database, clock: Clock, *, person_id: UUID, event_id: UUID, operator: str, reason: str
) -> None:
    """An operator knows that money of a card is back: it was unclear, or refused.

    Raises:
        RefundNotDue: it waits for no operator.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        work = await _for_operator(tx, person_id, event_id)
        await _judge(tx, work, CardAction.REFUND, StepOutcome.DONE, at=now)
        await refund_queries.settle_by_hand(tx, person_id, event_id, at=now)
        await _log(tx, work, act="note_refund_given_back", operator=operator, reason=reason, at=now)


async def try_again(
    db: Database, clock: Clock, *, person_id: UUID, event_id: UUID, operator: str, reason: str
) -> None:
    """An operator knows that money of a card is not back, and has the gateway asked again.

    Raises:
        RefundNotDue: it waits for no operator.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        work = await _for_operator(tx, person_id, event_id)
        await _judge(tx, work, work.action or "refund", StepOutcome.NOT_DONE, at=now)
        await refund_queries.ask_again(tx, person_id, event_id, at=now)
        await _log(tx, work, act="try_refund_again", operator=operator, reason=reason, at=now)


@dataclass(slots=True, kw_only=True)
class _Errand:
    """A worker's way to a gateway with one refund; `silences` counts calls without an answer."""

    db: Database
    clock: Clock
    gateway: Gateway
    job: CardJob
    silences: int = 0

    async def run(self) -> bool:
        """Go as far as it goes; whether the refund came to an end. Raises Paused and Overtaken."""
        try:
            return await self._run()
        except Paused as paused:
            await self.leave(until=paused.until)
            raise

    async def _run(self) -> bool:
        try:
            standing = await self.gateway.ask(self.job.question, at=await self.clock.now())
        except NoAnswer:
            self.silences += 1
            return await self.leave(until=await self._in(_NO_ANSWER))
        except Paused as paused:
            await leave_alone(self.db, self.gateway, paused)
            raise
        state = self.job.state(standing)
        if state is None:  # it does not know of the money that it has told of
            return await self.leave(until=await self._in(_NO_ANSWER))
        if self.job.interrupted is not None:
            carried_out = await self._clear_up(self.job.interrupted, standing)
            if carried_out is not False:
                return bool(carried_out)
        try:
            return await self._take_steps(self.job.refund(standing), state, standing)
        except Closing as closing:
            return await self.leave(until=closing.until or await self._in(_CLOSING))

    async def leave(self, *, until: datetime) -> bool:
        """Let it be for now: False. Raises Overtaken."""
        async with self.db.transaction() as tx:
            await refund_queries.postpone(tx, self.job, until=until)
        return False

    async def _clear_up(self, action: CardAction, standing: TradeStanding) -> bool | None:
        """Whether a step of which nobody knows gave the money back; None leaves it to operators."""
        if self.job.outcome is StepOutcome.BEGUN:
            await self._note(action, StepOutcome.UNCLEAR)
        carried_out = self.job.carried_out(action, standing)
        if carried_out is None:
            async with self.db.transaction() as tx:
                await refund_queries.await_operator(tx, self.job)
        if carried_out:
            await self._finish(action)
        return carried_out

    async def _take_steps(
        self, refund: CardRefund, state: CardState, standing: TradeStanding
    ) -> bool:
        while (step := self.gateway.next_step(refund, state)) is not None:
            action, state = step
            await self._note(action, StepOutcome.BEGUN)
            if not await self._take(refund, action, standing):
                return False
            if state is CardState.GIVEN_BACK:
                await self._finish(action)
                return True
            await self._note(action, StepOutcome.DONE)
        async with self.db.transaction() as tx:
            await refund_queries.finish_card(tx, self.job, at=await self.clock.now())
        return True

    async def _take(self, refund: CardRefund, action: CardAction, standing: TradeStanding) -> bool:
        """Have a step carried out; whether it was. Raises Closing and Paused, noted."""
        try:
            await self.gateway.take_step(refund, action, at=await self.clock.now())
        except (Closing, Paused):
            await self._note(action, StepOutcome.NOT_DONE)
            raise
        except RefundRefused as refused:
            await self._note(action, StepOutcome.REFUSED, refused.code)
            return await self.leave(until=await self._in(_REFUSED))
        except NoAnswer:
            self.silences += 1
            await self._note(action, StepOutcome.UNCLEAR)
            if standing.card_reckoned:
                async with self.db.transaction() as tx:
                    await refund_queries.await_operator(tx, self.job)
                return False
            return await self.leave(until=await self._in(_NO_ANSWER))
        return True

    async def _note(self, action: CardAction, outcome: StepOutcome, detail: str = "") -> None:
        async with self.db.transaction() as tx:
            await self._note_within(tx, action, outcome, detail)

    async def _finish(self, action: CardAction) -> None:
        """The step and the end in one: after it nobody may take the step for a first half."""
        async with self.db.transaction() as tx:
            await self._note_within(tx, action, StepOutcome.DONE, "")
            await refund_queries.finish_card(tx, self.job, at=await self.clock.now())

    async def _note_within(
        self, tx: Transaction, action: CardAction, outcome: StepOutcome, detail: str
    ) -> None:
        step = self.job.step + 1
        await refund_queries.note_step(
            tx,
            (self.job.person_id, self.job.event_id),
            step=step,
            action=action,
            outcome=outcome,
            detail=detail,
            at=await self.clock.now(),
        )
        self.job = replace(self.job, step=step)

    async def _in(self, delay: timedelta) -> datetime:
        return await self.clock.now() + delay


async def _for_operator(tx: Transaction, person_id: UUID, event_id: UUID) -> CardWork:
    """A refund that an operator may settle, held. Raises RefundNotDue."""
    work = await refund_queries.card_work_of(tx, person_id, event_id)
    if not (work.unclear or work.refused):
        raise RefundNotDue
    return work


async def _judge(
    tx: Transaction, work: CardWork, action: str, outcome: StepOutcome, *, at: datetime
) -> None:
    """Note what an operator found."""
    await refund_queries.note_step(
        tx,
        (work.refund.person_id, work.refund.event_id),
        step=work.step + 1,
        action=action,
        outcome=outcome,
        detail=_BY_HAND,
        at=at,
    )


async def _log(
    tx: Transaction, work: CardWork, *, act: str, operator: str, reason: str, at: datetime
) -> None:
    refund = work.refund
    await audit_log.record(
        tx,
        at=at,
        actor=operator,
        act=act,
        subject=str(refund.person_id),
        detail={"event": str(refund.event_id), "amount": refund.amount, "reason": reason},
    )
