"""The phones that sign a person in: which they are, and letting go of all of them at once."""

from datetime import datetime
from uuid import UUID

from emask.database.pool import Transaction
from emask.identity import device_queries
from emask.identity.device_queries import PhoneOnFile
from emask.identity.service import Identity
from emask.identity.session_ends import end_all


async def bound_phones(tx: Transaction, person_id: UUID) -> list[PhoneOnFile]:
    """What signs a person in by its unlock, the latest first."""
    return await device_queries.phones_of(tx, person_id)


async def release_phones(identity: Identity, *, person_id: UUID) -> None:
    """No phone signs a person in any more, nor does one stay signed in.

    For a phone that was lost, sold or bound by somebody else. Any of them may be bound anew.
    """
    now = await identity.clock.now()
    async with identity.db.transaction() as tx:
        generation = await release_all(tx, person_id, at=now)
    identity.ended.note_person(person_id, generation)


async def release_all(tx: Transaction, person_id: UUID, *, at: datetime) -> int:
    """Release a person's phones, and end their sessions, with the caller's transaction.

    Codes go first: a phone that is binding itself by one has done so before, or cannot any more.

    Returns the generation that begins, for `EndedSessions.note_person` once it is committed.
    """
    await device_queries.end_codes(tx, person_id, at=at)
    await device_queries.release_devices(tx, person_id, at=at)
    await device_queries.release_own_handsets(tx, person_id)
    return await end_all(tx, person_id, at=at)
