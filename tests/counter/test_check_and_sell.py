"""The counter by the Q&A (B1, B7-B10, B17) on a real database."""

from datetime import date, datetime
from uuid import UUID, uuid4

import pytest

from delivery.world import (
    CHILD,
    FIRST,
    HEALTH_CENTRE,
    PHARMACY,
    SECOND,
    Someone,
    World,
    day,
)
from emask.counter.model import Answer, Paper, Sale, UnknownSite
from emask.counter.service import check, receive_stock, sales_today, sell, stock_of, undo_sale
from emask.entitlement.service import claims_of, next_purchase_date
from emask.identity.registry import stop_card
from emask.rules.calendar import Product
from emask.rules.people import InvalidEntry, make_national_id
from emask.rules.refusals import (
    AlreadyBought,
    CardInactive,
    CardUnknown,
    ChildNotEligible,
    IntervalNotOver,
    OutOfStock,
    ProductNotForAdult,
    ProxyLimit,
    Refusal,
    WouldVoidPreorder,
    WrongDayOddEven,
)

ADULT_MASK, CHILD_MASK = Product.ADULT_MASK, Product.CHILD_MASK


async def ask(
    world: World, who: Someone, product: Product = ADULT_MASK, *, site: str = PHARMACY
) -> Answer:
    return await check(
        world.db,
        world.clock,
        world.vault,
        site_code=site,
        id_number=who.id_number,
        product=product,
    )


async def buy(
    world: World,
    who: Someone,
    product: Product = ADULT_MASK,
    *,
    site: str = PHARMACY,
    paper: Paper = Paper.NHI_CARD,
) -> Sale:
    return await sell(
        world.db,
        world.clock,
        world.vault,
        site_code=site,
        id_number=who.id_number,
        product=product,
        sold_by="pharmacist-1",
        paper=paper,
    )


async def refusal_of(world: World, who: Someone, product: Product = ADULT_MASK) -> Refusal:
    """What the check says; the sale has to say the same and leave nothing behind."""
    before = await traces(world)
    answer = await ask(world, who, product)
    assert answer.refusal
    assert (answer.allowed, answer.pieces) == (False, 0)
    with pytest.raises(type(answer.refusal)) as refused:
        await buy(world, who, product)
    assert refused.value.data == answer.refusal.data
    assert await traces(world) == before
    return answer.refusal


async def traces(world: World) -> list[tuple[object, ...]]:
    return await world.rows(
        "SELECT (SELECT count(*) FROM counter_sale), (SELECT sum(pieces) FROM counter_stock),"
        " (SELECT array_agg(during ORDER BY during) FROM claim), (SELECT count(*) FROM outbox),"
        " (SELECT count(*) FROM claim_move)"
    )


async def claimed(world: World, who: Someone) -> list[tuple[date, date]]:
    async with world.db.transaction() as tx:
        claims = await claims_of(tx, who.person_id)
    return [(claim.during.start, claim.during.end) for claim in claims]


async def next_date(world: World, who: Someone, today: date) -> date:
    async with world.db.transaction() as tx:
        return await next_purchase_date(tx, person_id=who.person_id, today=today)


async def notices(world: World) -> list[tuple[object, ...]]:
    return await world.rows("SELECT kind, reference, payload FROM outbox ORDER BY reference")


