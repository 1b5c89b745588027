from dataclasses import replace
from datetime import date

import pytest

from emask.database.pool import Database
from emask.database.vault import Vault
from emask.identity import registry
from emask.identity.registry_queries import card_on_file
from emask.rules.people import Residency
from emask.sandbox.population import made_up_people
from identity.world import ANNA, HUA, MING, STRANGER


async def test_people_are_found_by_their_number_and_opened_by_the_vault(
    db: Database, vault: Vault
) -> None:
    assert await registry.add_people(db, vault, [MING, ANNA]) == 2
    async with db.transaction() as tx:
        ming = await registry.person_by_id_number(tx, vault, MING.id_number)
        assert ming is not None
        assert await registry.find_person(tx, ming.person_id) == ming
        assert (ming.birth_date, ming.residency) == (MING.birth_date, Residency.NATIONAL)
        assert await registry.name_of(tx, vault, ming.person_id) == MING.name
        assert await registry.id_number_of(tx, vault, ming.person_id) == MING.id_number
        assert await registry.default_mobile(tx, vault, ming.person_id) == MING.mobile
        anna = await registry.person_by_id_number(tx, vault, ANNA.id_number)
        assert anna is not None
        assert anna.residency is Residency.FOREIGN


async def test_who_is_not_in_the_registry_is_not_found(db: Database, vault: Vault) -> None:
    stranger = vault.person_id(STRANGER.id_number)
    async with db.transaction() as tx:
        assert await registry.person_by_id_number(tx, vault, STRANGER.id_number) is None
        assert await registry.find_person(tx, stranger) is None
        for ask in (registry.name_of, registry.id_number_of, registry.default_mobile):
            with pytest.raises(registry.UnknownPerson):
                await ask(tx, vault, stranger)


async def test_the_database_alone_tells_nobodys_name_or_number(db: Database, vault: Vault) -> None:
    await registry.add_people(db, vault, [MING])
    async with db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT person::text || nhi_card::text FROM person JOIN nhi_card USING (person_id)"
        )
        row = await cursor.fetchone()
    assert row is not None
    secrets = (MING.name, MING.id_number, MING.mobile, MING.nhi_card, MING.household_number)
    for secret in secrets:
        assert secret is not None
        assert secret not in row[0]
        assert secret.encode().hex() not in row[0]


async def test_a_person_who_comes_again_is_brought_up_to_date(db: Database, vault: Vault) -> None:
    await registry.add_people(db, vault, [MING])
    renamed = replace(MING, name="王大明", mobile=None)
    await registry.add_people(db, vault, [MING, renamed])
    person_id = vault.person_id(MING.id_number)
    async with db.transaction() as tx:
        assert await registry.name_of(tx, vault, person_id) == "王大明"
        assert await registry.default_mobile(tx, vault, person_id) == MING.mobile


async def test_hua_has_no_mobile(db: Database, vault: Vault) -> None:
    await registry.add_people(db, vault, [HUA])
    async with db.transaction() as tx:
        person_id = vault.person_id(HUA.id_number)
        assert await registry.default_mobile(tx, vault, person_id) is None


async def test_a_stopped_card_stays_so_until_a_new_one_comes(db: Database, vault: Vault) -> None:
    person_id = vault.person_id(MING.id_number)

    async def active() -> bool:
        async with db.transaction() as tx:
            card = await card_on_file(tx, person_id)
        assert card is not None
        return card.active

    await registry.add_people(db, vault, [MING])
    assert await active()
    async with db.transaction() as tx:
        await registry.stop_card(tx, person_id=person_id)
    await registry.add_people(db, vault, [MING])
    assert not await active()
    await registry.add_people(db, vault, [replace(MING, nhi_card="000055556666")])
    assert await active()


async def test_many_are_entered_block_by_block(db: Database, vault: Vault) -> None:
    count = registry.BLOCK + 1
    assert await registry.add_people(db, vault, made_up_people(count)) == count
    async with db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT count(*), min(birth_date), count(*) FILTER (WHERE active)"
            " FROM person JOIN nhi_card USING (person_id)"
        )
        row = await cursor.fetchone()
    assert row is not None
    assert (row[0], row[2]) == (count, count)
    assert row[1] >= date(1930, 1, 1)
