"""What each kind of message does to its order, and to nothing else."""

from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest

from emask.entitlement.service import claim_paid_preorder
from emask.payment import service
from emask.payment.ports import ForgedMessage
from emask.payment.service import RefundNotDue, UnknownTrade
from emask.rounds.catalogue import built_in_round
from emask.rounds.service import save_round
from emask.rules.calendar import DayRange
from emask.rules.price import Method
from payment.market import Market

INSTANT = timedelta(microseconds=1)


async def refunds(market: Market) -> list[tuple[UUID, int, str]]:
    async with market.town.db.transaction() as tx:
        return [
            (refund.person_id, refund.amount, refund.reason)
            for refund in await service.refunds_due(tx)
        ]


async def test_money_in_time_pays_the_order_and_claims_its_days(market: Market) -> None:
    person_id = await market.order()
    assert await market.pay(person_id) == "settles"

    async with market.town.db.transaction() as tx:
        order = await service.order_of(tx, person_id=person_id, round_id=market.town.round.id)
    assert order is not None
    assert (order.state, order.paid_at) == ("paid", market.town.round.pay_from)
    (claim,) = await market.claims(person_id)
    assert claim.during == DayRange(date(2020, 3, 26), date(2020, 4, 2))  # B8
    assert await market.notices(person_id) == {
        "paid": {"total": 22, "collect_from": "2020-03-26", "collect_until": "2020-04-01"}
    }
    assert await refunds(market) == []


async def test_a_counter_purchase_before_moves_the_first_day(market: Market) -> None:
    person_id = await market.order()
    await bought(market, person_id, date(2020, 3, 20))
    assert await market.pay(person_id) == "settles"
    told = (await market.notices(person_id))["paid"]
    assert told["collect_from"] == "2020-03-27"


async def test_a_later_pre_order_that_gives_way_is_told_of(market: Market) -> None:
    person_id = await market.order()
    following = built_in_round("2020-2")
    async with market.town.db.transaction() as tx:
        await save_round(tx, following)
        await claim_paid_preorder(tx, person_id=person_id, round=following, today=date(2020, 3, 20))
    await bought(market, person_id, date(2020, 3, 20))
    assert await market.pay(person_id) == "settles"
    assert [claim.during.start for claim in await market.claims(person_id)] == [
        date(2020, 3, 20),
        date(2020, 3, 27),
        date(2020, 4, 3),
    ]
    assert (await market.notices(person_id))["deferred"] == {
        "round_id": following.id,
        "collect_from": "2020-04-03",
    }


async def bought(market: Market, person_id: UUID, day: date, days: int = 7) -> None:
    await market.town.rows(
        "INSERT INTO claim (person_id, during, source, sale_id)"
        " VALUES (%s, daterange(%s, %s), 'counter', %s)",
        person_id,
        day,
        day + timedelta(days=days),
        uuid4(),
    )


async def test_money_for_which_no_day_is_left_goes_back(market: Market) -> None:
    person_id = await market.order()
    await bought(market, person_id, date(2020, 3, 26))
    assert await market.pay(person_id) == "no_day_left"
    assert await market.state(person_id) == "awaiting_payment"
    assert await refunds(market) == [(person_id, 22, "no_day_left")]
    assert (await market.notices(person_id))["refund"] == {"total": 22}


async def test_the_same_message_takes_effect_once(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id)
    fields = await market.gateway.pay(trade_no, at=market.town.round.pay_from)
    assert await market.receive(fields) == "settles"
    assert await market.receive(fields) == "duplicate"
    assert await market.receive(await market.gateway.repeat(trade_no)) == "duplicate"
    assert await market.outcomes(person_id) == ["settles"]


async def test_other_money_for_a_paid_order_goes_back(market: Market) -> None:
    person_id = await market.order()
    first, second = await market.trade(person_id), await market.trade(person_id, Method.ATM)
    now = market.town.round.pay_from
    assert await market.receive(await market.gateway.pay(first, at=now)) == "settles"
    assert await market.receive(await market.gateway.pay(second, at=now)) == "double"
    assert await market.receive(await market.gateway.pay(second, at=now)) == "double"
    assert await refunds(market) == [(person_id, 22, "double")] * 2
    assert len(await market.claims(person_id)) == 1


@pytest.mark.parametrize("amount", [1, 21, 23, 2200])
async def test_wrong_money_goes_back_and_the_right_money_still_pays(
    market: Market, amount: int
) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    now = market.town.round.pay_from
    wrong = await market.gateway.pay(trade_no, at=now, amount=amount)
    assert await market.receive(wrong) == "wrong_amount"
    assert await refunds(market) == [(person_id, amount, "wrong_amount")]
    assert await market.receive(await market.gateway.pay(trade_no, at=now)) == "settles"


async def test_no_money_at_all_leaves_nothing_to_send_back(market: Market) -> None:
    person_id = await market.order()
    nothing = await market.gateway.pay(
        await market.trade(person_id), at=market.town.round.pay_from, amount=0
    )
    assert await market.receive(nothing) == "wrong_amount"
    assert await refunds(market) == []
    assert (await market.money()).balanced


