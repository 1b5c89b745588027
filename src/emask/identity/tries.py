"""Wrong tries: counted per person, handset or account, and per card and address that they come by.

Five in a row pause a person's way in; tries that lie further apart than the pause are not in a
row. Cards and addresses have a budget of wrong guesses for each quarter of an hour: many people
may share an address, so theirs is generous, and what is right or refused for another reason than
who somebody is costs nothing.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum, auto
from typing import Final

from emask.database.pool import Database, Transaction
from emask.identity import queries
from emask.rules.people import InvalidEntry
from emask.rules.refusals import (
    CardMalformed,
    CardUnknown,
    CertificateInvalid,
    CertificateNotBound,
    CertificateUntrusted,
    DeviceCodeWrong,
    EvidenceAltered,
    EvidenceCrossOrigin,
    EvidenceForeignOrigin,
    EvidenceReplayed,
    LockedOut,
    NotOwnNumber,
    UnlockFailed,
    WrongPassword,
    WrongPin,
)

WRONG_TRIES: Final = 5
PAUSE: Final = timedelta(minutes=15)

_WRONG: Final = (
    CardMalformed,
    CardUnknown,
    CertificateInvalid,
    CertificateNotBound,
    CertificateUntrusted,
    DeviceCodeWrong,
    EvidenceAltered,
    EvidenceCrossOrigin,
    EvidenceForeignOrigin,
    EvidenceReplayed,
    NotOwnNumber,
    UnlockFailed,
    WrongPassword,
    WrongPin,
)
"""Somebody claimed to be somebody, and it did not fit.

A prepaid line, a card not registered yet or a partner that does not answer is no guess.
"""


class Tried(StrEnum):
    """What can be guessed at."""

    PASSWORD = auto()
    CARD_REGISTRATION = auto()
    DEVICE_CODE = auto()
    STAFF_PASSWORD = auto()
    ADDRESS = auto()
    CARD = auto()


@dataclass(frozen=True, slots=True)
class Budget:
    """How many wrong guesses may come by one source in each quarter of an hour of the clock."""

    what: Tried
    allowed: int


PER_ADDRESS: Final = Budget(Tried.ADDRESS, 60)
"""Generous: a carrier lets hundreds of phones share an address, and persons have a count each."""

PER_CARD: Final = Budget(Tried.CARD, 10)


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

    Paid before the block and given back after it, as in `count_try`: however many guesses race,
    no more than the budget are judged.

    Args:
        db: what was paid outlives the refusal.
        budget: whose, and how much.
        source: keyed digest of the card or the address.
        at: the present instant.

    Raises:
        LockedOut: the budget is spent.
    """
    turn = int(at.timestamp()) // int(PAUSE.total_seconds())
    this_turn = source + turn.to_bytes(8, signed=True)
    async with db.transaction() as tx:
        paid = await queries.pay_guess(tx, budget.what, this_turn, at=at, allowed=budget.allowed)
    if not paid:
        raise LockedOut(until=datetime.fromtimestamp(0, UTC) + (turn + 1) * PAUSE)
    try:
        yield
    except Exception as refusal:
        if not _is_wrong(refusal):
            await _give_back(db, budget, this_turn)
        raise
    await _give_back(db, budget, this_turn)


async def _give_back(db: Database, budget: Budget, this_turn: bytes) -> None:
    async with db.transaction() as tx:
        await queries.give_back_guess(tx, budget.what, this_turn)


def _is_wrong(refusal: Exception) -> bool:
    not_on_record = isinstance(refusal, InvalidEntry) and refusal.reason == "not_on_record"
    return not_on_record or isinstance(refusal, _WRONG)
