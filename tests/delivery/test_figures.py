"""What became of a round's packs, by chain and county."""

from delivery.test_collection import collect, ready
from delivery.test_forfeits import forfeit
from delivery.test_returns import back
from delivery.world import FIRST, OTHER, OURS, World, day
from emask.delivery.figures import Figures, RoundFigures, figures_of


async def figures(world: World) -> RoundFigures:
    async with world.db.transaction() as tx:
        return await figures_of(tx, round_id=FIRST.id)


async def test_figures_follow_packs(world: World) -> None:
    nothing = await figures(world)
    assert (nothing.total, nothing.chains, nothing.counties) == (Figures(), {}, {})
    assert nothing.total.share == 0
    await world.order(await world.person(), state="lapsed")
    await world.many_orders(2)
    await world.many_orders(1, store=OTHER)
    who, friend = await ready(world), await world.person()
    await world.order(friend)
    await world.deliver()
    async with world.db.transaction() as tx:  # the last one was packed after the others had come
        await tx.execute("UPDATE orders SET state = 'arrived' WHERE state = 'paid'")
    await world.clock.set(day(3, 27))
    await collect(world, who)
    await collect(world, friend, by_proxy=True)
    await forfeit(world)
    await back(world, 1)
    found = await figures(world)
    ours = Figures(paid=4, arrived=4, by_owner=1, by_proxy=1, forfeited=2, returned=1)
    other = Figures(paid=1, arrived=1, forfeited=1)
    assert found.chains == {OTHER[0]: other, OURS[0]: ours}
    assert found.total == ours + other
    assert found.counties == {"臺北市": found.total}
    assert (ours.collected, ours.share, ours.missing) == (2, 0.5, 1)
