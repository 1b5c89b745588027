"""Steps about what the logistics centres pack and get back (B6, B16)."""

from uuid import UUID

from emask.delivery.missing import give_back_short
from emask.delivery.packing import packing_list
from emask.delivery.returns import bags_back, gaps, returned_packs
from emask.delivery.shortages import packs_came, report_shortage, shortages_of
from emask.features.outcome import Unfulfilled, require_equal
from emask.features.registry import Registry
from emask.features.stage import store_of
from emask.features.world import World
from emask.rounds.model import Chain

STEPS = Registry()


@STEPS.check("{chain:7-11|全家|萊爾富|OK}物流中心包裝 {n} 份")
async def packed(world: World, *, chain: str, n: int) -> None:
    """What a chain's logistics centre packs for its stores (B16)."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        lines = await packing_list(tx, round_id=round.id, chain=Chain.from_label(chain))
    require_equal(sum(line.packs for line in lines), n)


@STEPS.act("{chain:7-11|全家|萊爾富|OK}門市退回 {n} 份")
async def come_back(world: World, *, chain: str, n: int) -> None:
    """The logistics centre confirms that so many bags came back from the store of the chain."""
    round = await world.this_round()
    store = store_of(Chain.from_label(chain))
    async with world.system.db.transaction() as tx:
        await bags_back(
            tx,
            round_id=round.id,
            chain=store.chain,
            store_code=store.code,
            packs=n,
            at=await world.now(),
            by="centre",
        )


@STEPS.check("{chain:7-11|全家|萊爾富|OK}門市尚有 {n} 份未退回")
async def missing(world: World, *, chain: str, n: int) -> None:
    """What was given up and has not come back to the centre."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        found = await gaps(tx, round_id=round.id, chain=Chain.from_label(chain))
    require_equal(sum(gap.missing for gap in found), n)


@STEPS.check("{chain:7-11|全家|萊爾富|OK}物流中心收回 {n} 份")
async def came_back(world: World, *, chain: str, n: int) -> None:
    """What came back uncollected, for the next round."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        packs = await returned_packs(tx, round_id=round.id, chain=Chain.from_label(chain))
    require_equal(packs, n)


@STEPS.act("{chain:7-11|全家|萊爾富|OK}物流中心短缺 {n} 份")
async def short(world: World, *, chain: str, n: int) -> None:
    """The centre does not have so many packs; those drawn last wait."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        await report_shortage(
            tx,
            round=round,
            chain=Chain.from_label(chain),
            store_code=None,
            packs=n,
            at=await world.now(),
            by="centre",
        )


@STEPS.act("{chain:7-11|全家|萊爾富|OK}物流中心補到 {n} 份")
async def came(world: World, *, chain: str, n: int) -> None:
    """Packs that were missing are there now."""
    round = await world.this_round()
    centre = Chain.from_label(chain)
    shortage_id = await _shortage_of(world, centre)
    async with world.system.db.transaction() as tx:
        await packs_came(
            tx,
            round=round,
            chain=centre,
            shortage_id=shortage_id,
            packs=n,
            at=await world.now(),
            by="centre",
        )


@STEPS.act("{chain:7-11|全家|萊爾富|OK}物流中心有 {n} 份補不到，經核准退款")
async def never_come(world: World, *, chain: str, n: int) -> None:
    """An operator gives the money of packs back that the centre will never have."""
    await give_back_short(
        world.system.db,
        world.clock,
        round_id=(await world.this_round()).id,
        shortage_id=await _shortage_of(world, Chain.from_label(chain)),
        packs=n,
        reason="整板毀損",
        operator="operator",
    )


async def _shortage_of(world: World, chain: Chain) -> UUID:
    """The latest one of a centre for whose packs somebody waits."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        found = await shortages_of(tx, round_id=round.id, chain=chain)
    waiting = [each for each in found if each.waiting]
    if not waiting:
        raise Unfulfilled(zh="沒有人在等補貨", en="nobody waits for packs")
    return waiting[0].shortage_id
