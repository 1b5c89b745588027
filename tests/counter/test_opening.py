"""Hours, holidays, and who is open and does not sell."""

from datetime import date, datetime, timedelta
from uuid import uuid4

import pytest

from counter.test_races import sell_to
from delivery.world import HEALTH_CENTRE, PHARMACY, World, day
from emask.counter.model import UnknownSite
from emask.counter.opening import (
    UNKNOWN,
    close_on,
    holidays_of,
    is_open,
    open_after_all,
    opening_of,
    set_opening,
    silent_sites,
)
from emask.counter.opening_queries import Holiday, Opening

WEEKDAY_MORNINGS = "NNNNNYY" + "Y" * 14
THURSDAY = date(2020, 3, 12)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (day(3, 12, 8), True),
        (day(3, 12, 12, 59), True),
        (day(3, 12, 13), False),
        (day(3, 12, 7, 59), False),
        (day(3, 14, 9), False),  # a Saturday
    ],
)
def test_the_letters_tell_when_a_site_is_open(now: datetime, *, expected: bool) -> None:
    assert is_open(WEEKDAY_MORNINGS, now) is expected


def test_each_letter_speaks_of_its_own_part_of_the_week() -> None:
    monday = date(2020, 3, 16)
    for letter in range(21):
        hours = "Y" * letter + "N" + "Y" * (20 - letter)
        open_at = [
            half * 7 + weekday
            for half, hour in enumerate((9, 15, 20))
            for weekday in range(7)
            if is_open(hours, day(3, monday.day + weekday, hour))
        ]
        assert open_at == [letter]
    assert not is_open(UNKNOWN, day(3, 12, 23))


async def test_a_site_says_when_it_is_open(world: World) -> None:
    now = await world.clock.now()
    said = Opening(WEEKDAY_MORNINGS, "發放號碼牌")
    async with world.db.transaction() as tx:
        assert await opening_of(tx, PHARMACY) == Opening(UNKNOWN, "")
        await set_opening(tx, site_code=PHARMACY, opening=said, by="wu", now=now)
        assert await opening_of(tx, PHARMACY) == said
        for wrong in ("", "N" * 20, "n" * 21, "N" * 20 + "X"):
            with pytest.raises(ValueError, match="service_periods"):
                await set_opening(
                    tx, site_code=PHARMACY, opening=Opening(wrong, ""), by="wu", now=now
                )
        with pytest.raises(UnknownSite):
            await set_opening(tx, site_code="9999999999", opening=said, by="wu", now=now)
        with pytest.raises(UnknownSite):
            await opening_of(tx, "9999999999")
    assert await world.value("SELECT count(*) FROM audit_log WHERE act = 'set_opening'") == 1


async def test_holidays_are_a_site_s_or_everybody_s(world: World) -> None:
    now, monday = await world.clock.now(), date(2020, 3, 16)
    async with world.db.transaction() as tx:
        await close_on(tx, site_code=None, day=monday, note="國定假日", by="op", now=now)
        await close_on(tx, site_code=PHARMACY, day=THURSDAY, note="進修", by="wu", now=now)
        await close_on(tx, site_code=PHARMACY, day=THURSDAY, note="盤點", by="wu", now=now)
        assert await holidays_of(tx, PHARMACY, since=THURSDAY) == [
            Holiday(THURSDAY, "盤點", everywhere=False),
            Holiday(monday, "國定假日", everywhere=True),
        ]
        assert len(await holidays_of(tx, HEALTH_CENTRE, since=THURSDAY)) == 1
        assert len(await holidays_of(tx, None, since=THURSDAY)) == 1
        assert await holidays_of(tx, None, since=date(2020, 3, 17)) == []
        assert not await open_after_all(tx, site_code=PHARMACY, day=monday, by="wu", now=now)
        assert await open_after_all(tx, site_code=None, day=monday, by="op", now=now)
        assert len(await holidays_of(tx, PHARMACY, since=THURSDAY)) == 1
    assert await world.value("SELECT count(*) FROM audit_log") == 4


async def silent(world: World, now: datetime) -> list[str]:
    async with world.db.transaction() as tx:
        number, sites = await silent_sites(tx, now)
    assert number == len(sites)
    return [site.site_code for site in sites]


async def test_who_is_open_and_sells_nothing_is_told(world: World) -> None:
    now = day(3, 12, 8, 30)
    assert await silent(world, now) == []
    both = sorted([PHARMACY, HEALTH_CENTRE])
    assert await silent(world, now + timedelta(minutes=1)) == both
    await world.clock.set(day(3, 12, 9))
    await sell_to(world, await world.person(digit=2), PHARMACY, uuid4())
    assert await silent(world, day(3, 12, 9, 30)) == [HEALTH_CENTRE]
    assert await silent(world, day(3, 12, 9, 31)) == [HEALTH_CENTRE, PHARMACY]
    assert await silent(world, day(3, 12, 23)) == []


async def test_who_is_closed_has_nothing_or_left_is_not_silent(world: World) -> None:
    now = day(3, 12, 10)
    async with world.db.transaction() as tx:
        await set_opening(
            tx,
            site_code=PHARMACY,
            opening=Opening("Y" * 7 + "N" * 14, ""),
            by="wu",
            now=now,
        )
    assert await silent(world, now) == [HEALTH_CENTRE]
    async with world.db.transaction() as tx:
        await tx.execute(
            "UPDATE counter_stock SET pieces = 0 WHERE site_code = %s", (HEALTH_CENTRE,)
        )
    assert await silent(world, now) == []
    assert await silent(world, day(3, 12, 15)) == [PHARMACY]
    async with world.db.transaction() as tx:
        await close_on(tx, site_code=None, day=THURSDAY, note="", by="op", now=now)
    assert await silent(world, day(3, 12, 15)) == []
    assert await silent(world, day(3, 13, 15)) == [PHARMACY]
    async with world.db.transaction() as tx:
        await tx.execute("UPDATE counter_site SET active = false")
    assert await silent(world, day(3, 13, 15)) == []
