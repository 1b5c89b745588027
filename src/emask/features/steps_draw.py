"""Steps about the draw."""

from emask.draw.model import DrawPlace, DrawRecord
from emask.draw.service import place_of, record_of, verify
from emask.features.citizen import Citizen
from emask.features.outcome import require, require_equal
from emask.features.registry import Registry
from emask.features.world import World
from emask.rounds.service import all_rounds

STEPS = Registry()
_NOT_PUBLISHED = ("抽籤結果還沒有公布", "the draw is not published yet")


@STEPS.check("{name} 中籤")
async def selected(world: World, *, name: str) -> None:
    """The published draw has selected the citizen."""
    place = await _place(world, world.citizen(name))
    require(place is not None and place.selected, zh="未中籤", en="not selected")


@STEPS.check("{name} 未中籤")
async def not_selected(world: World, *, name: str) -> None:
    """The published draw has not selected the citizen, who may not even have taken part."""
    place = await _place(world, world.citizen(name))
    require(place is None or not place.selected, zh="已中籤", en="selected")


@STEPS.check("中籤人數為 {n}")
async def selected_are(world: World, *, n: int) -> None:
    """How many the last draw that was published has selected."""
    require_equal((await _draw(world)).selected, n)


@STEPS.check("登記人數為 {n}")
async def entries_are(world: World, *, n: int) -> None:
    """How many were on the list of the last draw that was published."""
    require_equal((await _draw(world)).entries, n)


@STEPS.check("{name}、{other:name} 當中恰有 {n} 人中籤")
async def selected_among(world: World, *, name: str, other: str, n: int) -> None:
    """How many of two are selected."""
    places = [await _place(world, world.citizen(each)) for each in (name, other)]
    require_equal(sum(place is not None and place.selected for place in places), n)


@STEPS.check("抽籤結果經重算無誤")
async def recomputed(world: World) -> None:
    """Anyone who recomputes the draw from list and beacon comes to the same result."""
    record = await _draw(world)
    problems = await verify(world.system.db, record.round_id, world.system.partners.beacon)
    require(not problems, zh="；".join(problems), en="; ".join(problems))


async def _place(world: World, citizen: Citizen) -> DrawPlace | None:
    round = await world.round_of(citizen)
    await _published(world, round.id)
    async with world.system.db.transaction() as tx:
        return await place_of(tx, round_id=round.id, person_id=await world.enter(citizen))


async def _draw(world: World) -> DrawRecord:
    """The draw that was published last."""
    async with world.system.db.transaction() as tx:
        records = [await record_of(tx, round.id) for round in await all_rounds(tx)]
    published = [each for each in records if each and each.published_at]
    require(bool(published), zh=_NOT_PUBLISHED[0], en=_NOT_PUBLISHED[1])
    return max(published, key=lambda each: each.published_at or each.committed_at)


async def _published(world: World, round_id: str) -> None:
    async with world.system.db.transaction() as tx:
        record = await record_of(tx, round_id)
    published = record is not None and record.published_at is not None
    require(published, zh=_NOT_PUBLISHED[0], en=_NOT_PUBLISHED[1])
