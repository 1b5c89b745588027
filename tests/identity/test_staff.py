from datetime import timedelta

import pytest
from psycopg.errors import CheckViolation, ForeignKeyViolation

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity import staff
from emask.identity.ended_sessions import EndedSessions
from emask.identity.model import StaffRole, StaffSession
from emask.identity.sessions import STAFF_LIFETIME, SessionEnded, Sessions
from emask.identity.staff import add_staff, sign_in_staff, sign_out_staff
from emask.identity.tries import Budget, Tried
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
        session_id=session.session_id,
        generation=0,
        expires_at=await clock.now() + STAFF_LIFETIME,
    )


async def test_an_account_made_again_has_the_new_password(db: Database, clock: SetClock) -> None:
    await add_officer(db)
    await add_officer(db, password="another password")
    async with refused("wrong_password"):
        await sign_in_staff(db, clock, username="officer-1", password=PASSWORD)
    await sign_in_staff(db, clock, username="officer-1", password="another password")


async def test_an_account_made_again_ends_its_sessions(
    db: Database, clock: SetClock, keys: Keys
) -> None:
    sessions, now = Sessions(keys, EndedSessions()), await clock.now()
    await add_officer(db)
    before = sessions.issue_staff(
        await sign_in_staff(db, clock, username="officer-1", password=PASSWORD)
    )
    await add_officer(db)
    sessions.read_staff(before, now=now)
    await sessions.ended.refresh(db)
    with pytest.raises(SessionEnded):
        sessions.read_staff(before, now=now)
    after = await sign_in_staff(db, clock, username="officer-1", password=PASSWORD)
    sessions.read_staff(sessions.issue_staff(after), now=now)


async def test_signing_off_ends_the_shift_and_no_other(
    db: Database, clock: SetClock, keys: Keys
) -> None:
    here, there = EndedSessions(), EndedSessions()
    await add_officer(db)
    one, other = [
        await sign_in_staff(db, clock, username="officer-1", password=PASSWORD) for _ in range(2)
    ]
    for _ in range(2):  # a double click
        await sign_out_staff(db, clock, here, session=one)
    await there.refresh(db)
    for sessions in (Sessions(keys, here), Sessions(keys, there)):
        with pytest.raises(SessionEnded):
            sessions.read_staff(sessions.issue_staff(one), now=await clock.now())
        sessions.read_staff(sessions.issue_staff(other), now=await clock.now())
    async with db.transaction() as tx:
        cursor = await tx.execute("SELECT actor, act, detail FROM audit_log ORDER BY seq")
        told = await cursor.fetchall()
    assert told == [
        ("officer-1", "sign_in", {"shift": one.session_id}),
        ("officer-1", "sign_in", {"shift": other.session_id}),
        ("officer-1", "sign_out", {"shift": one.session_id}),
    ]


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


@pytest.mark.parametrize("role", [StaffRole.CLERK, StaffRole.KIOSK, StaffRole.CENTRE])
@pytest.mark.parametrize("store_code", [None, "no chain tells which"])
async def test_stores_and_centres_are_bound_to_their_chain(
    db: Database, role: StaffRole, store_code: str | None
) -> None:
    with pytest.raises(CheckViolation):
        async with db.transaction() as tx:
            await add_staff(
                tx,
                username="c",
                password=PASSWORD,
                role=role,
                store_code=store_code,
                hasher=CHEAP,
            )


async def test_a_password_of_staff_has_a_length_too(db: Database) -> None:
    with pytest.raises(InvalidEntry):
        await add_officer(db, password="short")


async def _wrong_from(db: Database, clock: SetClock, address: bytes) -> None:
    async with refused("wrong_password"):
        await sign_in_staff(db, clock, username="officer-1", password=WRONG, address=address)


async def test_strangers_elsewhere_keep_nobody_from_work(db: Database, clock: SetClock) -> None:
    await add_officer(db)
    for _ in range(5):
        await _wrong_from(db, clock, b"there")
    async with refused("locked_out"):
        await sign_in_staff(db, clock, username="officer-1", password=PASSWORD, address=b"there")
    await sign_in_staff(db, clock, username="officer-1", password=PASSWORD, address=b"here")


async def test_an_account_has_a_limit_over_all_addresses(
    db: Database, clock: SetClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staff, "PER_ACCOUNT", Budget(Tried.STAFF_PASSWORD, 3))
    await add_officer(db)
    for number in range(3):
        await _wrong_from(db, clock, b"%d" % number)
    async with refused("locked_out"):
        await sign_in_staff(db, clock, username="officer-1", password=PASSWORD, address=b"new")
    await clock.set(await clock.now() + timedelta(minutes=15))
    await sign_in_staff(db, clock, username="officer-1", password=PASSWORD, address=b"new")