async def test_an_adult_buys_three_and_waits_seven_days(world: World) -> None:
    who = await world.person(digit=1)
    await world.clock.set(day(3, 13))  # a Friday
    answer = await ask(world, who)
    assert (answer.allowed, answer.pieces, answer.refusal) == (True, 3, None)
    assert (answer.masked_name, answer.birth_year) == ("王○明", 1983)
    sale = await buy(world, who)
    assert (sale.pieces, sale.sold_on, sale.person_id) == (3, date(2020, 3, 13), who.person_id)
    async with world.db.transaction() as tx:
        assert await stock_of(tx, PHARMACY) == {ADULT_MASK: 197, CHILD_MASK: 200}
        assert await sales_today(tx, site_code=PHARMACY, today=date(2020, 3, 13)) == [sale]
        assert await sales_today(tx, site_code=PHARMACY, today=date(2020, 3, 14)) == []
    assert await next_date(world, who, date(2020, 3, 13)) == date(2020, 3, 20)
    await world.clock.set(day(3, 18))
    refusal = await refusal_of(world, who)
    assert isinstance(refusal, IntervalNotOver)
    assert (refusal.bought_on, refusal.next_date) == (date(2020, 3, 13), date(2020, 3, 20))
    await world.clock.set(day(3, 20, 0))
    await buy(world, who, site=HEALTH_CENTRE)


async def test_b7_a_registered_pre_order_does_not_stop_a_purchase(world: World) -> None:
    who = await world.person(digit=1)
    await world.preorder(who)
    await world.clock.set(day(3, 15))
    await buy(world, who)
    assert await notices(world) == []  # nothing paid, nothing deferred


async def test_b7_after_payment_the_interval_holds(world: World) -> None:
    """Bought on 3/16, paid on 3/20: no second purchase before 3/23."""
    who = await world.person(digit=1)
    await world.clock.set(day(3, 16))
    await buy(world, who)
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    assert isinstance(await refusal_of(world, who), IntervalNotOver)
    await world.clock.set(day(3, 23))
    await buy(world, who)
    assert await claimed(world, who) == [
        (date(2020, 3, 16), date(2020, 3, 23)),
        (date(2020, 3, 23), date(2020, 3, 30)),
        (date(2020, 3, 30), date(2020, 4, 6)),
    ]


async def test_b9_b10_a_purchase_defers_the_paid_pre_order(world: World) -> None:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    assert (await ask(world, who)).pieces == 3
    await buy(world, who)
    assert await claimed(world, who) == [
        (date(2020, 3, 22), date(2020, 3, 29)),
        (date(2020, 3, 29), date(2020, 4, 5)),
    ]
    assert await next_date(world, who, date(2020, 3, 22)) == date(2020, 4, 5)
    payload = {"round_id": FIRST.id, "collect_from": "2020-03-29"}
    assert await notices(world) == [("deferred", f"{FIRST.id}:2020-03-29", payload)]


@pytest.mark.parametrize(
    ("now", "collect_from"),
    [(day(3, 20), date(2020, 3, 27)), (day(3, 25, 23, 59), date(2020, 4, 1))],
)
async def test_the_last_day_to_buy_is_the_25th(
    world: World, now: datetime, collect_from: date
) -> None:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 19))
    await world.clock.set(now)
    await buy(world, who)
    assert (await claimed(world, who))[1][0] == collect_from


async def test_b8_from_the_first_day_on_the_counter_refuses(world: World) -> None:
    who = await world.person(digit=2)  # Thursday 3/26 is an even day
    await world.order(who, paid_at=day(3, 19))
    await world.clock.set(day(3, 26, 0))
    refusal = await refusal_of(world, who)
    assert isinstance(refusal, AlreadyBought)
    assert refusal.next_date == date(2020, 4, 2)
    await world.clock.set(day(4, 2, 0))
    await buy(world, who)


async def test_what_would_void_a_paid_pre_order_is_refused(world: World) -> None:
    """Under an interval of ten days; seven leave a day to every purchase up to 3/25."""
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 19))
    await world.rows("UPDATE counter_policy SET interval_days = 10 RETURNING 1")
    await world.clock.set(day(3, 25))
    refusal = await refusal_of(world, who)
    assert isinstance(refusal, WouldVoidPreorder)
    assert (refusal.round_id, refusal.pickup_until) == (FIRST.id, FIRST.pickup_until)


