"""Rounds and counter policies: keep them, and find the one that a day or an instant asks for."""

from collections.abc import Sequence
from datetime import date, datetime

from psycopg.errors import ExclusionViolation, ForeignKeyViolation

from emask.database.pool import Transaction
from emask.rounds import queries
from emask.rules.calendar import CounterPolicy, Phase, Round


class UnknownRound(LookupError):
    """There is no round of this id."""


class NoPolicy(LookupError):
    """No counter policy is in force on this day."""


class RoundFrozen(Exception):
    """The round's list is frozen: what was promised to those on it no longer changes."""


class PickupsOverlap(ValueError):
    """Two rounds hand out on one day; pick-up windows follow one another."""


async def save_round(tx: Transaction, round: Round) -> None:
    """Enter a round, or replace the one of this id until its list is frozen.

    Raises:
        RoundFrozen: it is frozen and this one differs.
        PickupsOverlap: another round hands out on the same days.
        UnknownRound: `closed_to_buyers_of` names none.
    """
    try:
        written = await queries.upsert_round(tx, round)
    except ExclusionViolation:
        raise PickupsOverlap(f"another round hands out on days of {round.id}") from None
    except ForeignKeyViolation:
        raise UnknownRound(f"there is no round {round.closed_to_buyers_of}") from None
    if not written and await queries.round_by_id(tx, round.id) != round:
        raise RoundFrozen(round.id)


async def load_round(tx: Transaction, round_id: str) -> Round:
    """The round of this id. Raises UnknownRound."""
    found = await queries.round_by_id(tx, round_id)
    if found is None:
        raise UnknownRound(f"there is no round {round_id}")
    return found


async def all_rounds(tx: Transaction) -> list[Round]:
    """Every round, the first to open first."""
    return await queries.rounds_by_opening(tx)


async def current_round(tx: Transaction, now: datetime) -> Round | None:
    """The round a visitor of `now` comes for; None before any is entered.

    One in registration; else the latest opened whose collection is not over; else the next to
    open; else the last one.
    """
    rounds = await queries.rounds_by_opening(tx)
    opened = [each for each in rounds if each.opens_at <= now]
    registering = [each for each in opened if each.accepts_preorders(now)]
    running = [each for each in opened if each.phase(now) is not Phase.OVER]
    coming = [each for each in rounds if each.opens_at > now]
    for choice in (registering[-1:], running[-1:], coming[:1], rounds[-1:]):
        if choice:
            return choice[0]
    return None


async def next_round(tx: Transaction, after: Round) -> Round | None:
    """The round that opens next after this one, or None."""
    rounds = await queries.rounds_by_opening(tx)
    return next((each for each in rounds if each.opens_at > after.opens_at), None)


async def set_quota(tx: Transaction, round_id: str, quota: int) -> None:
    """Set how many packs a round has.

    Raises:
        UnknownRound: there is none of this id.
        RoundFrozen: its list is frozen.
        ValueError: the quota is not positive.
    """
    if quota <= 0:
        raise ValueError("quota: must be greater than nothing")
    if not await queries.update_quota(tx, round_id, quota):
        await load_round(tx, round_id)
        raise RoundFrozen(round_id)


async def policy_on(tx: Transaction, day: date) -> CounterPolicy:
    """What pharmacies and health centres sell on a day. Raises NoPolicy."""
    policy = await queries.latest_policy(tx, day)
    if policy is None:
        raise NoPolicy(f"no counter policy is in force on {day}")
    return policy


async def all_policies(tx: Transaction) -> list[CounterPolicy]:
    """Every counter policy, the earliest first."""
    return await queries.policies_by_day(tx)


async def save_policies(tx: Transaction, policies: Sequence[CounterPolicy]) -> None:
    """Enter counter policies; one of the same first day is replaced."""
    await queries.upsert_policies(tx, policies)
