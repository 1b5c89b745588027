"""A gateway of these tests' own: it keeps its trades in memory and misbehaves on demand."""

import hmac
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from hashlib import sha256
from itertools import count

from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    CheckoutForm,
    ForgedMessage,
    GatewayMessage,
    MessageKind,
    NoAnswer,
    Paused,
    Purchase,
    Question,
    Reply,
    ReturnAddresses,
    SettledRow,
    TradeStanding,
    UnreadableFile,
)

_KEY = b"only the till signs with this"


@dataclass(slots=True, kw_only=True)
class Trade:
    """What the till knows of a trade; `news` is what it would tell of it when asked."""

    amount: int
    method: str
    account: str | None = None
    news: list[GatewayMessage] = field(default_factory=list)
    last: bytes | None = None
    card: CardState = CardState.CLOSED


class Till:
    """As `ports.Gateway` says, and what payers and their banks do at it."""

    cashier = "https://till.test"
    taken = Reply(status=200, content="thanks")
    not_genuine = Reply(status=400, content="who are you")

    def __init__(self, name: str = "till") -> None:
        self.name = name
        self.trades: dict[str, Trade] = {}
        self.asked: list[Question] = []
        self.silent_about: set[str] = set()
        self.paused_until: datetime | None = None
        self.while_asked: Callable[[], Awaitable[None]] | None = None
        self._numbers = count(1)

    def checkout(
        self, purchase: Purchase, addresses: ReturnAddresses, *, at: datetime
    ) -> CheckoutForm:
        fields = {
            "trade_no": purchase.trade_no,
            "amount": str(purchase.amount),
            "method": purchase.method.value,
            "item": purchase.item,
            "language": purchase.language,
            "until": purchase.expires_at.isoformat(),
            "told": addresses.told,
            "back": addresses.back,
        }
        return CheckoutForm(f"{self.cashier}/pay", fields)

    def read(self, body: bytes, *, at: datetime) -> GatewayMessage:
        signature, _, content = body.partition(b" ")
        if not hmac.compare_digest(signature, _signature(content, _KEY)):
            raise ForgedMessage
        told = json.loads(content)
        told["kind"] = MessageKind(told["kind"])
        told["valued_at"] = datetime.fromisoformat(told["valued_at"])
        return GatewayMessage(**told)

    def read_returned(self, body: bytes, *, at: datetime) -> GatewayMessage | None:
        return None

    async def ask(self, question: Question, *, at: datetime) -> TradeStanding:
        self.asked.append(question)
        if self.while_asked is not None:
            await self.while_asked()
        if self.paused_until is not None and at < self.paused_until:
            raise Paused(self.paused_until)
        if question.trade_no in self.silent_about:
            raise NoAnswer("standing")
        trade = self.trades.get(question.trade_no)
        return TradeStanding() if trade is None else TradeStanding(messages=tuple(trade.news))

    def next_step(
        self, refund: CardRefund, state: CardState
    ) -> tuple[CardAction, CardState] | None:
        if state is CardState.GIVEN_BACK:
            return None
        return CardAction.REFUND, CardState.GIVEN_BACK

    async def take_step(self, refund: CardRefund, action: CardAction, *, at: datetime) -> None:
        self.trades[refund.trade_no].card = CardState.GIVEN_BACK

    async def settled(self, day: date, *, at: datetime) -> Sequence[SettledRow] | None:
        return None

    def read_settled(self, content: bytes) -> Sequence[SettledRow]:
        raise UnreadableFile("line 1")

    # what payers and their banks do

    def open(self, form: CheckoutForm) -> str:
        """A payer's browser posts the form; the number of the trade."""
        trade_no = form.fields["trade_no"]
        if trade_no not in self.trades:
            amount, method = int(form.fields["amount"]), form.fields["method"]
            self.trades[trade_no] = Trade(amount=amount, method=method)
        return trade_no

    def issue(self, trade_no: str, *, at: datetime) -> bytes:
        """The till issues an account for a transfer and tells so."""
        trade = self.trades[trade_no]
        trade.account = trade.account or f"{next(self._numbers):014}"
        return self._tell(trade_no, MessageKind.ACCOUNT_ISSUED, at=at, number=trade.account)

    def pay(self, trade_no: str, *, at: datetime, amount: int | None = None) -> bytes:
        """Money comes, the bank values it `at`; each time other money."""
        number = f"T{next(self._numbers):09}"
        return self._tell(trade_no, MessageKind.PAID, at=at, amount=amount, number=number)

    def decline(self, trade_no: str, *, at: datetime) -> bytes:
        number = f"T{next(self._numbers):09}"
        return self._tell(trade_no, MessageKind.FAILED, at=at, number=number)

    def simulate(self, trade_no: str, *, at: datetime) -> bytes:
        """It looks paid and is no money; nobody who asks hears of it."""
        number = f"T{next(self._numbers):09}"
        message = self._message(trade_no, MessageKind.PAID, at=at, number=number, simulated=True)
        return signed(message)

    def repeat(self, trade_no: str) -> bytes:
        """The last message once more."""
        last = self.trades[trade_no].last
        assert last is not None
        return last

    def forge(self, trade_no: str, *, at: datetime) -> bytes:
        """A payment that somebody else claims."""
        message = self._message(trade_no, MessageKind.PAID, at=at, number="T0")
        return signed(message, key=b"somebody else's")

    def trade_to(self, account: str) -> str:
        """Whose account it is."""
        return next(no for no, trade in self.trades.items() if trade.account == account)

    def _tell(
        self,
        trade_no: str,
        kind: MessageKind,
        *,
        at: datetime,
        number: str,
        amount: int | None = None,
    ) -> bytes:
        trade = self.trades[trade_no]
        message = self._message(trade_no, kind, at=at, amount=amount, number=number)
        if message not in trade.news:
            trade.news.append(message)
        trade.last = signed(message)
        return trade.last

    def _message(
        self,
        trade_no: str,
        kind: MessageKind,
        *,
        at: datetime,
        number: str,
        amount: int | None = None,
        simulated: bool = False,
    ) -> GatewayMessage:
        trade = self.trades[trade_no]
        issued = kind is MessageKind.ACCOUNT_ISSUED
        return GatewayMessage(
            trade_no=trade_no,
            message_id=f"{kind}:{number}",
            kind=kind,
            amount=trade.amount if amount is None else amount,
            bank_code="822" if issued else None,
            account=trade.account if issued else None,
            valued_at=at,
            simulated=simulated,
            gateway_trade_no=number,
        )


def signed(message: GatewayMessage, *, key: bytes = _KEY) -> bytes:
    """A message as the till would post it."""
    told = {
        "trade_no": message.trade_no,
        "message_id": message.message_id,
        "kind": message.kind,
        "amount": message.amount,
        "bank_code": message.bank_code,
        "account": message.account,
        "valued_at": message.valued_at.isoformat(),
        "simulated": message.simulated,
        "gateway_trade_no": message.gateway_trade_no,
    }
    content = json.dumps(told).encode()
    return _signature(content, key) + b" " + content


def _signature(content: bytes, key: bytes) -> bytes:
    return hmac.new(key, content, sha256).hexdigest().encode()
