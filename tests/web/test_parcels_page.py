"""The operator's page of parcels at the chains: figures, exceptions, and asking once more."""

from collections.abc import Sequence

from emask.database.audit_log import first_broken_link
from emask.delivery import packing
from emask.delivery.consignment_book import ConsignmentBook
from emask.programme.system import System
from emask.rounds.service import load_round
from web.steps import be_staff
from web.visitor import Visitor

PATH = "/operator/parcels"
_ORDERS = (
    "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state, paid_at,"
    " changed_at) SELECT gen_random_uuid(), round_id, chain, store_code, 'computer', 22, 'paid',"
    " pay_from, pay_from FROM round, (SELECT * FROM store WHERE open LIMIT 1) s,"
    " generate_series(1, %s) WHERE round_id = '2020-1'"
)
_CONSIGN = (
    "INSERT INTO consignment (person_id, round_id, nth, chain, store_code, made_at, parcel_no,"
    " code, state, since) SELECT person_id, round_id, 1, chain, store_code, now(), '1', '1', state,"
    " now() FROM parcel JOIN (SELECT row_number() OVER () AS n, person_id FROM parcel) p"
    " USING (person_id) JOIN unnest(%s::text[]) WITH ORDINALITY s (state, n) USING (n)"
    " RETURNING trade_no"
)


async def parcels(system: System, *states: str) -> Sequence[str]:
    """Parcels of round 2020-1 as their chains tell of them; their numbers."""
    async with system.db.transaction() as tx:
        round = await load_round(tx, "2020-1")
        await tx.execute(_ORDERS.encode(), (len(states),))
        await packing.pack(tx, round=round, at=round.release_at)
        cursor = await tx.execute(_CONSIGN.encode(), (list(states),))
        return [trade_no for (trade_no,) in await cursor.fetchall()]


async def test_without_parcels_it_says_so(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "operator")
    page = await visitor.go("/operator?round=2020-1")
    assert f"/zh{PATH}?round=2020-1" in page.links
    page = await visitor.go(f"{PATH}?round=2020-1")
    assert page.heading == "通路包裹 2020-1"
    assert "這一輪還沒有交給通路的包裹" in page.text
    assert "沒有需要處理的包裹" in page.text
    assert "沒有設定物流業者" in page.text
    assert (await visitor.go(f"{PATH}?round=nowhere")).status == 404


async def test_what_tills_and_chains_tell_differently_is_listed(
    visitor: Visitor, system: System
) -> None:
    await parcels(system, "collected", "at_centre", "reselect_store")
    await be_staff(visitor, "operator")
    page = await visitor.go(f"{PATH}?round=2020-1")
    assert "櫃檯沒有交付紀錄" in page.text
    assert "在物流中心" in page.text
    assert page.text.count("門市停業，等待改選") == 2
    assert "/zh/operator/missing?round=2020-1" not in page.links


async def test_a_lost_parcel_is_decided_on_elsewhere(visitor: Visitor, system: System) -> None:
    await parcels(system, "lost")
    await be_staff(visitor, "operator")
    page = await visitor.go(f"{PATH}?round=2020-1")
    assert "/zh/operator/missing?round=2020-1" in page.links


async def refuse(system: System, trade_no: str, said: str) -> None:
    """The chain does not take a parcel."""
    async with system.db.transaction() as tx:
        await tx.execute(
            "UPDATE consignment SET parcel_no = NULL, code = NULL, state = NULL, since = NULL,"
            " asked_at = now() WHERE trade_no = %s",
            (trade_no,),
        )
    book = ConsignmentBook(system.db, system.vault, told="")
    await book.note_refused(trade_no, said)


async def test_a_refused_parcel_is_tried_again_once(visitor: Visitor, system: System) -> None:
    (refused,) = await parcels(system, "order_taken")
    await refuse(system, refused, "10500040|王小明 ReceiverName Error")
    await be_staff(visitor, "operator")
    page = await visitor.go(f"{PATH}?round=2020-1")
    assert "原因：姓名 10500040" in page.text
    assert "王小明" not in page.html
    done = await visitor.submit("refused")
    assert "會再送一次給通路" in done.text
    assert "沒有需要處理的包裹" in done.text
    async with system.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT refusal, due_at IS NOT NULL, asked_at IS NOT NULL FROM consignment"
        )
        assert await cursor.fetchall() == [(None, True, True)]
        cursor = await tx.execute("SELECT actor, act FROM audit_log ORDER BY seq DESC LIMIT 1")
        assert await cursor.fetchall() == [("operator", "retry_refused_parcel")]
        assert await first_broken_link(tx) is None
    again = await visitor.post(f"{PATH}/try-again?round=2020-1", refused=refused, round="2020-1")
    assert again.status == 422
    assert "已經再送過，或沒有被拒收" in again.text
