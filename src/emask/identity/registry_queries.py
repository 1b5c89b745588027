"""SQL of the registry: persons and their NHI cards."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from emask.database.pool import Transaction
from emask.identity.model import CardOnFile, Person
from emask.rules.people import Residency

IncomingRow = tuple[UUID, date, str, bytes, bytes, bytes | None, str, bytes, bytes]
"""person_id, birth_date, residency, id_number, name, mobile, language, card, household."""

_INCOMING_TYPES: Final = (
    *("uuid", "date", "text", "bytea", "bytea", "bytea", "text", "bytea", "bytea"),
)


async def store_people(tx: Transaction, rows: Iterable[IncomingRow]) -> None:
    """Enter or bring up to date a block of people, each at most once in it."""
    await tx.execute(
        "CREATE TEMPORARY TABLE incoming (person_id uuid, birth_date date, residency text,"
        " id_number bytea, name bytea, mobile bytea, language text, card_number bytea,"
        " household_number bytea) ON COMMIT DROP"
    )
    async with (
        tx.cursor() as cursor,
        cursor.copy("COPY incoming FROM STDIN (FORMAT binary)") as copy,
    ):
        copy.set_types(_INCOMING_TYPES)
        for row in rows:
            await copy.write_row(row)
    await tx.execute(
        "INSERT INTO person (person_id, birth_date, residency, id_number, name, mobile, language)"
        " SELECT person_id, birth_date, residency, id_number, name, mobile, language FROM incoming"
        " ON CONFLICT (person_id) DO UPDATE SET birth_date = excluded.birth_date,"
        " name = excluded.name, mobile = coalesce(excluded.mobile, person.mobile)"
    )
    # A card that was stopped stays so until the registry names another.
    await tx.execute(
        "INSERT INTO nhi_card (person_id, card_number, household_number)"
        " SELECT person_id, card_number, household_number FROM incoming"
        " ON CONFLICT (person_id) DO UPDATE SET card_number = excluded.card_number,"
        " household_number = excluded.household_number,"
        " active = nhi_card.active OR nhi_card.card_number <> excluded.card_number"
    )


async def person(tx: Transaction, person_id: UUID) -> Person | None:
    """The person, if the registry has them."""
    cursor = await tx.execute(
        "SELECT birth_date, residency FROM person WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return Person(person_id=person_id, birth_date=row[0], residency=Residency(row[1]))


@dataclass(frozen=True, slots=True, kw_only=True)
class SealedPerson:
    """What is kept of a person under seal."""

    id_number: bytes
    name: bytes
    mobile: bytes | None


async def sealed_person(tx: Transaction, person_id: UUID) -> SealedPerson | None:
    """What is kept under seal, if the registry has the person."""
    cursor = await tx.execute(
        "SELECT id_number, name, mobile FROM person WHERE person_id = %s", (person_id,)
    )
    row = await cursor.fetchone()
    return SealedPerson(id_number=row[0], name=row[1], mobile=row[2]) if row else None


async def card_on_file(tx: Transaction, person_id: UUID) -> CardOnFile | None:
    """The person's card, if the registry has one."""
    cursor = await tx.execute(
        "SELECT card_number, household_number, birth_date, active"
        " FROM nhi_card JOIN person USING (person_id) WHERE person_id = %s",
        (person_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return CardOnFile(card_number=row[0], household_number=row[1], birth_date=row[2], active=row[3])


async def set_card_active(tx: Transaction, person_id: UUID, *, active: bool) -> None:
    """Whether the person's card opens anything."""
    await tx.execute("UPDATE nhi_card SET active = %s WHERE person_id = %s", (active, person_id))
