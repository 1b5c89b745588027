"""Accounts of staff: made by operators, opened by a password that only their owner knows."""

import pytest
from psycopg.errors import IntegrityError

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.identity.model import StaffRole
from emask.identity.staff import FirstPassword, sign_in_staff
from emask.identity.staff_accounts import (
    AccountOf,
    UnknownAccount,
    choose_staff_password,
    end_account,
    hand_out_password,
    open_account,
    staff_accounts,
)
from emask.rules.people import InvalidEntry
from identity.world import refused

FIRST, OWN = "K7M-4QX-9RD-W2F", "a long password"
CENTRE = AccountOf(role=StaffRole.CENTRE, chain="SE")


async def make(db: Database, clock: SetClock, of: AccountOf = CENTRE) -> None:
    await open_account(db, clock, username="se-centre-1", of=of, first=FIRST, by="operator-1")


async def sign_in(db: Database, clock: SetClock, password: str) -> str | None:
    session = await sign_in_staff(db, clock, username="se-centre-1", password=password)
    return session.chain


async def choose(db: Database, clock: SetClock, password: str, new: str) -> None:
    await choose_staff_password(db, clock, username="se-centre-1", password=password, new=new)


async def test_a_first_password_opens_nothing_but_the_choice_of_another(
    db: Database, clock: SetClock
) -> None:
    await make(db, clock)
    with pytest.raises(FirstPassword):
        await sign_in(db, clock, "k7m4qx9rdw2f")  # as people type it
    async with refused("wrong_password"):
        await choose(db, clock, "wrong password", OWN)
    for new in (FIRST, "short"):
        with pytest.raises(InvalidEntry):
            await choose(db, clock, FIRST, new)
    await choose(db, clock, FIRST, OWN)
    async with refused("wrong_password"):
        await sign_in(db, clock, FIRST)
    assert await sign_in(db, clock, OWN) == "SE"


async def test_a_password_is_handed_out_anew(db: Database, clock: SetClock) -> None:
    with pytest.raises(UnknownAccount):
        await hand_out_password(db, clock, username="se-centre-1", first=FIRST, by="operator-1")
    await make(db, clock)
    await choose(db, clock, FIRST, OWN)
    await hand_out_password(db, clock, username="se-centre-1", first=FIRST, by="operator-1")
    async with refused("wrong_password"):
        await sign_in(db, clock, OWN)
    with pytest.raises(FirstPassword):
        await sign_in(db, clock, FIRST)


async def test_an_account_that_ended_opens_nothing_until_it_is_made_again(
    db: Database, clock: SetClock
) -> None:
    await make(db, clock)
    await choose(db, clock, FIRST, OWN)
    await end_account(db, clock, username="se-centre-1", by="operator-1")
    async with refused("wrong_password"):
        await sign_in(db, clock, OWN)
    with pytest.raises(UnknownAccount):
        await end_account(db, clock, username="se-centre-1", by="operator-1")
    await make(db, clock, AccountOf(role=StaffRole.CENTRE, chain="FM"))
    await choose(db, clock, FIRST, OWN)
    assert await sign_in(db, clock, OWN) == "FM"
    async with db.transaction() as tx:
        (found,) = await staff_accounts(tx)
        cursor = await tx.execute("SELECT act FROM audit_log WHERE act <> 'sign_in' ORDER BY seq")
        acts = [act for (act,) in await cursor.fetchall()]
    assert (found.chain, found.ended, found.first_password) == ("FM", False, False)
    assert acts == ["open_account", "choose_password", "end_account", *acts[:2]]


async def test_an_account_belongs_to_the_place_of_its_role(db: Database, clock: SetClock) -> None:
    for of in (
        AccountOf(role=StaffRole.CENTRE),
        AccountOf(role=StaffRole.CLERK, chain="SE"),
        AccountOf(role=StaffRole.OPERATOR, chain="SE"),
    ):
        with pytest.raises(IntegrityError):
            await make(db, clock, of)
