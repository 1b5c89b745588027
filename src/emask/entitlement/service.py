"""The person's timeline: read it, and write what the rules of the interval decided.

Reading, deciding and writing happen in one transaction; whoever lost a race meets the temporal
primary key or a claim that moved meanwhile, and the whole use case runs anew
(:meth:`emask.database.pool.Database.retrying`).
"""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

from psycopg.errors import SerializationFailure

from emask.database.pool import Transaction
from emask.entitlement import queries
from emask.entitlement.places import add_place
from emask.rules import interval
from emask.rules.calendar import Round
from emask.rules.interval import Change, Claim, Move, Window
from emask.rules.refusals import AlreadyBought, IntervalNotOver, WouldVoidPreorder


class TimelineChanged(SerializationFailure):
    """A claim moved between reading and writing; read anew and decide anew."""


class NoClaim(LookupError):
    """The person's pre-order of this round has no claim."""


async def claims_of(tx: Transaction, person_id: UUID) -> list[Claim]:
    """A person's claims, the earliest first."""
    return await queries.claims(tx, person_id)


async def check_counter_sale(
    tx: Transaction, claims: Sequence[Claim], *, person_id: UUID, day: date, interval_days: int
) -> None:
    """Refuse what :func:`claim_counter_sale` would refuse; nothing is written.

    Raises:
        AlreadyBought, IntervalNotOver, WouldVoidPreorder: the interval refuses; each tells what
            stands in the way, where, and the next day.
    """
    await _decide_sale(
        tx, claims, person_id=person_id, day=day, interval_days=interval_days, reference=""
    )


async def claim_counter_sale(
    tx: Transaction, *, person_id: UUID, sale_id: UUID, day: date, interval_days: int
) -> Change:
    """Claim the days of a counter sale; paid pre-orders ahead give way (B9, B10).

    Run it under :meth:`~emask.database.pool.Database.retrying`.

    Raises:
        AlreadyBought, IntervalNotOver, WouldVoidPreorder: the interval refuses.
    """
    claims = await queries.claims(tx, person_id)
    return await claim_counter_sale_after(
        tx, claims, person_id=person_id, sale_id=sale_id, day=day, interval_days=interval_days
    )


async def claim_counter_sale_after(
    tx: Transaction,
    claims: Sequence[Claim],
    *,
    person_id: UUID,
    sale_id: UUID,
    day: date,
    interval_days: int,
) -> Change:
    """As :func:`claim_counter_sale`, for who has read the person's claims in this transaction."""
    change = await _decide_sale(
        tx,
        claims,
        person_id=person_id,
        day=day,
        interval_days=interval_days,
        reference=str(sale_id),
    )
    await carry_out(tx, person_id, change.moves)
    await queries.insert_sale(tx, person_id, sale_id, change.placed.during)
    await queries.insert_moves(tx, person_id, sale_id, change.moves)
    return change


async def undo_counter_sale(tx: Transaction, *, person_id: UUID, sale_id: UUID) -> tuple[Move, ...]:
    """Give the days of a counter sale back, and pre-orders that it moved their old place.

    Undoing twice changes nothing. Run it under :meth:`~emask.database.pool.Database.retrying`.
    """
    claims = await queries.claims(tx, person_id)
    moved = await queries.moves_of_sale(tx, person_id, sale_id)
    if not await queries.delete_sale(tx, person_id, sale_id):
        return ()
    back = interval.undo_sale(claims, reference=str(sale_id), moves=moved)
    await carry_out(tx, person_id, back)
    await queries.delete_moves(tx, person_id, sale_id)
    return back


async def claim_paid_preorder(
    tx: Transaction,
    *,
    person_id: UUID,
    round: Round,
    today: date,
) -> Change:
    """Claim the first free days of collection for a pre-order that was paid (B8).

    Run it under :meth:`~emask.database.pool.Database.retrying`.

    Raises:
        NoDayLeft: it, or a later round's, would lose its last day; the money is refunded.
    """
    change = interval.claim_for_payment(
        await queries.claims(tx, person_id), window=Window.of(round), today=today
    )
    await carry_out(tx, person_id, change.moves)
    await queries.insert_preorder(tx, person_id, round.id, change.placed.during)
    return change


async def mark_collected(tx: Transaction, *, person_id: UUID, round_id: str) -> None:
    """Fix the claim of a pre-order that was handed over: it moves no more. Raises NoClaim."""
    if not await queries.mark_collected(tx, person_id, round_id):
        raise NoClaim(round_id)


async def mark_uncollected(tx: Transaction, *, person_id: UUID, round_id: str) -> None:
    """Undo :func:`mark_collected`: the hand-over was taken back. Raises NoClaim."""
    if not await queries.mark_uncollected(tx, person_id, round_id):
        raise NoClaim(round_id)


async def give_back_claims(tx: Transaction, *, people: Sequence[UUID], round_id: str) -> None:
    """Take the claims of pre-orders back whose packs never came: their owners may buy again.

    Claims that stood behind them stay where they are.

    Raises:
        NoClaim: one of them has none, or one that was collected.
    """
    if await queries.delete_preorders(tx, people, round_id) != len(people):
        raise NoClaim(round_id)


async def next_purchase_date(tx: Transaction, *, person_id: UUID, today: date) -> date:
    """The first day from which nothing the person has bought or paid stands in the way (B8)."""
    return interval.next_purchase_date(await queries.claims(tx, person_id), today)


async def _decide_sale(
    tx: Transaction,
    claims: Sequence[Claim],
    *,
    person_id: UUID,
    day: date,
    interval_days: int,
    reference: str,
) -> Change:
    try:
        return interval.sell_at_counter(
            claims, day=day, interval_days=interval_days, reference=reference
        )
    except (AlreadyBought, IntervalNotOver, WouldVoidPreorder) as refusal:
        await add_place(tx, person_id, refusal)
        raise


async def carry_out(tx: Transaction, person_id: UUID, moves: Sequence[Move]) -> None:
    """Move pre-orders' claims as the rules decided. Raises TimelineChanged.

    One by one in the rules' order: the key is checked after each statement.
    """
    for move in moves:
        if not await queries.move(tx, person_id, move):
            raise TimelineChanged
