"""Beginning a person's session, ending it before its time, ending them all.

What ends here is over in this process at once, in every other within about a second.
"""

from datetime import datetime
from uuid import UUID

from emask.database.pool import Database, Transaction
from emask.identity import session_queries as queries
from emask.identity.model import Session
from emask.identity.service import Identity
from emask.identity.sessions import LIFETIME, Sessions
from emask.rules.calendar import Channel


async def begin_session(
    db: Database,
    sessions: Sessions,
    *,
    person_id: UUID,
    channel: Channel,
    now: datetime,
    officer: str = "",
) -> str:
    """A token for a person who has just signed in; ``officer`` acts for them, at an office.

    Whatever of theirs another process ended before is learnt first, so that it does not end this;
    what is committed later does, whenever it began.
    """
    async with db.transaction() as tx:
        generation = await queries.generation_of(tx, person_id)
    sessions.ended.note_person(person_id, generation)
    return sessions.issue(
        person_id=person_id, channel=channel, now=now, generation=generation, officer=officer
    )


async def end_session(identity: Identity, *, session: Session) -> None:
    """Sign out: no copy of this session's tokens is good any more, stolen ones included."""
    over_at = await identity.clock.now() + LIFETIME
    async with identity.db.transaction() as tx:
        await queries.end_session(tx, session.session_id, over_at=over_at)
    identity.ended.note_session(session.session_id)


async def renew_session(identity: Identity, sessions: Sessions, *, session: Session) -> str:
    """A token for a person whose session may do more from now on; the one before is over.

    After a new password or a bound certificate: who had learnt the old token learns nothing new.
    """
    await end_session(identity, session=session)
    return await begin_session(
        identity.db,
        sessions,
        person_id=session.person_id,
        channel=session.channel,
        now=await identity.clock.now(),
        officer=session.officer,
    )


async def end_everywhere(identity: Identity, *, person_id: UUID) -> None:
    """Sign a person out wherever they are signed in."""
    now = await identity.clock.now()
    async with identity.db.transaction() as tx:
        generation = await end_all(tx, person_id, at=now)
    identity.ended.note_person(person_id, generation)


async def end_all(tx: Transaction, person_id: UUID, *, at: datetime) -> int:
    """End all sessions of a person with the caller's transaction.

    Returns the generation that begins, for `EndedSessions.note_person` once it is committed.
    """
    return await queries.next_generation(tx, person_id, over_at=at + LIFETIME)
