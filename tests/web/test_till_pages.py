"""The till: a slip, a bag, a document; handed over once, and undone within five minutes."""

from datetime import date, timedelta

from emask.identity.model import StaffRole
from emask.identity.staff import add_staff
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rounds.model import Store
from emask.rules.calendar import at
from emask.rules.pickup import slip_number
from emask.sandbox.network import made_up_stores
from emask.web.demo.stage import STORE
from web.steps import ID_NUMBERS, be, be_staff, print_slip
from web.test_kiosk_pages import COLLECTION, at_the_kiosk
from web.visitor import Visitor


async def at_the_till(visitor: Visitor, system: System) -> str:
    """With a slip in hand."""
    await at_the_kiosk(visitor, system)
    slip = await print_slip(visitor, system)
    await be_staff(visitor, "clerk")
    return slip


async def work(visitor: Visitor, system: System, username: str, store: Store = STORE) -> None:
    """At another till."""
    async with system.db.transaction() as tx:
        await add_staff(
            tx,
            username=username,
            password="mask-2020",
            role=StaffRole.CLERK,
            chain=store.chain,
            store_code=store.code,
        )
    await visitor.go("/staff/sign-in")
    await visitor.submit(username=username, password="mask-2020")


async def test_the_bag_goes_over_the_counter_once(visitor: Visitor, system: System) -> None:
    slip = await at_the_till(visitor, system)
    bag = await visitor.submit(entry=f"{slip[:4]} {slip[4:]}")
    assert "袋號 1 預購者 王○明" in bag.text
    assert ID_NUMBERS["ming"] not in bag.html
    assert "居留證" not in bag.text
    assert (await visitor.submit("slip", entry="")).status == 422  # no document was seen
    assert (await visitor.submit("slip", entry="9")).status == 422
    handed = await visitor.submit("slip", document="driving_licence", by_proxy="1")
    assert "✓ 已交付 1 號袋" in handed.text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT document, by_proxy, clerk FROM collection")
        assert await cursor.fetchall() == [("driving_licence", True, "clerk")]

    again = await visitor.submit(entry=slip)
    assert again.status == 409
    assert "交付時間是3月26日（星期四）上午 9:00" in again.text
    assert "收銀檯：clerk" in again.text
    await be(visitor)
    assert "已領取" in (await visitor.go("/progress")).text


async def test_a_digit_stands_for_a_document(visitor: Visitor, system: System) -> None:
    slip = await at_the_till(visitor, system)
    await visitor.submit(entry=slip)
    typo = await visitor.submit("slip", entry="22")
    assert typo.status == 422
    assert "袋號 1" in typo.text
    assert "✓ 已交付 1 號袋" in (await visitor.submit("slip", entry="２")).text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT document, by_proxy FROM collection")
        assert await cursor.fetchall() == [("nhi_card", False)]


async def test_a_slip_scanned_instead_of_a_document_is_the_next_one(
    visitor: Visitor, system: System
) -> None:
    slip = await at_the_till(visitor, system)
    await visitor.submit(entry=slip)
    other = await visitor.submit("slip", entry=slip_number("00000000000"))
    assert "查不到這個單據號碼" in other.text
    assert "袋號" not in other.text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT count(*) FROM collection")
        assert await cursor.fetchone() == (0,)


async def test_a_form_sent_twice_hands_over_once(visitor: Visitor, system: System) -> None:
    slip = await at_the_till(visitor, system)
    await visitor.submit(entry=slip)
    await visitor.post("/till/hand-over", slip=slip, document="nhi_card")
    again = await visitor.post("/till/hand-over", slip=slip, document="nhi_card")
    assert "收銀檯：clerk" in again.text


async def test_what_is_no_slip_and_what_is_too_old(visitor: Visitor, system: System) -> None:
    slip = await at_the_till(visitor, system)
    wrong = await visitor.submit(entry=slip[:11] + str((int(slip[11]) + 1) % 10))
    assert wrong.status == 422
    assert "#entry" in wrong.links
    await advance_to(system, COLLECTION + timedelta(hours=2))
    await be_staff(visitor, "clerk")
    old = await visitor.submit(entry=slip)
    assert old.status == 410
    assert "有效到3月26日（星期四）上午 11:00" in old.text


async def test_a_slip_of_another_store_says_which(visitor: Visitor, system: System) -> None:
    slip = await at_the_till(visitor, system)
    await work(visitor, system, "elsewhere", made_up_stores(2)[1])
    refused = await visitor.submit(entry=slip)
    assert refused.status == 409
    assert f"領取門市：7-11 {STORE.name}" in refused.text
    await visitor.post("/till/hand-over", slip=slip, document="nhi_card")
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT count(*) FROM collection")
        assert await cursor.fetchone() == (0,)


async def test_undone_within_five_minutes_and_handed_over_once_more(
    visitor: Visitor, system: System
) -> None:
    slip = await at_the_till(visitor, system)
    await visitor.submit(entry=slip)
    await visitor.submit("slip", entry="1")
    assert (await visitor.submit("reason", reason=" ")).status == 422
    undone = await visitor.submit("reason", reason="拿錯袋")
    assert "已撤銷" in undone.text
    assert "撤銷交付" not in undone.text
    await visitor.submit(entry=slip)
    assert "✓ 已交付 1 號袋" in (await visitor.submit("slip", entry="1")).text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT actor, act FROM audit_log WHERE act LIKE '%hand%'")
        assert await cursor.fetchall() == [("clerk", "undo_hand_over")]


async def test_a_page_left_open_undoes_nothing_after_five_minutes(
    visitor: Visitor, system: System
) -> None:
    slip = await at_the_till(visitor, system)
    await visitor.submit(entry=slip)
    done = await visitor.submit("slip", entry="1")
    form = visitor.form("reason").values
    await advance_to(system, COLLECTION + timedelta(minutes=5, seconds=1))
    late = await visitor.submit("reason", reason="拿錯袋")
    assert late.status == 409
    assert "五分鐘內" in late.text
    assert "撤銷交付" not in late.text
    assert "撤銷交付" in done.text

    await work(visitor, system, "elsewhere", made_up_stores(2)[1])
    refused = await visitor.post("/till/undo", undo=form["undo"], reason="拿錯袋")
    assert refused.status == 403
    assert f"門市：7-11 {STORE.name}" in refused.text


async def test_another_till_of_the_store_may_undo(visitor: Visitor, system: System) -> None:
    slip = await at_the_till(visitor, system)
    await visitor.submit(entry=slip)
    await visitor.submit("slip", entry="1")
    await work(visitor, system, "clerk-2")
    told = await visitor.go("/till?handed=1")
    assert "已交付" not in told.text  # that was another till
    assert "1 號袋" in told.text
    assert "已撤銷" in (await visitor.submit("reason", reason="拿錯袋")).text


async def test_only_forms_of_this_screen_undo(visitor: Visitor, system: System) -> None:
    await at_the_till(visitor, system)
    assert (await visitor.post("/till/undo", undo="made.up", reason="x")).path == "/zh/till"
    assert (await visitor.post("/till/hand-over", slip="made up", entry="1")).path == "/zh/till"
    for address in ("/till/hand-over", "/till/undo"):  # as the language link does
        assert (await visitor.go(address)).path == "/zh/till"
    assert at(date(2020, 3, 26), 9) == COLLECTION
