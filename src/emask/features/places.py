"""The typed places of a step: how its words become values.

Figures and words may be typed in full width, as input methods do.
"""

import unicodedata
from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from emask.rules.calendar import TAIPEI
from emask.rules.price import Method
from emask.rules.refusals import REFUSALS
from emask.rules.states import OrderState

Converter = Callable[[str], Any]


class WrongWord(ValueError):
    """A word or figure in a step that cannot stand there."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


def choice(words: str) -> Converter:
    """A converter that lets only these words pass, written ``one|of|these``."""
    allowed = words.split("|")

    def convert(word: str) -> str:
        if half_width(word) not in allowed:
            raise _not_one_of(word, allowed)
        return half_width(word)

    return convert


def half_width(text: str) -> str:
    """The text as it is compared: letters, figures and signs of one width."""
    return unicodedata.normalize("NFKC", text)


def _text(word: str) -> str:
    return word


def _number(word: str) -> int:
    digits = half_width(word).replace(",", "")
    if not digits.isdecimal():
        raise WrongWord(zh=f"「{word}」不是整數", en=f'"{word}" is not a whole number')
    return int(digits)


def _digit(word: str) -> int:
    if len(word) != 1:
        raise WrongWord(zh=f"「{word}」不是一位數字", en=f'"{word}" is not one digit')
    return _number(word)


def _date(word: str) -> date:
    try:
        return datetime.strptime(half_width(word), "%Y-%m-%d").replace(tzinfo=TAIPEI).date()
    except ValueError:
        raise WrongWord(
            zh=f"「{word}」不是日期，寫法為 2020-03-12", en=f'"{word}" is no date like 2020-03-12'
        ) from None


def _instant(word: str) -> datetime:
    try:
        return datetime.strptime(half_width(word), "%Y-%m-%d %H:%M").replace(tzinfo=TAIPEI)
    except ValueError:
        raise WrongWord(
            zh=f"「{word}」不是時間，寫法為 2020-03-12 09:00",
            en=f'"{word}" is no time like 2020-03-12 09:00',
        ) from None


def _code(word: str) -> str:
    if word not in REFUSALS:
        raise WrongWord(zh=f"沒有「{word}」這個代碼", en=f'there is no refusal code "{word}"')
    return word


def _state(word: str) -> OrderState:
    words = {state.zh: state for state in OrderState}
    if word not in words:
        raise _not_one_of(word, list(words))
    return words[word]


def _method(word: str) -> Method:
    words = {method.zh: method for method in Method}
    if half_width(word) not in words:
        raise _not_one_of(word, list(words))
    return words[half_width(word)]


def _methods(word: str) -> frozenset[Method]:
    return frozenset(_method(part.strip()) for part in word.split("、"))


def _not_one_of(word: str, allowed: list[str]) -> WrongWord:
    return WrongWord(
        zh=f"「{word}」不是{'、'.join(allowed)}之一",
        en=f'"{word}" is not one of {", ".join(allowed)}',
    )


CONVERTERS: dict[str, Converter] = {
    "name": _text,
    "proxy": _text,
    "text": _text,
    "id": _text,
    "n": _number,
    "digit": _digit,
    "date": _date,
    "instant": _instant,
    "code": _code,
    "state": _state,
    "method": _method,
    "methods": _methods,
}
