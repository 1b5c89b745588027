"""What a refusal is: a rule's answer to a person, with its facts, in two languages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime
from types import MappingProxyType
from typing import ClassVar

from emask.rules.calendar import Language, long_birth_date, long_date, long_instant
from emask.rules.words import word

HOTLINE = "0800-030-598"
"""The NHI hotline, with `HOTLINE_LOCAL` from any area and `HOTLINE_MOBILE` from phones (A6)."""
HOTLINE_LOCAL = "4128-678"
HOTLINE_MOBILE = "(02)4128-678"


@dataclass(kw_only=True, eq=False)
class Refusal(Exception):
    """Base of all refusals: one subclass for each stable code.

    `zh` and `en` are lines: the rule, which names no data and serves as title, then facts and
    the next date. A line whose data is unknown is left out, and so is what stands in brackets
    within a line. `status` is the HTTP status.
    An instance's fields are its data; all of them are optional and none is personal.
    """

    code: ClassVar[str]
    status: ClassVar[int]
    zh: ClassVar[str]
    en: ClassVar[str]
    next_zh: ClassVar[str]
    next_en: ClassVar[str]
    identity: ClassVar[bool] = False

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if "code" in vars(cls):
            _by_code[cls.code] = cls

    def __str__(self) -> str:
        return self.code

    @property
    def data(self) -> dict[str, str]:
        """The known facts as text: ISO dates and times, lists joined by commas."""
        return {name: _plain(value) for name, value in self._facts().items()}

    def title(self, language: Language) -> str:
        """The rule in one line, without full stop."""
        return self._template(language).split("\n", 1)[0].rstrip("。.")

    def text(self, language: Language) -> str:
        """Rule, fact and next date as lines of text."""
        facts = {name: _spoken(name, value, language) for name, value in self._facts().items()}
        unknown = [f"{{{field.name}}}" for field in fields(self) if field.name not in facts]

        def known(clause: str) -> bool:
            return not any(name in clause for name in unknown)

        told = _CLAUSE.sub(
            lambda clause: clause[1] if known(clause[1]) else "", self._template(language)
        )
        return "\n".join(line.format_map(facts) for line in told.split("\n") if known(line))

    def next_step(self, language: Language) -> str:
        """What to do next."""
        return self.next_zh if language == "zh" else self.next_en

    def _template(self, language: Language) -> str:
        return self.zh if language == "zh" else self.en

    def _facts(self) -> dict[str, object]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


class IdentityRefusal(Refusal):
    """Base of the failures to prove who one is; they end with the hotline (A6)."""

    identity = True

    def next_step(self, language: Language) -> str:
        """The next way to try, then the hotline."""
        way = super().next_step(language)
        if language == "zh":
            return (
                f"{way}仍無法完成時，撥健保諮詢專線 {HOTLINE} 或 {HOTLINE_LOCAL}，"
                f"手機撥 {HOTLINE_MOBILE}。"
            )
        return (
            f"{way} If that fails too, call the NHI hotline on {HOTLINE} or {HOTLINE_LOCAL}, "
            f"from a mobile {HOTLINE_MOBILE}."
        )


_CLAUSE = re.compile(r"\[([^]]*)\]")
_by_code: dict[str, type[Refusal]] = {}

REFUSALS: Mapping[str, type[Refusal]] = MappingProxyType(_by_code)
"""The class of each code."""


def _plain(value: object) -> str:
    if isinstance(value, date):  # a datetime is one too
        return value.isoformat()
    if isinstance(value, tuple):
        return ",".join(value)
    return str(value)


def _spoken(name: str, value: object, language: Language) -> str:
    if isinstance(value, datetime):
        return long_instant(value, language)
    if isinstance(value, date) and name.endswith("born_from"):
        return long_birth_date(value, language)
    if isinstance(value, date):
        return long_date(value, language)
    if isinstance(value, tuple):
        separator = "、" if language == "zh" else ", "
        return separator.join(word(item, language) for item in value)
    return str(value)
