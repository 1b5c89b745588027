"""A till that gives cards' money back step by step, and fails in every way a gateway does."""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime

from emask.partners.ecpay.card_refund import next_step
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    MessageKind,
    NoAnswer,
    Question,
    RefundRefused,
    TradeStanding,
)
from payment.till import Till


class Killed(BaseException):
    """The worker dies here."""


@dataclass(slots=True)
class Money:
    """Of one card payment, how far it is and what went back of it, NT$."""

    paid: int
    state: CardState = CardState.AUTHORISED
    back: int = 0
    calls: list[CardAction] = field(default_factory=list)


class CardTill(Till):
    """Each of `before` is raised instead of carrying a step out, each of `after` once it was."""

    def __init__(self, name: str = "till", *, reckons: bool = False) -> None:
        super().__init__(name)
        self.reckons = reckons
        self.money: dict[str, Money] = {}
        self.before: list[BaseException | None] = []
        self.after: list[BaseException] = []
        self.hold: asyncio.Event | None = None
        self.reached = asyncio.Event()

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        told = await super().ask(question, at=at)
        money = self._money(question.trade_no)
        if self.reckons:  # from the clock alone: it knows of no step
            reckoned = CardState.CLOSED if money.state is CardState.CLOSED else CardState.AUTHORISED
            return TradeStanding(messages=told.messages, card=reckoned, card_reckoned=True)
        return TradeStanding(
            messages=told.messages, card=money.state, refundable=money.paid - money.back
        )

    def next_step(
        self, refund: CardRefund, state: CardState
    ) -> tuple[CardAction, CardState] | None:
        return next_step(refund, state)

    async def take_step(self, refund: CardRefund, action: CardAction, *, at: datetime) -> None:
        if self.hold is not None:
            self.reached.set()
            await self.hold.wait()
        if self.before and (trouble := self.before.pop(0)) is not None:
            raise trouble
        money = self._money(refund.trade_no)
        if (money.state, action) not in _AFTER or money.back + refund.back > money.paid:
            raise RefundRefused(action, "999")
        money.calls.append(action)
        money.state = _AFTER[money.state, action]
        if action in (CardAction.REFUND, CardAction.ABANDON):
            money.back += refund.back
            if money.back == money.paid:
                money.state = CardState.GIVEN_BACK
        if self.after:
            raise self.after.pop()

    def close(self, trade_no: str) -> None:
        """The bank takes the money."""
        self._money(trade_no).state = CardState.CLOSED

    def lose_answer(self) -> None:
        """The next step is carried out, and its answer is lost."""
        self.after.append(NoAnswer("step"))

    def stall(self) -> None:
        """The next step is not carried out, and nobody says so."""
        self.before.append(NoAnswer("step"))

    def _money(self, trade_no: str) -> Money:
        """That of the last payment of a trade."""
        paid = sum(
            each.amount for each in self.trades[trade_no].news if each.kind is MessageKind.PAID
        )
        return self.money.setdefault(trade_no, Money(paid))


_AFTER = {
    (CardState.AUTHORISED, CardAction.ABANDON): CardState.GIVEN_BACK,
    (CardState.AUTHORISED, CardAction.CLOSE): CardState.TO_BE_CLOSED,
    (CardState.TO_BE_CLOSED, CardAction.CANCEL_CLOSING): CardState.AUTHORISED,
    (CardState.TO_BE_CLOSED, CardAction.REFUND): CardState.TO_BE_CLOSED,
    (CardState.CLOSED, CardAction.REFUND): CardState.CLOSED,
}
