"""Which sessions ended before their time, kept in memory: reading a session asks no database."""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Final, TypeVar
from uuid import UUID

from emask.database.pool import Database
from emask.identity import session_queries as queries

EVERY: Final = 1.0
"""Seconds of real time, whatever the clock, in which an end is known in every process."""

_PATIENCE: Final = 30.0
"""Seconds after which a reading that hangs is given up and begun anew."""

_READ_ALL_AFTER: Final = 1800
"""Readings after which all is read anew, to drop what the tables have forgotten."""

Key = TypeVar("Key")

_LOG = logging.getLogger(__name__)


class EndedSessions:
    """What has ended: single sessions by their id, all of somebody's by their generation.

    Generations are compared, never instants: a set clock may stand still or go backwards.
    """

    def __init__(self) -> None:
        self._people: dict[bytes, int] = {}
        self._sessions: set[str] = set()
        self._staff: dict[str, int] = {}
        self._seen = "0"
        self._readings = 0

    def generation_of(self, person_id: UUID) -> int:
        """The generation of a person's sessions that is known here."""
        forgotten = self._people.get(queries.FORGOTTEN.bytes, 0)
        return max(forgotten, self._people.get(person_id.bytes, 0))

    def is_over(self, person_id: bytes, session_id: str, generation: int) -> bool:
        """Whether a person's session ended before its time."""
        return session_id in self._sessions or generation < self._people.get(person_id, 0)

    def is_shift_over(self, username: str, session_id: str, generation: int) -> bool:
        """Whether a session of staff did."""
        return session_id in self._sessions or generation < self._staff.get(username, 0)

    def note_session(self, session_id: str) -> None:
        """One session has ended; called once that is committed, as are the others."""
        self._sessions.add(session_id)

    def note_person(self, person_id: UUID, generation: int) -> None:
        """All sessions of a person before this generation have ended."""
        _advance(self._people, {person_id.bytes: generation})

    def note_staff(self, username: str, generation: int) -> None:
        """All sessions of an account before this generation have ended."""
        _advance(self._staff, {username: generation})

    async def refresh(self, db: Database) -> None:
        """Learn what any process has ended since the last time."""
        if self._readings % _READ_ALL_AFTER == 0:
            await self._read_all(db)
        else:
            async with db.transaction() as tx:
                self._learn(await queries.ends_since(tx, self._seen))
        self._readings += 1

    async def _read_all(self, db: Database) -> None:
        """What was known before and is in no table any more is forgotten."""
        people, sessions = set(self._people), set(self._sessions)
        async with db.transaction() as tx:
            ends = await queries.ends_since(tx, "0")
        for person_id in people - ends.people.keys():
            del self._people[person_id]
        self._sessions -= sessions - ends.sessions
        self._learn(ends)

    def _learn(self, ends: queries.Ends) -> None:
        _advance(self._people, ends.people)
        self._sessions |= ends.sessions
        _advance(self._staff, ends.staff)
        self._seen = ends.seen


@asynccontextmanager
async def kept_up_to_date(
    ended: EndedSessions, db: Database, *, every: float = EVERY
) -> AsyncIterator[None]:
    """Learn what has ended so far, then go on learning while the block runs.

    A database that does not answer for a while is asked again; until then what is known stands.
    """
    await ended.refresh(db)
    task = asyncio.create_task(_keep_up(ended, db, every), name="ended sessions")
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _advance(known: dict[Key, int], told: Mapping[Key, int]) -> None:
    """Generations only go up, in whatever order they are heard of."""
    for key, generation in told.items():
        known[key] = max(generation, known.get(key, 0))


async def _keep_up(ended: EndedSessions, db: Database, every: float) -> None:
    while True:
        await asyncio.sleep(every)
        try:
            async with asyncio.timeout(_PATIENCE):
                await ended.refresh(db)
        except Exception as error:  # noqa: BLE001 - whatever it was, later ends are still to be learnt
            _LOG.warning("ended sessions not read: %s", type(error).__name__)
