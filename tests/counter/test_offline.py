"""Sales that a counter made without a line, judged when they come in."""

import asyncio
import base64
from dataclasses import replace
from time import perf_counter
from uuid import uuid4

import pytest

from counter.offline_terminal import KEYS, Terminal
from counter.test_races import sell_to
from counter.test_undo import undo
from delivery.world import CHILD, HEALTH_CENTRE, PHARMACY, Someone, World, day, until_waiting
from emask.counter import offline_queries
from emask.counter.offline import ListOfAnotherSite, Reconciled, SealedSale
from emask.counter.offline_conflicts import NothingToSettle, open_conflicts, settle_conflict
from emask.counter.offline_list import CAP, ListBroken, read_terms
from emask.identity.model import NewPerson
from emask.identity.registry import add_people
from emask.rules.calendar import Product
from emask.rules.people import make_national_id

SUNDAY = day(3, 22)


@pytest.fixture
async def terminal(world: World) -> Terminal:
    await world.clock.set(SUNDAY)
    return await Terminal.with_list(world)


async def test_a_sale_stands_and_is_of_the_day_it_was_made(
    terminal: Terminal, world: World
) -> None:
    who = await world.person(digit=2)
    sale_id = terminal.sell(who, day(3, 22, 11))
    await world.clock.set(day(3, 23, 9))
    assert await terminal.send() == Reconciled(outcomes={sale_id: None}, short={})
    assert await world.value("SELECT lower(during) FROM claim") == day(3, 22).date()
    assert await world.value("SELECT sold_at FROM counter_sale") == day(3, 22, 11)
    assert await stock(world) == 197


async def test_sent_again_it_is_the_same_sale(terminal: Terminal, world: World) -> None:
    who = await world.person(digit=2)
    terminal.sell(who, SUNDAY)
    terminal.sell(who, SUNDAY)
    first = await terminal.send()
    assert sorted(map(str, first.outcomes.values())) == ["None", "interval_not_over"]
    assert await terminal.send() == first
    assert await world.value("SELECT count(*) FROM counter_sale") == 1
    assert await stock(world) == 194  # what the second one has is gone as well
    assert await world.value("SELECT count(*) FROM audit_log") == 1


async def test_a_sale_made_before_the_line_broke_is_no_second_one(
    terminal: Terminal, world: World
) -> None:
    who, sale_id = await world.person(digit=2), uuid4()
    sale = await sell_to(world, who, PHARMACY, sale_id)
    terminal.sell(who, SUNDAY, sale_id=sale_id)
    assert (await terminal.send()).outcomes == {sale_id: None}
    assert await world.value("SELECT count(*) FROM counter_sale") == 1
    assert await stock(world) == 197
    await undo(world, sale)
    await terminal.send()
    assert await stock(world) == 200


async def test_what_was_undone_over_the_line_is_a_conflict_when_it_comes_in(
    terminal: Terminal, world: World
) -> None:
    """Its answer was lost, another terminal undid it, and the first one had handed it out."""
    who, sale_id = await world.person(digit=2), uuid4()
    sale = await sell_to(world, who, PHARMACY, sale_id)
    await undo(world, sale)
    terminal.sell(who, SUNDAY, sale_id=sale_id)
    assert (await terminal.send()).outcomes == {sale_id: "sale_number_used"}
    assert await stock(world) == 197
    assert await world.value("SELECT count(*) FROM claim") == 0


async def test_the_number_of_another_sites_sale_is_a_conflict(
    terminal: Terminal, world: World
) -> None:
    who, sale_id = await world.person(digit=2), uuid4()
    await sell_to(world, who, HEALTH_CENTRE, sale_id)
    terminal.sell(who, SUNDAY, sale_id=sale_id)
    assert (await terminal.send()).outcomes == {sale_id: "sale_number_used"}


