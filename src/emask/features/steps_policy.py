"""The steps about what pharmacies and health centres sell (B17)."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from types import MappingProxyType
from typing import Any

from emask.features.outcome import WrongUse
from emask.features.places import CONVERTERS, Converter, WrongWord
from emask.features.registry import Registry, Table
from emask.features.tables import line_of, read_fields
from emask.features.world import World
from emask.rounds.catalogue import built_in_policies
from emask.rounds.service import policy_on, save_policies
from emask.rules.calendar import CounterPolicy

STEPS = Registry()
_FIGURES = (
    *("interval_days", "adult_pieces", "child_pieces", "price"),
    *("proxy_adults", "proxy_children"),
)
_ANSWERS = ("odd_even", "children_exempt", "adult_may_buy_child_masks")


def _yes_or_no(word: str) -> bool:
    if word not in ("是", "否"):
        raise WrongWord(zh=f"「{word}」不是是或否", en=f'"{word}" is neither 是 nor 否')
    return word == "是"


_FIELDS: Mapping[str, Converter] = MappingProxyType(
    {
        **dict.fromkeys(_FIGURES, CONVERTERS["n"]),
        **dict.fromkeys(("child_born_from", "either_born_before"), CONVERTERS["date"]),
        **dict.fromkeys(_ANSWERS, _yes_or_no),
    }
)


@STEPS.act("2020 年歷次藥局規則")
async def load_policies(world: World) -> None:
    """What counters sold in 2020, each rule from its own first day on."""
    async with world.system.db.transaction() as tx:
        await save_policies(tx, built_in_policies())


@STEPS.act_with_table("{date} 起的藥局規則為")
async def change_policy(world: World, *, date: date, table: Table, line: int) -> None:
    """What counters sell from that day on; fields that are not named stay as they are."""
    async with world.system.db.transaction() as tx:
        before = await policy_on(tx, date)
        await save_policies(tx, [_changed(before, date, table, line)])


def _changed(before: CounterPolicy, day: date, table: Table, line: int) -> CounterPolicy:
    changes: dict[str, Any] = {}
    for field, word in read_fields(table, line).items():
        below = line_of(field, table, line)
        if field not in _FIELDS:
            zh = f"藥局規則沒有「{field}」這個欄位，有的是：{'、'.join(_FIELDS)}"
            raise WrongUse(zh=zh, en=f"there is no field {field}", line=below)
        try:
            changes[field] = _FIELDS[field](word)
        except WrongWord as wrong:
            raise WrongUse(zh=wrong.zh, en=wrong.en, line=below) from None
    try:
        return replace(before, valid_from=day, **changes)
    except ValueError as wrong:
        raise WrongUse(zh=f"數字要大於零（{wrong}）", en=str(wrong), line=line) from None
