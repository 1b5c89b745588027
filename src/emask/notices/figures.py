"""How notices stand: for operators, and for whom they tell."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from emask.database.audit_log import record
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.notices import figures_queries as queries
from emask.notices.figures_queries import Stranded
from emask.notices.model import NoticeState

_LATELY = timedelta(minutes=1)


Numbers = Mapping[NoticeState, int]
"""How many notices are in each state; none in one that is not there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All notices.

    Attributes:
        kinds: by round and kind.
        providers: by provider, of what each was handed and does not wait.
        oldest_waiting: since when the notice has waited that is due and has waited longest.
        per_second: how many were sent a second, over the last minute.
    """

    kinds: Mapping[tuple[str, str], Numbers]
    providers: Mapping[str, Numbers]
    oldest_waiting: datetime | None
    per_second: float


class Told(NamedTuple):
    """A notice to its own reader: what, when it was sent, and how far it came."""

    kind: str
    state: str
    created_at: datetime
    sent_at: datetime | None
    delivery: str | None
    told_at: datetime | None


async def figures(tx: Transaction, *, at: datetime) -> Figures:
    """How all notices stand at an instant."""
    standing = await queries.standing(tx, at=at, lately=at - _LATELY)
    kinds: defaultdict[tuple[str, str], Counter[NoticeState]] = defaultdict(Counter)
    providers: defaultdict[str, Counter[NoticeState]] = defaultdict(Counter)
    for each in standing:
        state = NoticeState(each.state)
        kinds[each.round_id, each.kind][state] += each.number
        if each.provider is not None and state is not NoticeState.WAITING:
            providers[each.provider][state] += each.number
    waiting = [each.oldest_waiting for each in standing if each.oldest_waiting is not None]
    return Figures(
        kinds=kinds,
        providers=providers,
        oldest_waiting=min(waiting, default=None),
        per_second=sum(each.lately for each in standing) / _LATELY.total_seconds(),
    )


async def count_due(tx: Transaction, *, at: datetime) -> int:
    """How many notices wait that were to be sent by an instant, tried or not."""
    return await queries.count_due(tx, at=at)


async def stranded(tx: Transaction) -> list[Stranded]:
    """What is unclear or has failed, by round and kind."""
    return await queries.stranded(tx)


async def told_of_round(tx: Transaction, *, person_id: UUID, round_id: str) -> list[Told]:
    """What a person was told of one round, the earliest first."""
    return [Told(*row) for row in await queries.told(tx, person_id=person_id, round_id=round_id)]


async def send_again(db: Database, clock: Clock, *, which: Stranded, operator: str) -> int:
    """Let stranded notices be sent once more, and note it in the audit log; how many.

    They go as new messages, which a provider takes for no other ones: who got an unclear one gets
    it twice. Asked for twice, it is done once.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        count = await queries.requeue(tx, which=which, at=now)
        if count:
            await record(
                tx,
                at=now,
                actor=operator,
                act="send_again",
                subject=which.round_id,
                detail={
                    "kind": which.kind,
                    "state": which.state,
                    "provider": which.provider,
                    "reason": which.delivery,
                    "count": count,
                },
            )
    return count
