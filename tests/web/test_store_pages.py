"""The store: pick-up number and ID number, a slip, a bag, a document."""

from datetime import date

from emask.database.pool import Database
from emask.identity.model import StaffRole
from emask.identity.staff import add_staff
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.pickup import pickup_number
from emask.sandbox.network import made_up_stores
from emask.web.demo.stage import STORE
from web.steps import ID_NUMBERS, be, be_staff, pay, register
from web.visitor import Visitor

MING = ID_NUMBERS["ming"]


async def _paid(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)


async def _pickup_number(db: Database) -> str:
    async with db.connection() as tx:
        cursor = await tx.execute("SELECT pickup_number FROM parcel")
        row = await cursor.fetchone()
    assert row
    return str(row[0])


async def test_the_bag_goes_over_the_counter_once(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 26), 9))
    number = await _pickup_number(system.db)
    await be_staff(visitor, "clerk")
    slip = await visitor.submit(
        pickup_number=f"{number[:3]} {number[3:6]}-{number[6:]}", id_number=MING
    )
    assert "袋號 1 預購者 王○明" in slip.text
    assert MING not in slip.html
    assert (await visitor.submit("document")).status == 422
    handed = await visitor.submit("document", document="driving_licence", by_proxy="1")
    assert "✓ 已交付" in handed.text

    again = await visitor.submit(pickup_number=number, id_number=MING)
    assert "already_collected" in again.text
    await be(visitor)
    assert "已領取" in (await visitor.go("/progress")).text


async def test_too_early_and_mistyped(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 22), 9))
    number = await _pickup_number(system.db)
    await be_staff(visitor, "clerk")
    early = await visitor.submit(pickup_number=number, id_number=MING)
    assert early.status >= 400
    await visitor.go("/till")
    typo = await visitor.submit(pickup_number="123", id_number="A1")
    assert typo.status == 422
    assert {"#pickup_number", "#id_number"} <= set(typo.links)
    other = await visitor.submit(pickup_number=number, id_number=ID_NUMBERS["tong"])
    assert other.status == 422  # of an unknown order no more is told


async def test_too_many_wrong_numbers_pause_the_kiosk_in_words_of_its_own(
    visitor: Visitor, system: System
) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 26), 9))
    await be_staff(visitor, "clerk")
    for _ in range(6):
        await visitor.go("/till")
        answer = await visitor.submit(pickup_number=pickup_number("00000000"), id_number=MING)
    assert answer.status == 429
    assert "locked_out" in answer.text
    assert "/zh/staff" in answer.links
    assert "/zh/identify" not in answer.links


async def test_another_store_is_named_and_hands_nothing_over(
    visitor: Visitor, system: System
) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 26), 9))
    number = await _pickup_number(system.db)
    other = made_up_stores(2)[1]
    async with system.db.transaction() as tx:
        await add_staff(
            tx,
            username="elsewhere",
            password="mask-2020",
            role=StaffRole.CLERK,
            chain=other.chain,
            store_code=other.code,
        )
    await visitor.go("/staff/sign-in")
    await visitor.submit(username="elsewhere", password="mask-2020")
    refused = await visitor.submit(pickup_number=number, id_number=MING)
    assert "wrong_store" in refused.text
    assert STORE.name in refused.text


async def test_a_slip_is_good_for_its_clerk_only(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 26), 9))
    await be_staff(visitor, "clerk")
    altered = await visitor.post("/till/hand-over", slip="made.up", document="nhi_card")
    assert altered.path == "/zh/till"
    opened = await visitor.go("/till/hand-over")  # as the language link does
    assert opened.path == "/zh/till"


async def test_a_store_that_closed_is_exchanged(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    progress = await visitor.go("/progress")
    assert "已停止取貨" in progress.text
    await visitor.go("/orders/2020-1/store")
    other = made_up_stores(2)[1]
    await visitor.submit(q=other.code)
    assert (await visitor.submit(store="SE:nowhere")).status == 422
    chosen = await visitor.submit(store=f"{other.chain}:{other.code}")
    assert other.name in chosen.text


async def test_the_centre_sees_its_own_chain(visitor: Visitor, system: System) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 22), 9))
    await be_staff(visitor, "centre")
    page = visitor.page
    assert "共 1 份" in page.text
    assert STORE.name in page.text


async def test_what_the_centre_reports_as_late_arrives_when_it_says_so(
    visitor: Visitor, system: System
) -> None:
    await _paid(visitor, system)
    await advance_to(system, at(date(2020, 3, 25), 9))
    await be_staff(visitor, "centre")
    late = await visitor.submit("report", store_code=STORE.code, report="late")
    assert "已回報延誤" in late.text
    assert (await visitor.submit("report", store_code="000000", report="arrived")).status == 422
    await visitor.go("/centre")
    assert (await visitor.submit("report", store_code=STORE.code)).status == 422
    await advance_to(system, at(date(2020, 3, 26), 9))
    await be(visitor)
    assert "送往門市 （目前）" in (await visitor.go("/progress")).text

    await be_staff(visitor, "centre")
    there = await visitor.submit("report", store_code=STORE.code, report="arrived")
    assert "已送達門市" in there.text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT count(*) FROM outbox WHERE kind = 'arrived'")
        assert await cursor.fetchone() == (1,)
    await be(visitor)
    assert (await visitor.go("/orders/2020-1/pick-up")).status == 200