async def test_the_bank_s_value_time_decides_until_the_release(market: Market) -> None:
    round = market.town.round
    for valued_at, known_at, outcome in (
        (round.pay_until - INSTANT, round.release_at - INSTANT, "settles"),
        (round.pay_until, round.pay_until, "late"),
        (round.pay_until - INSTANT, round.release_at, "late"),
    ):
        await market.town.clock.set(round.pay_from)
        person_id = await market.order()
        trade_no = await market.trade(person_id, Method.ATM)
        await market.town.clock.set(known_at)
        fields = await market.gateway.pay(trade_no, at=valued_at)
        assert await market.receive(fields) == outcome


async def test_money_for_a_lapsed_order_goes_back(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    await market.town.clock.set(market.town.round.release_at)
    await market.lapse()
    fields = await market.gateway.pay(trade_no, at=market.town.round.pay_until - INSTANT)
    assert await market.receive(fields) == "late"
    assert await market.state(person_id) == "lapsed"
    assert await market.claims(person_id) == []


async def test_what_is_no_money_pays_nothing(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    now = market.town.round.pay_from
    assert await market.receive(await market.gateway.issue_account(trade_no, at=now)) == (
        "account_issued"
    )
    assert await market.receive(await market.gateway.decline(trade_no, at=now)) == "failed"
    assert await market.receive(await market.gateway.simulate(trade_no, at=now)) == "simulated"
    assert await market.state(person_id) == "awaiting_payment"
    assert await refunds(market) == []
    summary = await market.money()
    assert (summary.received, summary.balanced) == (0, True)


async def test_an_account_that_is_told_later_is_the_one_to_say(market: Market) -> None:
    person_id = await market.order()
    trade_no = await market.trade(person_id, Method.ATM)
    told = await market.gateway.issue_account(trade_no, at=market.town.round.pay_from)
    await market.receive(told)
    async with market.town.db.transaction() as tx:
        issued = await service.latest_instruction(
            tx, person_id=person_id, round_id=market.town.round.id
        )
    assert issued is not None
    assert (issued.bank_code, issued.account) == (told["bank_code"], told["account"])


async def test_a_forged_message_changes_nothing(market: Market) -> None:
    person_id = await market.order()
    fields = await market.gateway.forge(
        await market.trade(person_id), at=market.town.round.pay_from
    )
    with pytest.raises(ForgedMessage):
        await market.receive(fields)
    assert await market.outcomes(person_id) == []
    assert await market.town.rows("SELECT FROM inbox") == []


async def test_a_trade_that_we_never_opened_is_told_back(market: Market) -> None:
    foreign = service.new_trade_no()
    await market.gateway.open(
        trade_no=foreign,
        amount=22,
        method=Method.ATM,
        expires_at=market.town.round.pay_until,
    )
    with pytest.raises(UnknownTrade):
        await market.receive(await market.gateway.pay(foreign, at=market.town.round.pay_from))
    assert await market.town.rows("SELECT FROM inbox") == []  # so that it may come again


async def test_money_never_touches_another_order(market: Market) -> None:
    payer, other = await market.order(), await market.order()
    await market.trade(other)
    for _ in range(2):
        await market.receive(
            await market.gateway.pay(
                (await trades_of(market, payer))[0], at=market.town.round.pay_from
            )
        )
    assert await market.state(payer) == "paid"
    assert await market.state(other) == "awaiting_payment"
    assert await market.outcomes(other) == []


async def trades_of(market: Market, person_id: UUID) -> list[str]:
    rows = await market.town.rows(
        "SELECT trade_no FROM payment_attempt WHERE person_id = %s", person_id
    )
    return [str(row[0]) for row in rows] or [await market.trade(person_id)]


async def test_a_refund_is_completed_once_and_logged(market: Market) -> None:
    person_id = await market.order()
    await market.pay(person_id, at=market.town.round.pay_until)
    async with market.town.db.transaction() as tx:
        (refund,) = await service.refunds_due(tx)

    async def complete() -> None:
        await service.complete_refund(
            market.town.db,
            market.town.clock,
            person_id=person_id,
            event_id=refund.event_id,
            operator="wang",
        )

    await complete()
    with pytest.raises(RefundNotDue):
        await complete()
    assert await refunds(market) == []
    summary = await market.money()
    assert (summary.refunds_due, summary.refunds_done, summary.balanced) == (0, 22, True)
    logged = await market.town.rows("SELECT actor, act, detail ->> 'amount' FROM audit_log")
    assert logged == [("wang", "refund", "22")]


async def test_the_ledger_only_grows(market: Market) -> None:
    person_id = await market.order()
    await market.pay(person_id)
    for change in ("UPDATE payment_event SET amount = 1", "DELETE FROM payment_event"):
        with pytest.raises(Exception, match="append-only"):
            await market.town.rows(change)
