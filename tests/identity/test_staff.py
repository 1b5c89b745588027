from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.identity.model import StaffRole, StaffSession
from emask.identity.sessions import STAFF_LIFETIME
from emask.identity.staff import add_staff, sign_in_staff
from emask.rules.people import InvalidEntry
from identity.world import CHEAP, PASSWORD, WRONG, refused


async def add_officer(db: Database, *, password: str = PASSWORD) -> None:
    async with db.transaction() as tx:
        await add_staff(
            tx, username="officer-1", password=password, role=StaffRole.OFFICER, hasher=CHEAP
        )


async def test_an_account_opens_a_session_of_one_shift(db: Database, clock: SetClock) -> None:
    await add_officer(db)
    session = await sign_in_staff(db, clock, username="officer-1", password=PASSWORD)
    assert session == StaffSession(
        username="officer-1",
        role=StaffRole.OFFICER,
        site_code=None,
        chain=None,
        store_code=None,
        expires_at=await clock.now() + STAFF_LIFETIME,
    )


async def test_an_account_made_again_has_the_new_password(db: Database, clock: SetClock) -> None:
    await add_officer(db)
    await add_officer(db, password="another password")
    async with refused("wrong_password"):
        await sign_in_staff(db, clock, username="officer-1", password=PASSWORD)
    await sign_in_staff(db, clock, username="officer-1", password="another password")


@pytest.mark.parametrize("username", ["officer-1", "nobody"])
async def test_an_unknown_account_answers_as_a_wrong_password_does(
    db: Database, clock: SetClock, username: str
) -> None:
    await add_officer(db)
    for _ in range(5):
        async with refused("wrong_password"):
            await sign_in_staff(db, clock, username=username, password=WRONG)
    async with refused("locked_out"):
        await sign_in_staff(db, clock, username=username, password=PASSWORD)
    await clock.set(await clock.now() + timedelta(minutes=15))
    async with refused("wrong_password"):
        await sign_in_staff(db, clock, username=username, password=WRONG)


async def test_a_role_belongs_to_its_kind_of_place(db: Database) -> None:
    with pytest.raises(CheckViolation):
        async with db.transaction() as tx:
            await add_staff(
                tx, username="p", password=PASSWORD, role=StaffRole.PHARMACIST, hasher=CHEAP
            )
    with pytest.raises(ForeignKeyViolation):
        async with db.transaction() as tx:
            await add_staff(
                tx,
                username="c",
                password=PASSWORD,
                role=StaffRole.CLERK,
                chain="SE",
                store_code="no such store",
                hasher=CHEAP,
            )


async def test_a_password_of_staff_has_a_length_too(db: Database) -> None:
    with pytest.raises(InvalidEntry):
        await add_officer(db, password="short")
