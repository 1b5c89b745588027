"""Wrong tries: counted per person, handset or account, and per card and address that they come by.

Five in a row pause a person's way in; tries that lie further apart than the pause are not in a
row. Cards, accounts and addresses have a budget of wrong guesses for each quarter of an hour: many
people may share an address, so theirs is generous, and what is right or refused for another reason
than who somebody is costs nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Final

from emask.database.pool import Database, Transaction
from emask.identity import queries
from emask.rules import refusals
from emask.rules.people import InvalidEntry
from emask.rules.refusals import LockedOut

WRONG_TRIES: Final = 5
PAUSE: Final = timedelta(minutes=15)

_WRONG: Final = (
    refusals.CardMalformed,
    refusals.CardUnknown,
    refusals.DeviceCodeWrong,
    refusals.EvidenceAltered,
    refusals.EvidenceForeignOrigin,
    refusals.FamilyCodeWrong,
    refusals.WrongPassword,
    refusals.WrongPickupNumber,
)
"""Somebody claimed to be somebody by what can be made up, and it did not fit.

A card not registered yet or a form sent twice is no guess. Passkeys, certificates and lines cannot
be guessed: nobody counts them.
"""


class TooManyAtOnce(Exception):
    """More is being judged for a source than it may have under way; a moment later it goes on."""


class Tried(StrEnum):
    """What can be guessed at."""

    PASSWORD = auto()
    CARD_REGISTRATION = auto()
    DEVICE_CODE = auto()
    STAFF_PASSWORD = auto()
    ADDRESS = auto()
    CARD = auto()
    KIOSK = auto()


@dataclass(frozen=True, slots=True)
class Budget:
    """How many wrong guesses may come by one source in each quarter of an hour of the clock.

    `at_once` more may be under way when the last of them turns out wrong: who is right at the same
    moment as many others is not locked out for it.
    """

    what: Tried
    allowed: int
    at_once: int = 200


PER_ADDRESS: Final = Budget(Tried.ADDRESS, 60)
"""Generous: a carrier lets hundreds of phones share an address, and persons have a count each."""

PER_NETWORK: Final = Budget(Tried.ADDRESS, 240, at_once=800)
"""For what one holder may split up into very many addresses."""

PER_CARD: Final = Budget(Tried.CARD, 10, at_once=5)

PER_KIOSK: Final = Budget(Tried.KIOSK, 30, at_once=50)
"""All that is typed in a store, by whoever tries one ID number after the other there."""

PER_ACCOUNT: Final = Budget(Tried.STAFF_PASSWORD, 100, at_once=20)
"""From wherever: five from one address pause that address alone."""


async def count_try(db: Database, what: Tried, *, source: bytes, at: datetime) -> None:
    """Count a try as wrong before it is judged; `forget_tries` takes it back when it was right.

    Counting first, and committing it, is what holds against many guesses at once: however they
    race, five are judged. The sixth is not.

    Args:
        db: the count outlives the refusal that follows it.
        what: what is guessed at.
        source: digest of whose secret it is, or of who is guessing.
        at: the present instant.

    Raises:
        LockedOut: too many before this one.
    """
    async with db.transaction() as tx:
        counted = await queries.count_try(tx, what, source, at=at, pause=PAUSE, allowed=WRONG_TRIES)
        until = None if counted else await queries.locked_until(tx, what, source)
    if not counted:
        raise LockedOut(until=until)


async def forget_tries(tx: Transaction, what: Tried, *, source: bytes) -> None:
    """The last try was right."""
    await queries.forget_tries(tx, what, source)


@asynccontextmanager
async def within_budget(
    db: Database, budget: Budget, *, source: bytes, at: datetime
) -> AsyncIterator[None]:
    """Let the block judge one guess, which costs the source one of its budget if it is wrong.

    What is under way is counted too, before the block: however many guesses race, no more than
    `allowed` and `at_once` together are judged.

    Args:
        db: what was paid outlives the refusal.
        budget: whose, and how much.
        source: keyed digest of the card, the account or the address.
        at: the present instant.

    Raises:
        LockedOut: the budget is spent.
        TooManyAtOnce: nothing is spent, but a moment has to pass.
    """
    turn = int(at.timestamp()) // int(PAUSE.total_seconds())
    wrong = source + turn.to_bytes(8, signed=True)
    under_way = wrong + b" under way"
    async with db.transaction() as tx:
        room = await queries.begin_guess(tx, budget.what, under_way, at=at, most=budget.at_once)
        # asked second: whoever made room has paid by then
        if await queries.guesses(tx, budget.what, wrong) >= budget.allowed:
            raise LockedOut(until=datetime.fromtimestamp(0, UTC) + (turn + 1) * PAUSE)
        if not room:
            raise TooManyAtOnce
    costs = False
    try:
        yield
    except BaseException as error:
        costs = _is_wrong(error)
        raise
    finally:
        async with db.transaction() as tx:
            await queries.end_guess(tx, budget.what, under_way)
            if costs:
                await queries.pay_guess(tx, budget.what, wrong, at=at)


def _is_wrong(error: BaseException) -> bool:
    not_on_record = isinstance(error, InvalidEntry) and error.reason == "not_on_record"
    left_meanwhile = not isinstance(error, Exception)
    return not_on_record or left_meanwhile or isinstance(error, _WRONG)