async def test_two_paid_pre_orders_move_in_cascade(world: World) -> None:
    who = await world.person(digit=1)
    await world.order(who, FIRST, paid_at=day(3, 20))
    await world.clock.set(day(3, 22))
    await world.order(who, SECOND, paid_at=day(3, 22))
    await buy(world, who)
    assert [start for start, _ in await claimed(world, who)] == [
        date(2020, 3, 22),
        date(2020, 3, 29),
        date(2020, 4, 5),
    ]
    assert [reference for _, reference, _ in await notices(world)] == [
        f"{FIRST.id}:2020-03-29",
        f"{SECOND.id}:2020-04-05",
    ]


async def test_a_child_buys_five_child_masks_on_any_day(world: World) -> None:
    who = await world.person(born=CHILD, digit=1)
    await world.clock.set(day(3, 12))  # a Thursday: even digits, but not for children
    assert (await buy(world, who, CHILD_MASK)).pieces == 5
    await world.clock.set(day(3, 13))
    assert isinstance(await refusal_of(world, who, CHILD_MASK), IntervalNotOver)


async def test_masks_are_for_those_they_fit(world: World) -> None:
    adult, child = await world.person(digit=2), await world.person(born=CHILD)
    assert isinstance(await refusal_of(world, adult, CHILD_MASK), ProductNotForAdult)
    assert isinstance(await refusal_of(world, child, ADULT_MASK), ChildNotEligible)


@pytest.mark.parametrize(
    ("digit", "of_march", "allowed"),
    [(1, 16, True), (1, 17, False), (2, 16, False), (2, 17, True), (1, 15, True), (2, 15, True)],
)
async def test_odd_and_even_days(world: World, digit: int, of_march: int, *, allowed: bool) -> None:
    who = await world.person(digit=digit)
    await world.clock.set(day(3, of_march))
    answer = await ask(world, who)
    assert answer.allowed is allowed
    if not allowed:
        assert isinstance(await refusal_of(world, who), WrongDayOddEven)


async def test_an_empty_shelf(world: World) -> None:
    who = await world.person(digit=2)
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE counter_stock SET pieces = 2 WHERE product = 'adult_mask'")
    refusal = await refusal_of(world, who)
    assert isinstance(refusal, OutOfStock)
    assert refusal.site_name == "幸福藥局"
    async with world.db.transaction() as tx:
        await receive_stock(tx, site_code=PHARMACY, product=ADULT_MASK, pieces=1)
    await buy(world, who)
    async with world.db.transaction() as tx:
        assert (await stock_of(tx, PHARMACY))[ADULT_MASK] == 0


async def test_a_product_that_was_never_entered_is_out_of_stock(world: World) -> None:
    who = await world.person(digit=2)
    async with world.db.transaction() as tx:
        await tx.execute("DELETE FROM counter_stock")
        assert await stock_of(tx, PHARMACY) == {ADULT_MASK: 0, CHILD_MASK: 0}
    assert isinstance(await refusal_of(world, who), OutOfStock)


async def test_cards_that_do_not_buy(world: World) -> None:
    stranger = Someone(person_id=uuid4(), id_number=make_national_id(41_000_000))
    assert isinstance(await refusal_of(world, stranger), CardUnknown)
    answer = await ask(world, stranger)
    assert (answer.masked_name, answer.birth_year) == (None, None)
    who, cardless = await world.person(), await world.person()
    async with world.db.transaction() as tx:
        await stop_card(tx, person_id=who.person_id)
        await tx.execute("DELETE FROM nhi_card WHERE person_id = %s", (cardless.person_id,))
    assert isinstance(await refusal_of(world, who), CardInactive)
    assert isinstance(await refusal_of(world, cardless), CardUnknown)


