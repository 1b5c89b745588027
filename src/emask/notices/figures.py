"""How notices stand: for operators, and for whom they tell."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from emask.database.audit_log import record
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.notices import figures_queries as queries
from emask.notices.figures_queries import Stranded

_LATELY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFigures:
    """How many notices of one kind and round stand where."""

    round_id: str
    kind: str
    waiting: int
    sent: int
    delivered: int
    undelivered: int
    unclear: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFigures:
    """How many messages one provider has taken or refused, and what became of them."""

    provider: str
    sent: int
    delivered: int
    undelivered: int
    unclear: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All notices.

    Attributes:
        kinds: by round and kind.
        providers: by provider.
        oldest_waiting: since when the notice has waited that is due and has waited longest.
        per_second: how many were sent a second, over the last minute.
    """

    kinds: Sequence[KindFigures]
    providers: Sequence[ProviderFigures]
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
    return Figures(
        kinds=[KindFigures(**row) for row in await queries.by_kind(tx)],
        providers=[ProviderFigures(**row) for row in await queries.by_provider(tx)],
        oldest_waiting=await queries.oldest_waiting(tx, at=at),
        per_second=await queries.sent_since(tx, since=at - _LATELY) / _LATELY.total_seconds(),
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
