"""Wrong tries: counted per person, handset or account; after five in a row the way pauses.

Tries that lie further apart than the pause are not in a row.
"""

from datetime import datetime, timedelta
from enum import StrEnum, auto
from typing import Final

from emask.database.pool import Database, Transaction
from emask.identity import queries
from emask.rules.refusals import LockedOut

WRONG_TRIES: Final = 5
PAUSE: Final = timedelta(minutes=15)


class Tried(StrEnum):
    """What can be guessed at."""

    PASSWORD = auto()
    CARD_REGISTRATION = auto()
    DEVICE_CODE = auto()
    STAFF_PASSWORD = auto()
    ADDRESS = auto()
    CARD = auto()


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
