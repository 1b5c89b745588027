"""One visitor at two terminals at once: never more than one adult's and three children's cards."""

import asyncio
from uuid import UUID, uuid4

import pytest

from counter.test_check_and_sell import ADULT_MASK, CHILD_MASK, bring
from counter.test_races import Outcome
from delivery.world import CHILD, Someone, World, day, until_waiting
from emask.counter import queries
from emask.counter.model import Sale
from emask.rules.calendar import Product
from emask.rules.refusals import ProxyLimit


async def brought_at_once(
    world: World, people: list[Someone], product: Product, visit: UUID
) -> list[Outcome]:
    """Every card is read and judged before one of the sales is written."""
    async with world.db.transaction() as holder:
        await holder.execute("LOCK TABLE claim IN SHARE MODE")
        terminals = asyncio.gather(
            *(bring(world, who, product, visit=visit) for who in people), return_exceptions=True
        )
        await until_waiting(world.db, len(people))
    return list(await terminals)


async def two_adults(world: World) -> list[Outcome]:
    await world.clock.set(day(3, 15))  # a Sunday
    people = [await world.person() for _ in range(2)]
    return await brought_at_once(world, people, ADULT_MASK, uuid4())


async def four_children(world: World) -> list[Outcome]:
    """Two of them are brought first: the visit is known already."""
    await world.clock.set(day(3, 15))
    people = [await world.person(born=CHILD) for _ in range(4)]
    visit = uuid4()
    first = [await bring(world, who, CHILD_MASK, visit=visit) for who in people[:2]]
    return [*first, *await brought_at_once(world, people[2:], CHILD_MASK, visit)]


def sold(outcomes: list[Outcome]) -> int:
    assert all(isinstance(outcome, Sale | ProxyLimit) for outcome in outcomes)
    return sum(isinstance(outcome, Sale) for outcome in outcomes)


async def test_one_adult_is_acted_for(world: World) -> None:
    assert sold(await two_adults(world)) == 1
    assert await world.value("SELECT adults FROM proxy_visit") == 1
    assert await world.value("SELECT count(*) FROM claim") == 1
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 797


async def test_three_children_are_acted_for(world: World) -> None:
    assert sold(await four_children(world)) == 3
    assert await world.value("SELECT children FROM proxy_visit") == 3
    assert await world.value("SELECT count(*) FROM claim") == 3
    assert await world.value("SELECT sum(pieces) FROM counter_stock") == 785


@pytest.fixture
def uncounted(monkeypatch: pytest.MonkeyPatch) -> None:
    """The count goes on, and nothing looks whether it is full."""
    where = queries.COUNT_PROXY.index(" WHERE v.adults")
    monkeypatch.setattr(queries, "COUNT_PROXY", f"{queries.COUNT_PROXY[:where]} RETURNING true")


@pytest.mark.usefixtures("uncounted")
async def test_without_the_guard_of_the_count_two_adults_are(world: World) -> None:
    assert sold(await two_adults(world)) == 2


@pytest.mark.usefixtures("uncounted")
async def test_without_the_guard_of_the_count_four_children_are(world: World) -> None:
    assert sold(await four_children(world)) == 4
