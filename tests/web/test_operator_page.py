"""The operator's page: phase, funnel, money, refunds, lamps."""

from datetime import date

from emask.programme.queries import note_figures
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.labels import Label, label_number
from emask.web.demo.stage import STORE
from web.steps import ID_NUMBERS, be, be_staff, get_account, pay, register
from web.visitor import Visitor


async def test_a_round_at_a_glance(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await be_staff(visitor, "operator")
    assert "輪次 2020-1：登記中" in visitor.page.heading
    assert "登記 1" in visitor.page.text
    assert "✗" not in visitor.page.text
    assert "✓ 正常" in visitor.page.text
    other = await visitor.go("/operator?round=2020-2")
    assert "尚未開放" in other.heading
    assert (await visitor.go("/operator?round=nowhere")).status == 404


async def test_the_first_round_under_way_is_shown_first(visitor: Visitor, system: System) -> None:
    await advance_to(system, at(date(2020, 3, 29), 10))  # collecting the first, drawn the second
    await be_staff(visitor, "operator")
    assert "輪次 2020-1：領取中" in visitor.page.heading
    await advance_to(system, at(date(2021, 3, 1), 10))
    await be_staff(visitor, "operator")
    assert "已結束" in visitor.page.heading


async def test_money_that_goes_back_leads_to_the_work_list(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be_staff(visitor, "operator")
    assert "沒有待退的款項" in (await visitor.go("/operator?round=2020-1")).text
    await be(visitor)
    account = await get_account(visitor)
    await visitor.go("/sandbox/atm")
    await visitor.submit(account=account, amount="21")
    await be_staff(visitor, "operator")
    due = await visitor.go("/operator?round=2020-1")
    assert "1 筆，共 21 元" in due.text
    assert "✓ 相符" in due.text
    assert "/zh/operator/refunds" in due.links


async def test_trades_that_nobody_answered_for_are_told_of(
    visitor: Visitor, system: System
) -> None:
    await advance_to(system, at(date(2020, 3, 22), 9))
    await be_staff(visitor, "operator")
    assert "還沒有金流業者的回覆" not in (await visitor.go("/operator?round=2020-1")).text
    async with system.db.transaction() as tx:
        await note_figures(tx, round_id="2020-1", step="lapse", figures={"unanswered": 7})
    told = await visitor.go("/operator?round=2020-1")
    assert "有 7 筆交易還沒有金流業者的回覆" in told.text


async def test_a_forfeited_pack_is_opened_again_once(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "operator")
    none = await visitor.go("/operator/reopen")
    assert "還沒有結束的輪次" in none.text
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)
    await advance_to(system, at(date(2020, 4, 2), 9))
    await be(visitor)
    assert "已放棄" in (await visitor.go("/progress")).text

    await be_staff(visitor, "operator")
    await visitor.go("/operator/reopen")
    assert (await visitor.submit("until", id_number="A1", until="soon")).status == 422
    whose = {"round_id": "2020-1", "id_number": ID_NUMBERS["ming"], "reason": "生病"}
    nowhere = await visitor.submit("until", **whose, until="2020-04-15", store_code="1", chain="OK")
    assert "沒有這家營業中的門市" in nowhere.text
    no_chain = await visitor.submit("until", **whose, until="2020-04-15", store_code="1", chain="")
    assert "選擇超商" in no_chain.text
    await visitor.go("/operator/reopen")
    past = await visitor.submit("until", **whose, until="2020-04-01")
    assert "選擇今天或之後的日期" in past.text
    done = await visitor.submit("until", **whose, until="2020/04/15")
    assert "已重新開放" in done.text
    twice = await visitor.submit("until", **whose, until="2020-04-15")
    assert twice.status == 422
    await be(visitor)
    assert "送往門市" in (await visitor.go("/progress")).text


async def paid_and_forfeited(visitor: Visitor, system: System) -> None:
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)
    await advance_to(system, at(date(2020, 4, 2), 9))


async def test_figures_tell_what_became_of_packs(visitor: Visitor, system: System) -> None:
    await be_staff(visitor, "operator")
    assert "還沒有已繳費的訂單" in (await visitor.go("/operator/deliveries")).text
    await paid_and_forfeited(visitor, system)
    await be_staff(visitor, "operator")
    shown = await visitor.go("/operator/deliveries?round=2020-1")
    assert "0.0%" in shown.text
    assert "放棄後還沒有退回物流中心" in shown.text
    assert STORE.code in shown.text
    assert (await visitor.go("/operator/deliveries?round=nowhere")).status == 404


async def test_many_are_opened_again_at_once(visitor: Visitor, system: System) -> None:
    await paid_and_forfeited(visitor, system)
    await be_staff(visitor, "operator")
    assert (await visitor.go("/operator/reopen/many?done=" + "9" * 5000)).status == 200
    await visitor.go("/operator/reopen/many")
    wanting = {"round_id": "2020-1", "until": "2020-04-15"}
    assert "寫下原因" in (await visitor.submit("until", **wanting, reason="")).text
    other = await visitor.submit("until", **wanting, reason="道路中斷", county="any", chain="OK")
    assert "沒有可以重新開放的訂單" in other.text
    early = {"round_id": "2020-1", "until": "2020-04-01", "chain": "any"}
    past = await visitor.submit("until", **early, reason="道路中斷", county=STORE.county)
    assert "選擇今天或之後的日期" in past.text
    done = await visitor.submit(
        "until", **wanting, chain="any", reason="道路中斷", county=STORE.county
    )
    assert "已重新開放 1 筆" in done.text
    await be(visitor)
    progress = await visitor.go("/progress")
    assert "送往門市" in progress.text
    assert "/zh/orders/2020-1/store" in progress.links


async def test_a_centre_counts_bags_that_come_back(visitor: Visitor, system: System) -> None:
    await paid_and_forfeited(visitor, system)
    async with system.db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT number, bag_number FROM parcel JOIN shipment USING"
            " (round_id, chain, store_code)"
        )
        row = await cursor.fetchone()
    assert row
    await be_staff(visitor, "centre")
    shown = await visitor.go("/centre/returns")
    assert "還沒退回 1 份" in shown.text
    assert (await visitor.submit("label", label="")).status == 422
    assert "這不是單一袋的標籤" in (await visitor.submit("label", label="123")).text
    more = await visitor.submit("packs", store_code=STORE.code, packs="2")
    assert "還沒退回的只有 1 份" in more.text
    label = label_number(Label(*row))
    assert "✓ 已記下退回" in (await visitor.submit("label", label=label)).text
    assert "先前已記下" in (await visitor.submit("label", label=label)).text
    assert "還沒退回 0 份，已退回並留在物流中心 1 份" in visitor.page.text
    assert (await visitor.submit("packs", store_code=STORE.code, packs="1")).status == 422


async def test_a_centre_corrects_a_number_with_a_reason(visitor: Visitor, system: System) -> None:
    await paid_and_forfeited(visitor, system)
    await be_staff(visitor, "centre")
    await visitor.go("/centre/returns")
    assert "✓ 已記下退回" in (await visitor.submit("packs", store_code=STORE.code, packs="1")).text
    wrong = {"wrong_store_code": STORE.code, "reason": "看錯一行"}
    assert "寫下原因" in (await visitor.submit("reason", wrong_packs="1")).text
    more = await visitor.submit("reason", **wrong, wrong_packs="2")
    assert "能更正的只有 1 份" in more.text
    assert "✓ 已更正退回的份數" in (await visitor.submit("reason", **wrong, wrong_packs="1")).text
    assert "還沒退回 1 份，已退回並留在物流中心 0 份" in visitor.page.text
