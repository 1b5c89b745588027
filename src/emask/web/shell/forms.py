"""What people type: kept as typed, read leniently, told by field what to type instead."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import date
from enum import StrEnum
from typing import Final, TypeVar
from uuid import UUID

from emask.language import Language
from emask.rules.people import InvalidEntry

T = TypeVar("T")
Choice = TypeVar("Choice", bound=StrEnum)

_NOT_TYPED: Final = frozenset({"Cc", "Cf", "Cs"})
_LONGEST_NOTE: Final = 200
_DAY: Final = re.compile(r"([0-9]{4})[-/.]([0-9]{1,2})[-/.]([0-9]{1,2})")


def printable(text: str) -> str:
    """A text without control and format characters, which nobody types on purpose."""
    return "".join(sign for sign in text if unicodedata.category(sign) not in _NOT_TYPED)


def number_of_ours(text: str) -> UUID | None:
    """A number (UUID) that a page of ours holds or has put into a form; None for anything else."""
    try:
        return UUID(text)
    except ValueError:
        return None


class Form:
    """The fields of a form, and what is to be corrected in them.

    ``values`` are as typed, so that a page shown again loses nothing; ``errors`` holds one text
    a field in the page's language, in the order of reading.
    """

    def __init__(self, language: Language, values: Mapping[str, str]) -> None:
        self.language = language
        self.values = values
        self.errors: dict[str, str] = {}

    @property
    def ok(self) -> bool:
        """Nothing is to be corrected."""
        return not self.errors

    def text(self, field: str) -> str:
        """A field without the spaces around it; empty when it is not there."""
        return self.values.get(field, "").strip()

    def ticked(self, field: str) -> bool:
        """Was this box ticked?"""
        return bool(self.text(field))

    def fail(self, field: str, text: str) -> None:
        """Ask for a correction; a field's first one stands."""
        self.errors.setdefault(field, text)

    def read(self, field: str, parse: Callable[[str], T]) -> T | None:
        """A field through a parser of the rules; None and a correction if it is not understood."""
        try:
            return parse(self.text(field))
        except InvalidEntry as invalid:
            self.fail(field, invalid.text(self.language.code))
            return None

    def choose(self, field: str, choices: type[Choice], missing: str) -> Choice | None:
        """One of a set of choices; None and the correction ``missing`` when none was made."""
        try:
            return choices(self.text(field))
        except ValueError:
            self.fail(field, missing)
            return None

    def require(self, field: str, missing: str) -> str:
        """A field that may not be empty; empty and the correction ``missing`` if it is."""
        text = self.text(field)
        if not text:
            self.fail(field, missing)
        return text

    def note(self, field: str, too_long: str) -> str:
        """Some words of one's own; the correction ``too_long`` if they are many."""
        text = self.text(field)
        if len(text) > _LONGEST_NOTE:
            self.fail(field, too_long)
        return text

    def number(self, field: str, most: int, wrong: str) -> int:
        """A number from 1 to ``most``; 0 and the correction ``wrong`` for anything else."""
        digits = unicodedata.normalize("NFKC", self.text(field)).replace(",", "")
        if len(digits) <= len(str(most)) and digits.isdecimal() and 1 <= int(digits) <= most:
            return int(digits)
        self.fail(field, wrong)
        return 0

    def day(self, field: str, wrong: str) -> date | None:
        """A day, such as 2020-03-16 or 2020/3/16; None and the correction ``wrong`` otherwise."""
        written = _DAY.fullmatch(unicodedata.normalize("NFKC", self.text(field)))
        with suppress(ValueError):
            if written:
                return date(*map(int, written.groups()))
        self.fail(field, wrong)
        return None