async def test_each_broken_rule_is_a_conflict_and_takes_nobodys_days(
    terminal: Terminal, world: World
) -> None:
    who = await world.person(digit=2)
    await sell_to(world, who, HEALTH_CENTRE, uuid4())
    child = await world.person(born=CHILD)
    visit = uuid4()
    others = [await world.person(digit=2) for _ in range(2)]
    expected = {
        terminal.sell(who, SUNDAY): "interval_not_over",
        terminal.sell("A123456789", SUNDAY): "card_unknown",
        terminal.sell(child, SUNDAY): "child_not_eligible",
        terminal.sell(await world.person(digit=2), day(3, 23, 9)): "wrong_day_odd_even",
        terminal.sell(await world.person(), SUNDAY, pieces=9): "other_pieces",
        terminal.sell(await world.person(), day(3, 21)): "outside_list",
        terminal.sell(await world.person(), day(3, 24)): "outside_list",
        terminal.sell(await world.person(), SUNDAY, list_id=uuid4()): "outside_list",
        terminal.sell("A123456788", SUNDAY): "unreadable",
        terminal.sell(others[0], SUNDAY, by_proxy=True, visit=visit): None,
        terminal.sell(others[1], day(3, 22, 11), by_proxy=True, visit=visit): "proxy_limit",
    }
    await world.clock.set(day(3, 23, 9))
    assert (await terminal.send()).outcomes == expected
    assert await world.value("SELECT count(*) FROM counter_sale") == 2
    assert await world.value("SELECT count(*) FROM claim") == 2


async def test_a_paid_preorder_gives_way_and_its_owner_is_told(
    terminal: Terminal, world: World
) -> None:
    who = await world.person(digit=1)
    await world.order(who, paid_at=day(3, 20))
    sale_id = terminal.sell(who, SUNDAY)
    assert (await terminal.send()).outcomes == {sale_id: None}
    moved = "SELECT lower(during) FROM claim WHERE source = 'preorder'"
    assert await world.value(moved) == day(3, 29).date()
    assert await world.value("SELECT count(*) FROM outbox WHERE kind = 'deferred'") == 1


async def test_stock_is_never_less_than_nothing_and_what_it_lacked_is_told(
    terminal: Terminal, world: World
) -> None:
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE counter_stock SET pieces = 4")
    for _ in range(2):
        terminal.sell(await world.person(digit=2), SUNDAY)
    assert (await terminal.send()).short == {Product.ADULT_MASK: 2}
    assert await stock(world) == 0


