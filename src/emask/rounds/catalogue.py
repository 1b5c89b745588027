"""Rounds and counter policies written down as data: built in, in files, in tables of text."""

import dataclasses
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

from emask.rounds.policy_file import policies_from_file
from emask.rules.calendar import (
    TAIPEI,
    Channel,
    CounterPolicy,
    DeferredClaim,
    Product,
    Round,
)

BUILT_IN = ("2020-1", "2020-2", "2020-nine")
"""The ids of the rounds that come with the system, in their order."""

_DATA = Path(__file__).parent / "data"
_FIELDS = tuple(field.name for field in dataclasses.fields(Round))
_OTHER_NAMES = {
    "interval": "interval_days",
    "pieces_per_pack": "pieces",
    "price_per_piece": "price",
}
_PRODUCTS = {"成人口罩": "adult_mask", "兒童口罩": "child_mask"}
_FIGURE = re.compile(r"(\d[\d,_]*)\s*(份|片|元|天|日|packs|pieces|days)?")


class RoundFieldError(ValueError):
    """A field of a round is missing, unknown or not to be understood."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


class RoundFileError(ValueError):
    """A file of a round cannot be used; the message names the file and the field."""


def built_in_round(round_id: str) -> Round:
    """One of the rounds :data:`BUILT_IN`. Raises LookupError for any other."""
    if round_id not in BUILT_IN:
        raise LookupError(f"no round {round_id} is built in")
    return round_from_file(_DATA / f"{round_id}.toml")


def built_in_policies() -> tuple[CounterPolicy, ...]:
    """The counter policies from 6 February 2020 on, the earliest first."""
    return policies_from_file(_DATA / "counter-policies.toml")


def round_from_file(path: Path) -> Round:
    """A round from a TOML file with the keys of :func:`round_from_fields`.

    Raises:
        RoundFileError: the file cannot be read, or a field is missing or wrong.
    """
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        return round_from_fields({key: _as_text(value) for key, value in table.items()})
    except (OSError, ValueError) as fault:
        raise RoundFileError(f"{path.name}: {fault}") from None


def round_from_fields(fields: Mapping[str, str]) -> Round:
    """A round from its fields as text.

    Args:
        fields: the fields of :class:`~emask.rules.calendar.Round`. Times such as
            `2020-03-12 09:00` are Taipei's, days such as `2020-03-26`; channels stand between
            commas. Full-width characters and separated thousands are fine. `product`,
            `deferred_claim`, `channels` and `closed_to_buyers_of` may be left out, `release_at`
            is `pay_until` then.

    Raises:
        RoundFieldError: a field is missing, unknown or not to be understood, or dates are out of
            order.
    """
    read = _Reader(fields)
    try:
        return Round(
            id=read.text("id"),
            opens_at=read.instant("opens_at"),
            closes_at=read.instant("closes_at"),
            pay_from=read.instant("pay_from"),
            pay_until=read.instant("pay_until"),
            release_at=read.instant("release_at" if read.has("release_at") else "pay_until"),
            pickup_from=read.day("pickup_from"),
            pickup_until=read.day("pickup_until"),
            quota=read.figure("quota"),
            product=read.product(),
            pieces=read.figure("pieces"),
            price=read.figure("price"),
            handling_fee=read.figure("handling_fee"),
            interval_days=read.figure("interval_days"),
            child_born_from=read.day("child_born_from"),
            deferred_claim=read.deferred_claim(),
            channels=read.channels(),
            closed_to_buyers_of=read.text("closed_to_buyers_of")
            if read.has("closed_to_buyers_of")
            else None,
        )
    except RoundFieldError:
        raise
    except ValueError as fault:
        field, _, problem = str(fault).partition(": ")
        raise RoundFieldError(field, problem) from None


def fields_of(round: Round) -> dict[str, str]:
    """A round as text, field by field: what :func:`round_from_fields` reads.

    Laid under the fields of another one, it fills in what that one leaves out.
    """
    fields = {name: getattr(round, name) for name in _FIELDS}
    return {name: _as_text(value) for name, value in fields.items() if value is not None}


class _Reader:
    """The fields of a round as they were given; every reading names its field when it fails."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        self._fields: dict[str, str] = {}
        for name, text in fields.items():
            field = re.sub(r"[ -]", "_", _plain(name).lower())
            field = _OTHER_NAMES.get(field, field)
            if field not in _FIELDS:
                raise RoundFieldError(name, "there is no such field")
            self._fields[field] = _plain(text)

    def has(self, field: str) -> bool:
        return bool(self._fields.get(field))

    def text(self, field: str) -> str:
        if not self.has(field):
            raise RoundFieldError(field, "is missing")
        return self._fields[field]

    def instant(self, field: str) -> datetime:
        text = _iso(self.text(field))
        try:
            instant = datetime.fromisoformat(text)
        except ValueError:
            raise RoundFieldError(field, f"is no time such as 2020-03-12 09:00: {text}") from None
        return instant if instant.tzinfo else instant.replace(tzinfo=TAIPEI)

    def day(self, field: str) -> date:
        text = _iso(self.text(field))
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise RoundFieldError(field, f"is no day such as 2020-03-26: {text}") from None

    def figure(self, field: str) -> int:
        text = self.text(field)
        if not (match := _FIGURE.fullmatch(text)):
            raise RoundFieldError(field, f"is no whole number: {text}")
        return int(match[1].replace(",", ""))

    def product(self) -> Product:
        text = self._fields.get("product") or Product.ADULT_MASK
        return Product(_one_of("product", _PRODUCTS.get(text, text.replace(" ", "_")), Product))

    def deferred_claim(self) -> DeferredClaim:
        text = self._fields.get("deferred_claim") or DeferredClaim.FULL
        return DeferredClaim(_one_of("deferred_claim", text, DeferredClaim))

    def channels(self) -> frozenset[Channel]:
        if not self.has("channels"):
            return frozenset({Channel.COMPUTER, Channel.MOBILE, Channel.COUNTER})
        names = re.split(r"[,、\s]+", self.text("channels"))
        return frozenset(Channel(_one_of("channels", name, Channel)) for name in names)


def _one_of(field: str, text: str, kinds: type[Product | DeferredClaim | Channel]) -> str:
    if text not in tuple(kinds):
        raise RoundFieldError(field, f"is none of {', '.join(kinds)}: {text}")
    return text


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _iso(text: str) -> str:
    """2020/3/1 9:00 as 2020-03-01 09:00."""
    return re.sub(r"(?<!\d)(\d)(?!\d)", r"0\1", text.replace("/", "-"))


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(" ")
    if isinstance(value, list | frozenset):
        return ", ".join(sorted(value))
    return str(value)
