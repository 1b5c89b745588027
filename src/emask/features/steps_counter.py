"""Steps about pharmacies and health centres, and about when one may buy again."""

from datetime import date
from uuid import UUID, uuid5

from emask.counter.model import Sale, SiteKind
from emask.counter.service import sell, undo_sale
from emask.draw.service import place_of
from emask.entitlement.service import next_purchase_date
from emask.features.citizen import Citizen
from emask.features.outcome import Unfulfilled, require_equal
from emask.features.registry import Registry
from emask.features.stage import EMPTY_SITES, STOCKED_SITES
from emask.features.steps_preorder import PRODUCTS
from emask.features.world import World
from emask.rules.calendar import day_in_taipei

STEPS = Registry()
PURCHASE = "購買"
_VISITS = UUID("8d5c3a52-3c1f-5c0e-9d0f-0d6a1d6c7a10")
_KINDS = {"藥局": SiteKind.PHARMACY, "衛生所": SiteKind.HEALTH_CENTRE}


@STEPS.act("{name} 於{site:藥局|衛生所}購買{product:成人|兒童}口罩")
async def buy(world: World, *, name: str, site: str, product: str) -> None:
    """Buy at a counter, at the clock's time, with the citizen's NHI card."""
    await _buy(world, world.citizen(name), site, product)


@STEPS.act("{proxy} 持 {name} 的健保卡於{site:藥局|衛生所}購買{product:成人|兒童}口罩")
async def buy_for(world: World, *, proxy: str, name: str, site: str, product: str) -> None:
    """A visitor buys with somebody else's card; all such cards of a day are one visit."""
    visit = uuid5(_VISITS, f"{proxy} {day_in_taipei(await world.now())}")
    await _buy(world, world.citizen(name), site, product, visit_id=visit)


@STEPS.act("未中籤的人於{site:藥局|衛生所}購買{product:成人|兒童}口罩")
async def the_others_buy(world: World, *, site: str, product: str) -> None:
    """Whoever of the named people was not selected buys at a counter."""
    for citizen in world.people.values():
        round = await world.round_of(citizen)
        person_id = await world.enter(citizen)
        async with world.system.db.transaction() as tx:
            place = await place_of(tx, round_id=round.id, person_id=person_id)
        if place is not None and not place.selected:
            await _buy(world, citizen, site, product)


@STEPS.act("{site:藥局|衛生所}的{product:成人|兒童}口罩已售完")
async def sold_out(world: World, *, site: str, product: str) -> None:
    """The counter has none left."""
    world.sold_out.add((site, product))


@STEPS.act("{name} 取消剛才的購買")
async def undo(world: World, *, name: str) -> None:
    """Undo the last sale, within its five minutes."""
    citizen = world.citizen(name)
    sale = _last_sale(citizen)
    await undo_sale(
        world.system.db,
        world.clock,
        person_id=sale.person_id,
        sale_id=sale.sale_id,
        reason="買錯",
        by="pharmacist",
    )


@STEPS.check("{name} 買到 {n} 片")
async def pieces_bought(world: World, *, name: str, n: int) -> None:
    """The pieces of the citizen's last purchase at a counter."""
    require_equal(_last_sale(world.citizen(name)).pieces, n)


@STEPS.check("{name} 下次可購買日為 {date}")
async def next_purchase(world: World, *, name: str, date: date) -> None:
    """The first day from which no claim of the citizen stands in the way (B8)."""
    person_id = await world.enter(world.citizen(name))
    today = day_in_taipei(await world.now())
    async with world.system.db.transaction() as tx:
        found = await next_purchase_date(tx, person_id=person_id, today=today)
    require_equal(found, date)


async def _buy(
    world: World, citizen: Citizen, site: str, product: str, *, visit_id: UUID | None = None
) -> None:
    await world.enter(citizen)
    sites = EMPTY_SITES if (site, product) in world.sold_out else STOCKED_SITES

    async def purchase() -> None:
        citizen.sale = await sell(
            world.system.db,
            world.clock,
            world.system.vault,
            site_code=sites[_KINDS[site]],
            id_number=citizen.person.id_number,
            product=PRODUCTS[product],
            sold_by="pharmacist",
            by_proxy=visit_id is not None,
            visit_id=visit_id,
        )

    await world.attempt(PURCHASE, purchase())


def _last_sale(citizen: Citizen) -> Sale:
    if citizen.sale is None:
        raise Unfulfilled(zh="沒有買到", en="nothing was bought")
    return citizen.sale
