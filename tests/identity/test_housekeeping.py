from datetime import timedelta

from emask.identity.device import issue_device_code
from emask.identity.housekeeping import forget_stale
from emask.identity.sign_in import sign_in_with_card
from identity.world import MING, PASSWORD, World, refused


async def forget(world: World) -> int:
    async with world.identity.db.transaction() as tx:
        return await forget_stale(tx, at=await world.clock.now())


async def test_what_no_rule_asks_for_any_more_is_forgotten(world: World) -> None:
    await world.register(MING)  # uses one reading
    evidence = await world.card(MING)
    await sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD)
    async with refused("wrong_password"):
        await sign_in_with_card(world.identity, evidence=await world.card(MING), password="wrong")
    await issue_device_code(world.identity, session=await world.session(MING))
    assert await forget(world) == 0
    await world.wait(timedelta(days=1, minutes=31))
    assert await forget(world) == 6
    async with refused("evidence_expired"):
        await sign_in_with_card(world.identity, evidence=evidence, password=PASSWORD)
