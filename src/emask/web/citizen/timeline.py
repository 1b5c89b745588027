"""The progress page's timeline: where an order stands, in words, and when what follows."""

from dataclasses import dataclass
from enum import StrEnum

from emask.programme.progress import Progress
from emask.rules.calendar import Round, long_date, long_instant
from emask.rules.states import OrderState
from emask.web.shell.page import Page


class Mark(StrEnum):
    """How a step stands; shown by symbol, word and colour."""

    DONE = "done"
    NOW = "now"
    TODO = "todo"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """One step of the timeline: its word and, where there is one, its fact."""

    mark: Mark
    word: str
    fact: str = ""


_PAID = (OrderState.PAID, OrderState.ARRIVED, OrderState.COLLECTED, OrderState.FORFEITED)


def timeline(page: Page, round: Round, progress: Progress) -> list[Moment]:
    """The steps in their order; after one that ends the order nothing follows."""
    steps = [
        _registration(page, round, progress),
        _draw(page, round, progress),
        _payment(page, progress),
        _arrival(page, progress),
        _collection(page, progress),
    ]
    for number, step in enumerate(steps, start=1):
        if step.mark is Mark.ENDED:
            return steps[:number]
    return steps


def _registration(page: Page, round: Round, progress: Progress) -> Moment:
    if progress.state is OrderState.CANCELLED and not progress.never_came:
        return Moment(mark=Mark.ENDED, word=_word(page, OrderState.CANCELLED))
    word = _word(page, OrderState.REGISTERED)
    if not round.accepts_preorders(page.now):
        return Moment(mark=Mark.DONE, word=word)
    closing = long_instant(round.closes_at, page.language.code)
    fact = page.say("{closing}前可以更改或取消").format(closing=closing)
    return Moment(mark=Mark.DONE, word=word, fact=fact)


def _draw(page: Page, round: Round, progress: Progress) -> Moment:
    if progress.rank is None or progress.entries is None:
        published = long_instant(round.pay_from, page.language.code)
        mark = Mark.TODO if round.accepts_preorders(page.now) else Mark.NOW
        fact = page.say("{published}公布結果").format(published=published)
        return Moment(mark=mark, word=page.say("抽籤"), fact=fact)
    fact = page.say("第 {rank} 位；名額 {quota} 份，共 {entries} 人登記").format(
        rank=f"{progress.rank:,}", quota=f"{progress.quota:,}", entries=f"{progress.entries:,}"
    )
    if progress.state is OrderState.NOT_SELECTED:
        return Moment(mark=Mark.ENDED, word=_word(page, OrderState.NOT_SELECTED), fact=fact)
    return Moment(mark=Mark.DONE, word=page.say("中籤"), fact=fact)


def _payment(page: Page, progress: Progress) -> Moment:
    deadline = long_instant(progress.pay_until, page.language.code)
    fact = page.say("繳費期限 {deadline}").format(deadline=deadline)
    if progress.state in _PAID or progress.never_came:
        return Moment(mark=Mark.DONE, word=_word(page, OrderState.PAID))
    if progress.state is OrderState.LAPSED:
        return Moment(mark=Mark.ENDED, word=_word(page, OrderState.LAPSED), fact=fact)
    if progress.state is OrderState.AWAITING_PAYMENT:
        return Moment(mark=Mark.NOW, word=_word(page, OrderState.AWAITING_PAYMENT), fact=fact)
    return Moment(mark=Mark.TODO, word=page.say("繳費"), fact=fact)


def _arrival(page: Page, progress: Progress) -> Moment:
    if progress.never_came:
        fact = page.say("口罩沒有送達")
        return Moment(mark=Mark.ENDED, word=_word(page, OrderState.CANCELLED), fact=fact)
    if progress.state is OrderState.PAID:
        return Moment(mark=Mark.NOW, word=page.say("送往門市"))
    if progress.state in _PAID:
        return Moment(mark=Mark.DONE, word=_word(page, OrderState.ARRIVED))
    return Moment(mark=Mark.TODO, word=page.say("送往門市"))


def _collection(page: Page, progress: Progress) -> Moment:
    if progress.state is OrderState.COLLECTED:
        return Moment(mark=Mark.DONE, word=_word(page, OrderState.COLLECTED))
    if progress.delayed:
        return Moment(mark=Mark.TODO, word=page.say("領取"), fact=page.say("到店時另行通知"))
    language = page.language.code
    fact = page.say("{first}到{last}").format(
        first=long_date(progress.collect_from, language),
        last=long_date(progress.collect_until, language),
    )
    if progress.state is OrderState.FORFEITED:
        return Moment(mark=Mark.ENDED, word=_word(page, OrderState.FORFEITED), fact=fact)
    mark = Mark.NOW if progress.state is OrderState.ARRIVED else Mark.TODO
    return Moment(mark=mark, word=page.say("領取"), fact=fact)


def _word(page: Page, state: OrderState) -> str:
    return state.zh if page.language.code == "zh" else state.en
