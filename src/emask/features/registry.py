"""The steps: fixed phrases of the scheme with typed places, bound to functions.

A phrase is written as it is read: ``{name} 於{site:藥局|衛生所}購買{product:成人|兒童}口罩``. A
place is ``{argument}``, ``{argument:type}`` or ``{argument:one|of|these}``.
"""

import re
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, TypeVar

from emask.features.places import CONVERTERS, Converter, WrongWord, choice

Table = tuple[tuple[str, ...], ...]
Run = Callable[..., Awaitable[None]]
R = TypeVar("R", bound=Run)

_NAMES = frozenset({"name", "proxy"})
_PLACE = re.compile(r"\{(\w+)(?::([^}]+))?\}")


class NotUnderstood(Exception):
    """A step that no phrase covers, or that has a wrong word in one of its places."""

    def __init__(self, *, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh = zh
        self.en = en


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """One phrase. ``acts`` tells what happens apart from what is only looked at."""

    text: str
    pattern: re.Pattern[str]
    converters: dict[str, Converter]
    run: Run
    acts: bool
    takes_table: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step of a feature file, understood: what to run, and with which values."""

    text: str
    line: int
    phrase: Phrase
    values: dict[str, Any]


class Registry:
    """All phrases that features may use, under any keyword."""

    def __init__(self, phrases: Iterable[Phrase] = ()) -> None:
        self._phrases = list(phrases)

    def joined_by(self, others: Iterable["Registry"]) -> "Registry":
        """All phrases in one; of two that fit a step, the one that fixes more words counts."""
        phrases = [*self._phrases, *(phrase for other in others for phrase in other)]
        return Registry(sorted(phrases, key=lambda each: -len(_PLACE.sub("", each.text))))

    def __iter__(self) -> Iterator[Phrase]:
        return iter(self._phrases)

    def act(self, text: str) -> Callable[[R], R]:
        """Bind a phrase to something that happens."""
        return self._binder(text, acts=True, takes_table=False)

    def act_with_table(self, text: str) -> Callable[[R], R]:
        """Bind a phrase, followed by a table, to something that happens."""
        return self._binder(text, acts=True, takes_table=True)

    def check(self, text: str) -> Callable[[R], R]:
        """Bind a phrase to something that must be so; it changes nothing."""
        return self._binder(text, acts=False, takes_table=False)

    def vocabulary(self) -> list[str]:
        """Every phrase as it is written."""
        return [phrase.text for phrase in self._phrases]

    def knows(self, text: str) -> bool:
        """Whether a phrase covers the text, its words right or wrong."""
        return any(phrase.pattern.fullmatch(text) for phrase in self._phrases)

    def understand(self, text: str, *, line: int, table: Table) -> Step:
        """The phrase and values behind a step's text.

        Raises:
            NotUnderstood: no phrase covers it, a word or value in it is wrong, or it lacks its
                table or has one that nobody reads.
        """
        wrong: WrongWord | None = None
        for phrase in self._phrases:
            if found := phrase.pattern.fullmatch(text.strip()):
                try:
                    values = _values(phrase, found)
                except WrongWord as word:
                    wrong = wrong or word
                    continue
                _require_table(phrase, table)
                values |= {"table": table, "line": line} if phrase.takes_table else {}
                return Step(text=text, line=line, phrase=phrase, values=values)
        if wrong is not None:
            raise NotUnderstood(zh=wrong.zh, en=wrong.en)
        raise self._unknown(text)

    def _binder(self, text: str, *, acts: bool, takes_table: bool) -> Callable[[R], R]:
        def bind(run: R) -> R:
            pattern, converters = _compile(text)
            self._phrases.append(
                Phrase(
                    text=text,
                    pattern=pattern,
                    converters=converters,
                    run=run,
                    acts=acts,
                    takes_table=takes_table,
                )
            )
            return run

        return bind

    def _unknown(self, text: str) -> NotUnderstood:
        near = get_close_matches(text, self.vocabulary(), n=1, cutoff=0.3)
        hint_zh = f"；最接近的是「{near[0]}」" if near else ""
        hint_en = f'; the nearest is "{near[0]}"' if near else ""
        return NotUnderstood(
            zh=f"沒有這個步驟：{text}{hint_zh}", en=f"unknown step: {text}{hint_en}"
        )


def _values(phrase: Phrase, found: re.Match[str]) -> dict[str, Any]:
    return {
        argument: convert(found[argument].strip())
        for argument, convert in phrase.converters.items()
    }


def _require_table(phrase: Phrase, table: Sequence[object]) -> None:
    if phrase.takes_table and not table:
        raise NotUnderstood(zh="此步驟之下要有表格", en="the step needs a table below it")
    if table and not phrase.takes_table:
        raise NotUnderstood(zh="此步驟不用表格", en="the step takes no table")


def _compile(text: str) -> tuple[re.Pattern[str], dict[str, Converter]]:
    converters: dict[str, Converter] = {}
    pattern, end, blanks = "", 0, ""
    for place in _PLACE.finditer(text):
        argument, kind = place[1], place[2] or place[1]
        converters[argument] = choice(kind) if "|" in kind else CONVERTERS[kind]
        words = text[end : place.start()].lstrip(blanks)
        # beside a name a blank tells where it ends; elsewhere it is a matter of taste
        blanks = "" if kind in _NAMES else " "
        pattern += _literal(words.rstrip(blanks))
        pattern += rf"\s*(?P<{argument}>\S|\S.*?\S)\s*"
        end = place.end()
    return re.compile(pattern + _literal(text[end:].lstrip(blanks))), converters


def _literal(words: str) -> str:
    pattern = re.escape(words).replace("，", r"[，,]\s*")
    return re.sub(r"(\\ )+", r"\\s+", pattern)
