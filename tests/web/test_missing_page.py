"""The operator's page of packs that never come: another one, or the money back, for a reason."""

from emask.database.audit_log import first_broken_link
from emask.delivery.shortages import report_shortage
from emask.programme.system import System
from emask.rounds.model import Chain
from emask.rounds.service import load_round
from web.steps import be_staff
from web.test_parcels_page import parcels
from web.visitor import Visitor

PATH = "/operator/missing?round=2020-1"
_PAY = (
    "WITH opened AS (INSERT INTO payment_attempt (person_id, attempt_id, round_id, gateway, method,"
    " amount, trade_no, opened_by, opened_at) SELECT person_id, gen_random_uuid(), round_id,"
    " 'ecpay', 'atm', 22, person_id::text, person_id, paid_at FROM orders RETURNING *),"
    " told AS (INSERT INTO payment_event (person_id, event_id, attempt_id, round_id, gateway,"
    " message_id, kind, amount, valued_at, known_at, outcome) SELECT person_id, gen_random_uuid(),"
    " attempt_id, round_id, gateway, trade_no, 'paid', 22, opened_at, opened_at, 'settles'"
    " FROM opened) INSERT INTO claim (person_id, during, source, round_id)"
    " SELECT person_id, daterange('2020-03-26', '2020-04-02'), 'preorder', round_id FROM opened"
)


async def paid_for(system: System) -> None:
    """The money and the claims of all orders."""
    async with system.db.transaction() as tx:
        await tx.execute(_PAY.encode())


async def found(system: System, query: str) -> list[tuple[object, ...]]:
    async with system.db.transaction() as tx:
        assert await first_broken_link(tx) is None
        cursor = await tx.execute(query.encode())
        return await cursor.fetchall()


async def test_without_anything_missing_it_says_so(visitor: Visitor) -> None:
    await be_staff(visitor, "operator")
    assert f"/zh{PATH}" in (await visitor.go("/operator?round=2020-1")).links
    page = await visitor.go(PATH)
    assert page.heading == "送不到的口罩 2020-1"
    assert "沒有等待決定的遺失包裹" in page.text
    assert "沒有人在等短缺的口罩" in page.text


async def test_another_pack_goes_out_for_a_lost_one(visitor: Visitor, system: System) -> None:
    (lost,) = await parcels(system, "lost")
    await be_staff(visitor, "operator")
    await visitor.go(PATH)
    missing = await visitor.submit("decision")
    assert missing.status == 422
    assert "選擇怎麼處理" in missing.text
    assert "寫下原因" in missing.text
    done = await visitor.submit(
        "decision", parcel=lost, decision="send_again", lost_reason="chain pays"
    )
    assert "會再寄一份" in done.text
    assert await found(system, "SELECT decision, ended_at IS NULL FROM consignment") == [
        ("send_again", False)
    ]
    log = await found(system, "SELECT act, detail->>'reason' FROM audit_log ORDER BY seq")
    assert log[-1] == ("send_lost_again", "chain pays")


async def test_the_money_of_a_lost_one_goes_back_once(visitor: Visitor, system: System) -> None:
    (lost,) = await parcels(system, "lost")
    await paid_for(system)
    await be_staff(visitor, "operator")
    await visitor.go(PATH)
    values = {"parcel": lost, "decision": "refund", "lost_reason": "chain pays"}
    done = await visitor.submit("decision", **values)
    assert "款項列入退款" in done.text
    assert "沒有等待決定的遺失包裹" in done.text
    assert await found(system, "SELECT state FROM orders") == [("cancelled",)]
    again = await visitor.post("/operator/missing/lost?round=2020-1", **values, round="2020-1")
    assert again.status == 422
    assert "已經處理過，或不再是遺失" in again.text
    assert await found(system, "SELECT amount, reason FROM refund") == [(22, "never_came")]


async def test_so_does_that_of_packs_a_centre_will_never_have(
    visitor: Visitor, system: System
) -> None:
    await parcels(system, "order_taken", "order_taken")
    await paid_for(system)
    async with system.db.transaction() as tx:
        round = await load_round(tx, "2020-1")
        cursor = await tx.execute("SELECT DISTINCT chain FROM parcel")
        ((chain,),) = await cursor.fetchall()
        await report_shortage(
            tx,
            round=round,
            chain=Chain(chain),
            store_code=None,
            packs=2,
            at=round.release_at,
            by="centre",
        )
    ((shortage_id,),) = await found(system, "SELECT shortage_id::text FROM shortage")
    await be_staff(visitor, "operator")
    page = await visitor.go(PATH)
    assert "回報短缺 2 份，2 份還在等" in page.text
    wrong = await visitor.submit("shortage", packs="two")
    assert wrong.status == 422
    assert "選擇一筆短缺" in wrong.text
    assert "輸入份數" in wrong.text
    values = {"shortage": str(shortage_id), "short_reason": "pallet burnt"}
    many = await visitor.submit("shortage", packs="3", **values)
    assert "只有 2 份還在等" in many.text
    done = await visitor.submit("shortage", packs="2", **values)
    assert "款項列入退款" in done.text
    assert "沒有人在等短缺的口罩" in done.text
    assert await found(system, "SELECT count(*), sum(amount) FROM refund") == [(2, 44)]
