"""Templates: one Jinja environment a language, with the words and formats pages use."""

from collections.abc import Iterable
from datetime import date, datetime
from functools import cache

from babel.numbers import format_decimal
from jinja2 import ChoiceLoader, Environment, PackageLoader, PrefixLoader
from markupsafe import Markup

from emask.language import Language, translator
from emask.rounds.model import Chain, Store
from emask.rules.calendar import (
    Product,
    day_in_taipei,
    long_birth_date,
    long_date,
    long_instant,
)
from emask.rules.people import Document
from emask.rules.price import Method
from emask.rules.refusals.base import HOTLINE, HOTLINE_LOCAL, HOTLINE_MOBILE
from emask.rules.states import OrderState
from emask.web.shell.assets import asset_url
from emask.web.shell.words import REFUND_REASONS

Term = OrderState | Method | Document | Product | Chain


@cache
def environment(language: Language) -> Environment:
    """The templates in one language; a page's texts are source texts given to ``_``."""
    made = Environment(
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=ChoiceLoader(
            [
                PackageLoader("emask.web", "templates"),
                PrefixLoader({"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}),
            ]
        ),
    )
    formats = _Formats(language)
    made.globals.update(
        {
            "_": translator(language),
            "language": language,
            "asset_url": asset_url,
            "url": lambda path: f"/{language}{path}",
            "hotline": {"free": HOTLINE, "local": HOTLINE_LOCAL, "mobile": HOTLINE_MOBILE},
        }
    )
    made.filters.update(
        {
            "day": formats.day,
            "birth_date": formats.birth_date,
            "instant": formats.instant,
            "day_of": formats.day_of,
            "money": formats.money,
            "reason": formats.reason,
            "count": formats.count,
            "word": formats.word,
            "term": formats.term,
            "words": formats.words,
            "shop": formats.shop,
            "local": formats.local,
            "fours": fours,
            "threes": threes,
        }
    )
    return made


def fours(digits: str) -> Markup:
    """A long number in groups of four; copied it stays one number."""
    return _groups(digits, size=4)


def threes(digits: str) -> Markup:
    """Likewise in groups of three."""
    return _groups(digits, size=3)


def _groups(digits: str, *, size: int) -> Markup:
    groups = [digits[start : start + size] for start in range(0, len(digits), size)]
    return Markup("").join(Markup("<span>{}</span>").format(group) for group in groups)


class _Formats:
    """Days, sums and fixed words as one language writes them."""

    def __init__(self, language: Language) -> None:
        self._language = language

    def day(self, day: date) -> str:
        return long_date(day, self._language.code)

    def birth_date(self, day: date) -> str:
        return long_birth_date(day, self._language.code)

    def day_of(self, instant: datetime) -> str:
        return self.day(day_in_taipei(instant))

    def instant(self, instant: datetime) -> str:
        return long_instant(instant, self._language.code)

    def money(self, amount: int) -> str:
        return f"{amount} 元" if self._language is Language.ZH else f"NT${amount}"

    def reason(self, code: str) -> str:
        """Why money goes back."""
        return translator(self._language)(REFUND_REASONS.get(code, code))

    def count(self, number: int) -> str:
        return format_decimal(number, locale="en")

    def words(self, terms: Iterable[Document]) -> str:
        """Several of them in a row."""
        separator = "、" if self._language is Language.ZH else ", "
        return separator.join(self.term(term) for term in terms)

    def shop(self, store: Store) -> Markup:
        """A store by its chain and name."""
        return Markup("{} {}").format(self.word(store.chain), self.local(store.name))

    def local(self, text: str) -> Markup:
        """A name or address as it is written there, marked as Chinese on an English page."""
        if self._language is Language.ZH:
            return Markup("{}").format(text)
        return Markup('<span lang="{}">{}</span>').format(Language.ZH.tag, text)

    def word(self, term: Term) -> str:
        """How people call something, at the head of a line."""
        plain = self.term(term)
        return plain[0].upper() + plain[1:]

    def term(self, term: Term) -> str:
        """Likewise within a line."""
        if isinstance(term, Chain):
            return term.label if self._language is Language.ZH else term.label_en
        return term.zh if self._language is Language.ZH else term.en