async def test_a_list_holds_so_many_sales(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("emask.counter.offline_list.CAP", 1)
    small = await Terminal.with_list(world)
    for _ in range(2):
        small.sell(await world.person(digit=2), SUNDAY)
    assert list((await small.send()).outcomes.values()) == [None, "outside_list"]


async def two_uploads_for_one_place(world: World, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Two windows send different sales of one list, which has a place left for one."""
    monkeypatch.setattr("emask.counter.offline_list.CAP", 1)
    one = await Terminal.with_list(world)
    other = replace(one, sold=[])
    for window in (one, other):
        window.sell(await world.person(digit=2), SUNDAY)
    async with world.db.transaction() as holder:
        await holder.execute("LOCK TABLE counter_stock IN SHARE MODE")
        both = asyncio.gather(one.send(), other.send())
        await until_waiting(world.db, 2)
    return sorted(str(outcome) for sent in await both for outcome in sent.outcomes.values())


async def test_two_uploads_at_once_do_not_pass_the_cap(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal
    assert await two_uploads_for_one_place(world, monkeypatch) == ["None", "outside_list"]


async def test_without_the_hold_on_lists_they_do(
    terminal: Terminal, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert terminal
    monkeypatch.setattr(offline_queries, "HOLD_LIST", "SELECT %s::text")
    assert await two_uploads_for_one_place(world, monkeypatch) == ["None", "None"]


async def test_a_list_of_nobody_or_of_another_site_is_refused(terminal: Terminal) -> None:
    head, claims, signature = terminal.signed.split(".")
    with pytest.raises(ListBroken):
        read_terms(KEYS, f"{head}.{claims}.{signature[::-1]}")
    terminal.site_code = HEALTH_CENTRE
    with pytest.raises(ListOfAnotherSite):
        await terminal.send()


async def test_what_nobody_can_open_does_not_stand_in_the_way(terminal: Terminal) -> None:
    odd = base64.urlsafe_b64encode(b'{"alg":["ECDH-ES"],"enc":["A256GCM"]}').decode().rstrip("=")
    for sealed in ("not.to.be.opened", f"{odd}..AA.AA.AA"):
        terminal.sold.append(SealedSale(sale_id=uuid4(), sealed=sealed))
    terminal.sell("A123456789", SUNDAY, pieces=10**10)
    assert list((await terminal.send()).outcomes.values()) == ["unreadable"] * 3


async def twice_at_once(terminal: Terminal, world: World) -> None:
    """A conflict and a sale, both uploads in flight before either is written."""
    who = await world.person(digit=2)
    terminal.sell(who, SUNDAY)
    terminal.sell(who, SUNDAY)
    async with world.db.transaction() as holder:
        await holder.execute("LOCK TABLE counter_stock IN SHARE MODE")
        sending = asyncio.gather(terminal.send(), terminal.send(), return_exceptions=True)
        await until_waiting(world.db, 2)
    await sending


async def test_uploaded_twice_at_once_it_is_one_sale(terminal: Terminal, world: World) -> None:
    await twice_at_once(terminal, world)
    assert await world.value("SELECT count(*) FROM counter_sale") == 1
    assert await world.value("SELECT count(*) FROM offline_sale") == 2
    assert await stock(world) == 194


async def test_without_the_key_of_numbers_it_is_counted_twice(
    terminal: Terminal, world: World
) -> None:
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE offline_sale DROP CONSTRAINT offline_sale_pkey")
    await twice_at_once(terminal, world)
    assert await world.value("SELECT count(*) FROM offline_sale") == 4


async def over_the_line_and_uploaded_at_once(terminal: Terminal, world: World) -> Reconciled:
    who, sale_id = await world.person(digit=2), uuid4()
    terminal.sell(who, SUNDAY, sale_id=sale_id)
    async with world.db.transaction() as holder:
        await holder.execute("LOCK TABLE claim IN SHARE MODE")
        both = asyncio.gather(terminal.send(), sell_to(world, who, PHARMACY, sale_id))
        await until_waiting(world.db, 2)
    sent, _ = await both
    return sent


async def test_sold_over_the_line_and_uploaded_at_once_it_is_one_sale(
    terminal: Terminal, world: World
) -> None:
    sent = await over_the_line_and_uploaded_at_once(terminal, world)
    assert list(sent.outcomes.values()) == [None]
    assert await world.value("SELECT count(*) FROM counter_sale") == 1
    assert await stock(world) == 197


async def test_without_the_keys_of_claims_and_sales_it_is_two(
    terminal: Terminal, world: World
) -> None:
    async with world.db.transaction() as tx:
        await tx.execute("ALTER TABLE claim DROP CONSTRAINT claim_pkey")
        await tx.execute("DROP INDEX claim_one_per_sale")
        await tx.execute("ALTER TABLE counter_sale DROP CONSTRAINT counter_sale_pkey")
    await over_the_line_and_uploaded_at_once(terminal, world)
    assert await world.value("SELECT count(*) FROM counter_sale") == 2


async def test_a_conflict_is_settled_once_and_with_a_reason(
    terminal: Terminal, world: World
) -> None:
    who = await world.person(digit=2)
    await sell_to(world, who, HEALTH_CENTRE, uuid4())
    sale_id = terminal.sell(who, SUNDAY)
    await terminal.send()
    async with world.db.transaction() as tx:
        (conflict,) = await open_conflicts(tx, world.vault, limit=10)
    assert (conflict.sale_id, conflict.refusal) == (sale_id, "interval_not_over")
    assert (conflict.masked_name, conflict.birth_year) == ("王○明", 1983)

    async def settle(reason: str) -> None:
        await settle_conflict(world.db, world.clock, sale_id=sale_id, reason=reason, by="op")

    with pytest.raises(ValueError, match="reason"):
        await settle(" ")
    await settle("asked the pharmacy")
    with pytest.raises(NothingToSettle):
        await settle("again")
    async with world.db.transaction() as tx:
        assert await open_conflicts(tx, world.vault, limit=10) == []


async def test_a_counter_without_a_line_for_a_day_is_done_soon(
    terminal: Terminal, world: World
) -> None:
    for who in await many(world, CAP):
        terminal.sell(who, SUNDAY)
    begun = perf_counter()
    outcomes = (await terminal.send()).outcomes
    assert perf_counter() - begun < 10
    assert list(outcomes.values()) == [None] * CAP


async def many(world: World, number: int) -> list[Someone]:
    people = [
        NewPerson(
            id_number=make_national_id(serial + 1_000_000, last_digit=2),
            name="王小明",
            birth_date=day(3, 1).date().replace(year=1983),
            mobile="0912345678",
            nhi_card=f"{serial + 500_000:012}",
            household_number="F1234567",
        )
        for serial in range(number)
    ]
    await add_people(world.db, world.vault, people)
    return [
        Someone(person_id=world.vault.person_id(each.id_number), id_number=each.id_number)
        for each in people
    ]


async def stock(world: World) -> object:
    return await world.value(
        "SELECT pieces FROM counter_stock WHERE site_code = %s AND product = 'adult_mask'",
        PHARMACY,
    )
