"""Parcels as the chains know them: made of what has left the centres, and what becomes of them.

A chain tells of each parcel in any order, twice or late. All it told is kept, and the message that
counts (:mod:`emask.delivery.counting`) says where a parcel is. What follows from that is drawn set
by set: an order arrives at its store, a store has closed, a parcel has come back. That somebody
collected a parcel is the till's to say (B15): the chain's word is kept beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.delivery import consignment_queries as queries
from emask.delivery.ports import (
    Carrier,
    NoAnswer,
    ParcelState,
    Paused,
    Refused,
    StatusMessage,
    UnknownParcel,
)
from emask.rounds.model import Chain
from emask.rounds.stores import set_store_open
from emask.rules.calendar import Round

QUIET: Final = timedelta(days=2)
"""A chain that has told nothing of a parcel for so long is asked."""

REFUSAL: Final = "refusal"
"""The name of the field under which a chain's refusal is sealed."""


class UnknownConsignment(LookupError):
    """A chain tells of a parcel that is none of ours; nothing of it is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What followed from news of parcels.

    Args:
        parcels: of how many there was news.
        arrived: whose orders have come to their stores, by round.
        closed: stores that have closed, as their chain says.
    """

    parcels: int
    arrived: dict[str, list[UUID]]
    closed: list[tuple[Chain, str]]


def told_path(provider: str) -> str:
    """Where a provider tells of parcels."""
    return f"/api/deliveries/{provider}"


async def consign(tx: Transaction, *, round: Round, at: datetime) -> int:
    """Make a consignment of every parcel that has left its centre; how many are new.

    Doing it again adds what has left since, and what is sent once more.
    """
    return await queries.consign_shipped(tx, round.id, at)


async def take_push(db: Database, clock: Clock, carrier: Carrier, *, body: bytes) -> None:
    """Take in what a chain posted; its consequences are drawn later.

    Raises:
        ForgedMessage, UnknownConsignment: nothing of it is kept.
    """
    message = carrier.read(body)
    if not await take_statuses(db, [message], at=await clock.now()):
        raise UnknownConsignment


async def take_statuses(db: Database, messages: Sequence[StatusMessage], *, at: datetime) -> int:
    """Keep verified messages about parcels, however often they were told; how many parcels."""

    async def add(tx: Transaction) -> int:
        return len(await queries.add_statuses(tx, messages, at))

    return await db.retrying(add)


async def settle(tx: Transaction, *, most: int, at: datetime) -> Settled:
    """Draw the consequences of some news; until there is none, there is more to draw."""
    news = await queries.settle_news(tx, most, at)
    arrived: dict[str, list[UUID]] = {}
    for each in news:
        if each.arrived:
            arrived.setdefault(each.round_id, []).append(each.person_id)
    told_closed = {
        (Chain(each.chain), each.store_code)
        for each in news
        if each.state == ParcelState.RESELECT_STORE
    }
    closed = [each for each in sorted(told_closed) if await queries.orders_there(tx, *each)]
    for chain, code in closed:
        await set_store_open(tx, chain=chain, code=code, open=False)
    return Settled(parcels=len(news), arrived=arrived, closed=closed)


async def redirect(db: Database, clock: Clock, vault: Vault, carrier: Carrier, *, most: int) -> int:
    """Tell chains of stores that were chosen anew; how many parcels go elsewhere now.

    A parcel that goes to another chain ends at the old one, and is sent again.

    Raises:
        Paused, NoAnswer: some are left.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        await queries.follow_unasked(tx, now)
        waiting = await queries.redirected(tx, most)
    changed = 0
    for each in waiting:
        try:
            await carrier.change_store(each.created, store_code=each.to_store, at=now)
        except Refused as refused:
            sealed = vault.seal(refused.said, person_id=each.person_id, field=REFUSAL)
            async with db.transaction() as tx:
                await queries.note_refusal(tx, each.trade_no, sealed)
        else:
            changed += 1
            async with db.transaction() as tx:
                await queries.note_redirected(tx, each.trade_no, each.to_store)
    return changed


async def ask_silent(
    db: Database, clock: Clock, carrier: Carrier, *, most: int, quiet: timedelta = QUIET
) -> int:
    """Ask about parcels of which nothing was heard for so long; how much of it was news.

    Raises:
        Paused: the others are asked another time.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        silent = await queries.take_silent(tx, quiet=quiet, most=most, at=now)
    news = [message for each in silent if (message := await _ask(carrier, each, now))]
    await take_statuses(db, news, at=now)
    return len(news)


async def _ask(carrier: Carrier, about: queries.Silent, now: datetime) -> StatusMessage | None:
    try:
        standing = await carrier.ask(Chain(about.chain), about.trade_no, at=now)
    except (NoAnswer, Refused, UnknownParcel):
        return None
    return standing.news(_known(about))


def _known(about: queries.Silent) -> StatusMessage | None:
    if about.code is None or about.state is None or about.since is None:
        return None
    return StatusMessage(
        trade_no=about.trade_no,
        parcel_no=about.parcel_no,
        chain=Chain(about.chain),
        code=about.code,
        state=ParcelState(about.state),
        updated_at=about.since,
    )


__all__ = [
    "QUIET",
    "Paused",
    "Settled",
    "UnknownConsignment",
    "ask_silent",
    "consign",
    "redirect",
    "settle",
    "take_push",
    "take_statuses",
    "told_path",
]
