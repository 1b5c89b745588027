"""Ask gateways about trades of which nothing was heard, so that no money depends on one message.

Cards and what was left at a bank's page are asked about ten minutes after they were opened, every
open trade once more when paying is over. What a gateway answers is taken in as if it had told it
by itself. Nothing is held while it is asked.
"""

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.payment import sweep_queries
from emask.payment.ports import Gateway, Gateways, NoAnswer, Paused, Question
from emask.payment.receiving import DUPLICATE, UnknownTrade, take_in
from emask.payment.sweep_queries import Answer
from emask.rules.calendar import Round

_MOST: Final = 300
_PATIENCE: Final = 3
"""After so many calls without an answer in a row a gateway is left alone for this time."""

_LOG: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Swept:
    """Of how many trades it was tried to ask, how many had news, how many got no answer."""

    asked: int
    told: int
    unanswered: int

    @property
    def answered(self) -> int:
        """For how many trades it is known how they stand."""
        return self.asked - self.unanswered


async def sweep(
    db: Database, clock: Clock, gateways: Gateways, *, round: Round, most: int = _MOST
) -> Swept:
    """Ask each gateway about up to `most` trades of a round that are due, the oldest first.

    A gateway that pauses is not asked again before its time, by nobody; one that does not answer
    is tried with the next trade, but not for ever.
    """
    asked, answers = 0, Counter[Answer]()
    for gateway in gateways:
        now = await clock.now()
        async with db.transaction() as tx:
            due = await sweep_queries.due(
                tx,
                round.id,
                gateway=gateway.name,
                last_from=last_from(round),
                at=now,
                most=most,
            )
        asked += len(due)
        answers += await _ask_all(db, clock, gateway, due)
    swept = Swept(asked=asked, told=answers[Answer.TOLD], unanswered=answers[Answer.NO_ANSWER])
    if swept.told or swept.unanswered:
        _LOG.info("sweep: %s told late, %s unanswered", swept.told, swept.unanswered)
    return swept


def last_from(round: Round) -> datetime:
    """From when on a round's trades are asked about for the last time.

    Banks are given ten minutes to tell of what came in time, if the release leaves as many.
    """
    return min(round.pay_until + sweep_queries.ANSWERS_AFTER, round.release_at)


async def unanswered(tx: Transaction, *, round: Round) -> int:
    """How many trades of unpaid orders no gateway has answered for since paying is over."""
    return await sweep_queries.unanswered(tx, round.id, last_from=last_from(round))


async def leave_alone(db: Database, gateway: Gateway, paused: Paused) -> None:
    """Let nobody ask a gateway before its pause is over, whoever met it."""
    async with db.transaction() as tx:
        await sweep_queries.pause(tx, gateway.name, paused.until)


async def _ask_all(
    db: Database, clock: Clock, gateway: Gateway, questions: Sequence[Question]
) -> Counter[Answer]:
    """Ask one after the other, until the gateway pauses or has been silent too often."""
    answers, silences = Counter[Answer](), 0
    for question in questions:
        try:
            answer = await _ask(db, clock, gateway, question)
        except Paused as paused:
            _LOG.warning("sweep: %s pauses until %s", gateway.name, paused.until.isoformat())
            await leave_alone(db, gateway, paused)
            break
        answers[answer] += 1
        silences = silences + 1 if answer is Answer.NO_ANSWER else 0
        if silences == _PATIENCE:
            break
    answers[Answer.NO_ANSWER] += len(questions) - answers.total()
    return answers


async def _ask(db: Database, clock: Clock, gateway: Gateway, question: Question) -> Answer:
    """Ask about one trade and take in what there is to tell. Raises Paused, with nothing noted."""
    now = await clock.now()
    try:
        standing = await gateway.ask(question, at=now)
        outcomes = [
            await take_in(db, clock, gateway=gateway.name, message=message)
            for message in standing.messages
        ]
    except (NoAnswer, UnknownTrade):  # or an answer about a trade that is not ours
        answer = Answer.NO_ANSWER
    else:
        news = any(outcome != DUPLICATE for outcome in outcomes)
        answer = Answer.TOLD if news else Answer.NOTHING
    async with db.transaction() as tx:
        await sweep_queries.note(tx, question.trade_no, at=now, answer=answer)
    return answer
