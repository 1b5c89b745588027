"""The NHI registry: who is insured, under seal; found by the digest of the ID number."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final
from uuid import UUID

from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.identity import registry_queries as queries
from emask.identity.model import NewPerson, Person
from emask.rules.people import residency_of

BLOCK: Final = 4_000
"""People that are entered in one transaction."""


class UnknownPerson(LookupError):
    """Nobody in the registry has this id."""


async def add_people(db: Database, vault: Vault, people: Iterable[NewPerson]) -> int:
    """Enter people, or bring them up to date, block by block; returns how many were read.

    A person who comes again gets the new name, card and household, and keeps the mobile number
    if none is given. A block that was entered stays entered when a later one fails.
    """
    read = 0
    source = iter(people)
    while block := list(islice(source, BLOCK)):
        rows = list(sealed(vault, block))
        async with db.transaction() as tx:
            await enter_sealed(tx, rows)
        read += len(block)
    return read


async def enter_sealed(tx: Transaction, rows: Iterable[queries.IncomingRow]) -> None:
    """Enter a block of people under seal; the last entry of a person counts."""
    await queries.store_people(tx, {row[0]: row for row in rows}.values())


def sealed(vault: Vault, people: Iterable[NewPerson]) -> Iterator[queries.IncomingRow]:
    """What is kept of people: digests to find them by, the rest under seal."""
    for person in people:
        person_id = vault.person_id(person.id_number)
        mobile = person.mobile and vault.seal(person.mobile, person_id=person_id, field="mobile")
        yield (
            person_id,
            person.birth_date,
            residency_of(person.id_number),
            vault.seal(person.id_number, person_id=person_id, field="id_number"),
            vault.seal(person.name, person_id=person_id, field="name"),
            mobile or None,
            person.language,
            card_digest(vault, person.nhi_card),
            household_digest(vault, person.household_number),
        )


async def find_person(tx: Transaction, person_id: UUID) -> Person | None:
    """The person of an id."""
    return await queries.person(tx, person_id)


async def person_by_id_number(tx: Transaction, vault: Vault, id_number: str) -> Person | None:
    """The person of a normalised ID number."""
    return await queries.person(tx, vault.person_id(id_number))


async def name_of(tx: Transaction, vault: Vault, person_id: UUID) -> str:
    """A person's name in clear. Raises UnknownPerson."""
    kept = await _sealed_person(tx, person_id)
    return vault.open(kept.name, person_id=person_id, field="name")


async def id_number_of(tx: Transaction, vault: Vault, person_id: UUID) -> str:
    """A person's ID number in clear. Raises UnknownPerson."""
    kept = await _sealed_person(tx, person_id)
    return vault.open(kept.id_number, person_id=person_id, field="id_number")


async def default_mobile(tx: Transaction, vault: Vault, person_id: UUID) -> str | None:
    """The mobile number to offer for notices, if one is known. Raises UnknownPerson."""
    kept = await _sealed_person(tx, person_id)
    if kept.mobile is None:
        return None
    return vault.open(kept.mobile, person_id=person_id, field="mobile")


def card_digest(vault: Vault, card_number: str) -> bytes:
    """What is kept of an NHI card's number."""
    return vault.digest("nhi_card", card_number)


def household_digest(vault: Vault, household_number: str) -> bytes:
    """What is kept of a household number."""
    return vault.digest("household_number", household_number)


async def stop_card(tx: Transaction, *, person_id: UUID) -> None:
    """A card was reported lost or replaced: it opens nothing any more."""
    await queries.set_card_active(tx, person_id, active=False)


async def _sealed_person(tx: Transaction, person_id: UUID) -> queries.SealedPerson:
    kept = await queries.sealed_person(tx, person_id)
    if kept is None:
        raise UnknownPerson
    return kept
