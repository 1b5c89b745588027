"""What a counter goes by without a line."""

import base64
from dataclasses import replace
from hashlib import sha256
from uuid import uuid4

from joserfc import jwt

from counter.offline_terminal import KEYS
from counter.test_races import sell_to
from delivery.world import HEALTH_CENTRE, PHARMACY, Someone, World, day
from emask.counter.offline_list import BITS, OfflineList, issue_list, short_digest
from emask.counter.sites import save_sites, site_of


async def listed(world: World, site_code: str = PHARMACY) -> OfflineList:
    async with world.db.transaction() as tx:
        site = await site_of(tx, site_code)
        assert site is not None
        return await issue_list(tx, world.vault, KEYS, site=site, now=await world.clock.now())


def stops(issued: OfflineList, who: Someone) -> bool:
    claims = jwt.decode(issued.signed, KEYS.lists, algorithms=["ES256"]).claims
    packed = decoded(issued.digests)
    assert decoded(claims["digests"]) == sha256(packed).digest()
    digests = {int.from_bytes(packed[at : at + 3]) for at in range(0, len(packed), 3)}
    return short_digest(decoded(claims["salt"]), who.id_number) in digests


def decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


async def move_to(world: World, site_code: str, address: str) -> None:
    async with world.db.transaction() as tx:
        site = await site_of(tx, site_code)
        assert site is not None
        await save_sites(tx, [replace(site, address=address)])


async def test_who_bought_in_the_town_is_stopped_until_the_interval_is_over(world: World) -> None:
    await move_to(world, PHARMACY, "臺北市大安區和平東路1號")
    await move_to(world, HEALTH_CENTRE, "臺北市大安區建國南路15號")
    await world.clock.set(day(3, 22))
    here, near, nobody = [await world.person(digit=2) for _ in range(3)]
    await sell_to(world, here, PHARMACY, uuid4())
    await sell_to(world, near, HEALTH_CENTRE, uuid4())
    today = await listed(world)
    assert [stops(today, who) for who in (here, near, nobody)] == [True, True, False]
    await world.clock.set(day(3, 29))
    assert not stops(await listed(world), here)
    await world.clock.set(day(3, 23))
    await move_to(world, PHARMACY, "臺北市信義區信義路五段1號")
    assert not stops(await listed(world), near)
    assert stops(await listed(world), here)


async def test_whose_pack_waits_in_the_town_is_stopped_once_its_days_have_come(
    world: World,
) -> None:
    await move_to(world, PHARMACY, "臺北市大安區和平東路1號")
    who = await world.person(digit=2)
    await world.order(who, paid_at=day(3, 20))
    await world.pack()
    await world.clock.set(day(3, 22))
    assert not stops(await listed(world), who)  # it would give way
    await world.clock.set(day(3, 26))
    assert stops(await listed(world), who)


async def test_a_list_tells_of_nobody_that_they_bought(world: World) -> None:
    await world.clock.set(day(3, 22))
    who = await world.person(digit=2)
    await sell_to(world, who, PHARMACY, uuid4())
    issued = await listed(world)
    claims = jwt.decode(issued.signed, KEYS.lists, algorithms=["ES256"]).claims
    told = f"{claims}{issued.digests}"
    assert who.id_number not in told
    assert str(who.person_id) not in told
    numbers = 26 * 2 * 10**7
    assert numbers / 2**BITS > 400  # so many have the same digest


async def test_two_lists_of_a_town_have_one_salt(world: World) -> None:
    await world.clock.set(day(3, 22))
    claims = [
        jwt.decode((await listed(world)).signed, KEYS.lists, algorithms=["ES256"]).claims
        for _ in range(2)
    ]
    assert claims[0]["salt"] == claims[1]["salt"]
    assert claims[0]["jti"] != claims[1]["jti"]
