"""Steps about what the logistics centres pack and get back (B6, B16)."""

from emask.delivery.packing import packing_list, returned_packs
from emask.features.outcome import require_equal
from emask.features.registry import Registry
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


@STEPS.check("{chain:7-11|全家|萊爾富|OK}物流中心收回 {n} 份")
async def came_back(world: World, *, chain: str, n: int) -> None:
    """What came back uncollected, for the next round."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        packs = await returned_packs(tx, round_id=round.id, chain=Chain.from_label(chain))
    require_equal(packs, n)
