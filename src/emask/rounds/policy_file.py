"""Counter policies in a TOML file: one table ``[[policy]]`` for each first day."""

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final

from emask.rules.calendar import CounterPolicy

_FIELDS: Final = {field.name: field for field in dataclasses.fields(CounterPolicy)}
_DAYS: Final = ("valid_from", "child_born_from", "either_born_before")
_ANSWERS: Final = ("odd_even", "children_exempt", "adult_may_buy_child_masks")


class PolicyFileError(ValueError):
    """A file of policies cannot be used; the message names the file, the policy and the field."""


def policies_from_file(path: Path) -> tuple[CounterPolicy, ...]:
    """The policies of a file, the earliest first.

    Keys are the fields of :class:`~emask.rules.calendar.CounterPolicy`; those with a value of
    their own may be left out.

    Raises:
        PolicyFileError: the file cannot be read, a field is missing, unknown or wrong, or the days
            are not in order, each once.
    """
    try:
        return _policies(tomllib.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as fault:
        raise PolicyFileError(f"{path.name}: {fault}") from None


def facts_of(policy: CounterPolicy) -> dict[str, str | int | bool | None]:
    """A policy field by field, as JSON can hold it."""
    facts = dataclasses.asdict(policy)
    return {name: str(it) if isinstance(it, date) else it for name, it in facts.items()}


def _policies(table: Mapping[str, Any]) -> tuple[CounterPolicy, ...]:
    rows = table.get("policy", [])
    tables = isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)
    if set(table) != {"policy"} or not tables:
        raise ValueError("holds tables [[policy]] and nothing else")
    policies = tuple(_policy(row, number) for number, row in enumerate(rows, start=1))
    _require_order([policy.valid_from for policy in policies])
    return policies


def _policy(row: Mapping[str, Any], number: int) -> CounterPolicy:
    for name, value in row.items():
        if problem := _problem(name, value):
            raise ValueError(f"policy {number}: {name}: {problem}")
    needed = [name for name, field in _FIELDS.items() if field.default is dataclasses.MISSING]
    if missing := [name for name in needed if name not in row]:
        raise ValueError(f"policy {number}: {missing[0]}: is missing")
    try:
        return CounterPolicy(**row)
    except ValueError as fault:
        raise ValueError(f"policy {number}: {fault}") from None


def _problem(name: str, value: object) -> str:
    """What is wrong with a field; empty if nothing is."""
    if name not in _FIELDS:
        return "there is no such field"
    if name in _DAYS:
        is_day = isinstance(value, date) and not isinstance(value, datetime)
        return "" if is_day else "is no day such as 2020-03-05"
    if name in _ANSWERS:
        return "" if isinstance(value, bool) else "is neither true nor false"
    is_figure = isinstance(value, int) and not isinstance(value, bool)
    return "" if is_figure else "is no whole number"


def _require_order(days: Sequence[date]) -> None:
    if list(days) != sorted(set(days)):
        raise ValueError("valid_from: the days stand in order, each once")