async def test_checks_come_in_one_order(world: World) -> None:
    """Everything is wrong at once; each thing put right shows the next."""
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 19))
    await world.clock.set(day(3, 26))  # an even day, inside the claim
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE counter_stock SET pieces = 0")
        await stop_card(tx, person_id=who.person_id)
    assert isinstance(await refusal_of(world, who, CHILD_MASK), CardInactive)
    await world.rows("UPDATE nhi_card SET active = true RETURNING 1")
    assert isinstance(await refusal_of(world, who, CHILD_MASK), ProductNotForAdult)
    assert isinstance(await refusal_of(world, who), WrongDayOddEven)
    await world.clock.set(day(3, 27))
    assert isinstance(await refusal_of(world, who), OutOfStock)
    await world.rows("UPDATE counter_stock SET pieces = 9 RETURNING 1")
    assert isinstance(await refusal_of(world, who), AlreadyBought)


async def test_what_is_no_site_and_what_is_no_number(world: World) -> None:
    who = await world.person(digit=2)
    with pytest.raises(UnknownSite):
        await ask(world, who, site="9999999999")
    with pytest.raises(UnknownSite):
        await buy(world, who, site="9999999999")
    async with world.db.transaction() as tx:
        with pytest.raises(UnknownSite):
            await receive_stock(tx, site_code="9999999999", product=ADULT_MASK, pieces=1)
        with pytest.raises(ValueError, match="pieces"):
            await receive_stock(tx, site_code=PHARMACY, product=ADULT_MASK, pieces=0)
    with pytest.raises(InvalidEntry):
        await ask(world, Someone(person_id=who.person_id, id_number="A123456780"))


async def test_a_relative_and_a_repeated_number(world: World) -> None:
    who, sale_id = await world.person(digit=2), uuid4()

    async def send() -> Sale:
        return await sell(
            world.db,
            world.clock,
            world.vault,
            site_code=PHARMACY,
            id_number=who.id_number,
            product=ADULT_MASK,
            sold_by="pharmacist-1",
            by_proxy=True,
            sale_id=sale_id,
        )

    first = await send()
    await world.clock.set(day(3, 12, 11))
    assert await send() == first
    assert first.sale_id == sale_id
    assert first.by_proxy
    assert await world.value("SELECT count(*) FROM counter_sale") == 1
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 797


async def test_a_visitor_acts_for_one_adult_and_three_children(world: World) -> None:
    await world.clock.set(day(3, 15))
    adults = [await world.person() for _ in range(3)]
    children = [await world.person(born=CHILD) for _ in range(4)]
    visit = uuid4()
    first = await bring(world, adults[0], visit=visit)
    for child in children[:3]:
        await bring(world, child, CHILD_MASK, visit=visit)
    before = await traces(world)
    for who, product in ((adults[1], ADULT_MASK), (children[3], CHILD_MASK)):
        with pytest.raises(ProxyLimit) as refused:
            await bring(world, who, product, visit=visit)
        assert refused.value.data == {"adults": "1", "children": "3"}
    assert await traces(world) == before
    assert (await bring(world, adults[1], visit=uuid4())).by_proxy  # another visitor
    await buy(world, adults[2])  # the own card counts for nobody

    await undo_sale(
        world.db,
        world.clock,
        person_id=first.person_id,
        sale_id=first.sale_id,
        reason="掃錯卡",
        by="pharmacist-1",
    )
    await bring(world, adults[0], visit=visit)


async def bring(world: World, who: Someone, product: Product = ADULT_MASK, *, visit: UUID) -> Sale:
    """Buy with the card of another; `visit` tells who brought it."""
    return await sell(
        world.db,
        world.clock,
        world.vault,
        site_code=PHARMACY,
        id_number=who.id_number,
        product=product,
        sold_by="pharmacist-1",
        by_proxy=True,
        visit_id=visit,
    )


async def test_a_policy_may_let_nobody_act_for_others(world: World) -> None:
    await world.clock.set(day(3, 15))
    await world.rows("UPDATE counter_policy SET proxy_adults = 0 RETURNING 1")
    with pytest.raises(ProxyLimit):
        await bring(world, await world.person(), visit=uuid4())
