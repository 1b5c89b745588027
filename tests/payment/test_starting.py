"""B6, B13, B14: who may pay what, how and when."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg import Rollback

from draw.town import Town, crowd, somebody
from emask.draw.service import place_of
from emask.payment import service, trade_queries
from emask.payment.last_try_queries import last_try
from emask.payment.model import Started
from emask.payment.ports import Gateways
from emask.payment.trade_queries import NewTrade
from emask.rules.calendar import Channel
from emask.rules.price import Method
from emask.rules.refusals import (
    AlreadyPaid,
    MethodNotAllowed,
    NoPreorder,
    NotSelected,
    PaymentClosed,
    PaymentNotOpen,
    Refusal,
)
from emask.rules.states import OrderState
from payment.market import Market
from payment.till import Till


async def selected_and_not(town: Town) -> tuple[list[UUID], list[UUID]]:
    async with town.db.transaction() as tx:
        rows = await tx.execute("SELECT person_id, selected FROM draw_result ORDER BY rank")
        people = await rows.fetchall()
    return [each for each, chosen in people if chosen], [
        each for each, chosen in people if not chosen
    ]


async def test_each_selected_gets_one_order_of_22(market: Market) -> None:
    town = market.town
    await town.enter(crowd(50))
    await town.draw()
    await town.publish()
    selected, others = await selected_and_not(town)

    async with town.db.transaction() as tx:
        assert await service.open_orders(tx, round=town.round, at=town.round.pay_from) == 0
        orders = [
            await service.order_of(tx, person_id=each, round_id=town.round.id) for each in selected
        ]
        assert await service.order_of(tx, person_id=others[0], round_id=town.round.id) is None
    assert len(orders) == 20
    for order in orders:
        assert order is not None
        assert (order.amount, order.state) == (22, OrderState.AWAITING_PAYMENT)
        assert order.paid_at is None
    kept = {entry.person_id: entry for entry in crowd(50)}
    assert all(
        order
        and (order.chain, order.store_code) == kept[order.person_id].store
        and order.channel == kept[order.person_id].channel
        for order in orders
    )


async def refused(market: Market, person_id: UUID, method: Method = Method.ATM) -> type[Refusal]:
    with pytest.raises(Refusal) as refusal:
        await market.start(person_id, method)
    return refusal.type


async def test_who_is_not_selected_cannot_pay_and_learns_it_only_when_it_is_published(
    market: Market,
) -> None:
    town = market.town
    await town.enter(crowd(50))
    await town.draw()
    selected, others = await selected_and_not(town)
    await town.clock.set(town.round.pay_from)
    assert await refused(market, selected[0]) is PaymentNotOpen
    assert await refused(market, others[0]) is PaymentNotOpen
    await town.publish()
    assert await refused(market, others[0]) is NotSelected
    assert (await market.start(selected[0], Method.ATM)).trade_no is not None


async def test_without_a_preorder_there_is_nothing_to_pay(market: Market) -> None:
    assert await refused(market, uuid4()) is NoPreorder
    cancelled = somebody(state="cancelled")
    await market.town.enter([cancelled])
    assert await refused(market, cancelled.person_id) is NoPreorder


async def test_payment_opens_and_closes(market: Market) -> None:
    person_id = await market.order()
    round = market.town.round
    instant = timedelta(microseconds=1)
    for now, outcome in (
        (round.pay_from - instant, PaymentNotOpen),
        (round.pay_until, PaymentClosed),
    ):
        await market.town.clock.set(now)
        assert await refused(market, person_id) is outcome
    for now in (round.pay_from, round.pay_until - instant):
        await market.town.clock.set(now)
        assert (await market.start(person_id, Method.ATM)).trade_no is not None


async def test_a_paid_order_is_not_paid_again(market: Market) -> None:
    person_id = await market.order()
    assert await market.pay(person_id) == "settles"
    assert await refused(market, person_id) is AlreadyPaid


@pytest.mark.parametrize(
    ("channel", "allowed"),
    [
        ("computer", {Method.WEB_ATM, Method.CREDIT_CARD, Method.ATM}),
        ("mobile", {Method.ATM}),
        ("counter", {Method.ATM}),
    ],
)
async def test_methods_follow_the_channel_of_the_preorder(
    market: Market, channel: Channel, allowed: set[Method]
) -> None:
    person_id = await market.order(channel=channel)
    for method in Method:
        if method in allowed:
            await market.start(person_id, method)
        else:
            assert await refused(market, person_id, method) is MethodNotAllowed


async def test_an_account_once_issued_is_said_again(market: Market) -> None:
    person_id = await market.order()
    account = await market.issue(person_id)
    assert account.expires_at == market.town.round.pay_until
    assert await market.start(person_id, Method.ATM) == Started(account=account)
    await market.start(person_id, Method.CREDIT_CARD)
    assert await market.start_anew(person_id, Method.ATM) == Started(account=account)
    assert await market.town.value("SELECT count(*) FROM payment_attempt") == 2


async def test_two_people_never_get_one_account(market: Market) -> None:
    accounts = {(await market.issue(await market.order())).account for _ in range(5)}
    assert len(accounts) == 5


async def test_who_starts_twice_goes_on_with_the_same_trade_for_a_while(market: Market) -> None:
    person_id, now = await market.order(), market.town.round.pay_from
    first = await market.start(person_id, Method.CREDIT_CARD)
    await market.town.clock.set(now + timedelta(minutes=14))
    assert await market.start(person_id, Method.CREDIT_CARD) == first
    assert await market.start(person_id, Method.WEB_ATM) != first
    await market.town.clock.set(now + timedelta(minutes=16))
    assert await market.start(person_id, Method.CREDIT_CARD) != first


async def test_an_answer_ends_a_trade(market: Market) -> None:
    person_id = await market.order()
    declined = await market.trade(person_id)
    await market.receive(market.till.decline(declined, at=market.town.round.pay_from))
    assert await market.trade(person_id) != declined


async def test_who_has_not_finished_at_the_bank_starts_anew(market: Market) -> None:
    person_id = await market.order()
    first = await market.start(person_id, Method.CREDIT_CARD)
    again = await market.start_anew(person_id, Method.CREDIT_CARD)
    assert again.trade_no not in (None, first.trade_no)
    assert await market.town.rows("SELECT DISTINCT opened_by FROM payment_attempt") == [
        (person_id,)
    ]


async def test_the_later_attempt_is_known_wherever_its_row_lies(market: Market) -> None:
    """A clock that stands still, and a row that fills the gap an undone one has left."""
    person_id, round = await market.order(), market.town.round
    async with market.town.db.transaction() as tx:
        await trade_queries.insert(
            tx,
            NewTrade(
                people=[person_id],
                round_id=round.id,
                gateway="till",
                method=Method.ATM,
                amount=22,
                trade_no=service.new_trade_no(),
                opened_by=person_id,
                opened_at=round.pay_from,
            ),
        )
        raise Rollback
    await market.start(person_id, Method.WEB_ATM)
    async with market.town.db.connection() as connection:
        await connection.execute("VACUUM payment_attempt")
    later = await market.start(person_id, Method.CREDIT_CARD)
    assert await market.start(person_id, Method.CREDIT_CARD) == later
    async with market.town.db.transaction() as tx:
        tried = await last_try(tx, person_id, round.id)
    assert tried is not None
    assert tried.method is Method.CREDIT_CARD


async def test_each_method_goes_to_its_gateway(market: Market) -> None:
    person_id, other = await market.order(), Till("other")
    gateways = Gateways(
        [market.till, other],
        {Method.CREDIT_CARD: "other", Method.WEB_ATM: "till", Method.ATM: "till"},
    )
    for method in Method:
        await service.start_payment(
            market.town.db,
            market.town.clock,
            gateways,
            person_id=person_id,
            round=market.town.round,
            method=method,
        )
    assert dict(await market.town.rows("SELECT method, gateway FROM payment_attempt")) == {
        "credit_card": "other",
        "web_atm": "till",
        "atm": "till",
    }


async def test_what_is_unpaid_at_the_release_lapses_and_nothing_else(market: Market) -> None:
    unpaid, paid = await market.order(), await market.order()
    await market.pay(paid)
    await market.town.clock.set(market.town.round.release_at)
    assert await market.lapse() == 1
    assert await market.lapse() == 0
    assert await market.state(unpaid) == "lapsed"
    assert await market.state(paid) == "paid"
    assert set(await market.notices(unpaid)) == {"lapsed"}
    assert await market.claims(unpaid) == []
    async with market.town.db.transaction() as tx:
        seen = await place_of(tx, round_id=market.town.round.id, person_id=unpaid)
    assert seen is None
