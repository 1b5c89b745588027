"""Steps about rounds, the clock, and whether everything is sound."""

from datetime import datetime

from emask.features.outcome import Unfulfilled, WrongUse, require_equal
from emask.features.registry import Registry, Table
from emask.features.tables import line_of, read_fields
from emask.features.world import World
from emask.payment.service import money_of
from emask.programme.audit import audit
from emask.programme.service import advance_to, send_notices
from emask.rounds.catalogue import RoundFieldError, built_in_round, fields_of, round_from_fields
from emask.rounds.service import PickupsOverlap, RoundFrozen, UnknownRound, save_round, set_quota
from emask.rules.calendar import Round

STEPS = Registry()
_MAY_BE_LEFT_OUT = (
    *("quota", "product", "pieces", "price", "handling_fee", "interval_days"),
    *("child_born_from", "deferred_claim", "channels"),
)
_PROBLEMS = {"is missing": "沒有填", "there is no such field": "沒有這個欄位"}


@STEPS.act("2020 年第一輪預購")
async def load_first_round(world: World) -> None:
    """Round 2020-1 as it comes with the system."""
    await _save(world, built_in_round("2020-1"))


@STEPS.act("本輪名額為 {n} 份")
async def change_quota(world: World, *, n: int) -> None:
    """The quota of the round that the scenario spoke of last."""
    round = await world.this_round()
    try:
        async with world.system.db.transaction() as tx:
            await set_quota(tx, round.id, n)
    except ValueError:
        raise WrongUse(zh="名額至少 1 份", en="a quota is at least 1") from None
    except RoundFrozen:
        raise WrongUse(zh="截止之後不能再改名額", en="the list is frozen") from None


@STEPS.act_with_table("輪次 {id}，內容為")
async def define_round(
    world: World,
    *,
    id: str,  # noqa: A002 - the word of the phrase
    table: Table,
    line: int,
) -> None:
    """Any round by its fields; what is no date may be left out and is as in round 2020-1."""
    await _save(world, _round_of_table(world, id, table, line))


@STEPS.act("現在是 {instant}")
async def set_clock(world: World, *, instant: datetime) -> None:
    """Set the clock, backwards too; nothing falls due. What was told before has gone out."""
    await send_notices(world.system)
    await world.clock.set(instant)


@STEPS.act("時間來到 {instant}")
async def advance_clock(world: World, *, instant: datetime) -> None:
    """Everything due up to and including this instant happens in its order."""
    await send_notices(world.system)
    await advance_to(world.system, instant)


@STEPS.check("每份 {n} 片")
async def pieces_per_pack(world: World, *, n: int) -> None:
    """The pieces of one pack of the scenario's round."""
    require_equal((await world.this_round()).pieces, n)


@STEPS.check("實收金額為 {n} 元")
async def money_received(world: World, *, n: int) -> None:
    """All money of the scenario's round that came in, refunds included."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        require_equal((await money_of(tx, round.id)).received, n)


@STEPS.check("待退金額為 {n} 元")
async def money_to_refund(world: World, *, n: int) -> None:
    """Money of the scenario's round that has to go back."""
    round = await world.this_round()
    async with world.system.db.transaction() as tx:
        require_equal((await money_of(tx, round.id)).refunds_due, n)


@STEPS.check("各項不變條件成立")
async def sound(world: World) -> None:
    """The audit of the whole system finds nothing."""
    findings = await audit(world.system.db, world.system.partners.beacon)
    broken = [finding for finding in findings if not finding.ok]
    if broken:
        words = "; ".join(f"{finding.invariant}: {finding.detail}" for finding in broken)
        raise Unfulfilled(zh=f"不成立：{words}", en=f"broken: {words}")


async def _save(world: World, round: Round) -> None:
    try:
        async with world.system.db.transaction() as tx:
            await save_round(tx, round)
    except PickupsOverlap:
        raise WrongUse(zh="兩輪的取貨期間重疊", en="the pick-up windows overlap") from None
    except UnknownRound as wrong:
        raise WrongUse(zh="closed_to_buyers_of 所指的輪次不存在", en=str(wrong)) from None
    except RoundFrozen:
        raise WrongUse(zh="這一輪已截止，不能改內容", en="the round's list is frozen") from None
    world.round_id = round.id


def _round_of_table(world: World, name: str, table: Table, line: int) -> Round:
    given = read_fields(table, line) | {"id": world.round_id_of(name)}
    if earlier := given.get("closed_to_buyers_of"):
        given["closed_to_buyers_of"] = world.round_id_of(earlier)
    try:
        return round_from_fields(_defaults() | given)
    except RoundFieldError as wrong:
        raise WrongUse(
            zh=f"輪次的欄位「{wrong.field}」：{_PROBLEMS.get(wrong.problem, wrong.problem)}",
            en=f"field {wrong.field} {wrong.problem}",
            line=line_of(wrong.field, table, line),
        ) from None


def _defaults() -> dict[str, str]:
    fields = fields_of(built_in_round("2020-1"))
    return {name: fields[name] for name in _MAY_BE_LEFT_OUT}
