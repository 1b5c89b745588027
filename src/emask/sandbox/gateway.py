"""The sandbox gateway: issues accounts and payment pages, signs what it tells, can misbehave.

Its messages are fields with an HMAC over all of them in order of their names. The caller delivers
them to the system, as often and as late as it likes.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emask.database.pool import Database
from emask.payment.ports import ForgedMessage, GatewayMessage, Instruction, MessageKind
from emask.rules.price import Method

Fields = dict[str, str]

_BANK_CODE = "822"
_ACCOUNT_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """What the gateway knows of one trade; `amount` is NT$."""

    trade_no: str
    amount: int
    method: str
    expires_at: datetime
    bank_code: str | None
    account: str | None
    state: str
    last: Fields | None


class UnknownTrade(LookupError):
    """The gateway has no such trade."""


class SandboxGateway:
    """A payment provider of our own; its tables are made by :func:`emask.sandbox.schema.install`.

    Args:
        db: where it keeps its trades.
        secret: what it signs with.
    """

    name = "sandbox"

    def __init__(self, db: Database, *, secret: bytes) -> None:
        self._db = db
        self._secret = sha256(b"gateway" + secret).digest()

    async def open(
        self, *, trade_no: str, amount: int, method: Method, expires_at: datetime
    ) -> Instruction:
        """Take a trade: an account for an ATM transfer, else a page to go to."""
        by_transfer = method is Method.ATM
        bank_code = _BANK_CODE if by_transfer else None
        account = _account(trade_no) if by_transfer else None
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO sandbox.trade (trade_no, amount, method, expires_at, bank_code,"
                " account) VALUES (%s, %s, %s, %s, %s, %s)",
                (trade_no, amount, method, expires_at, bank_code, account),
            )
        return Instruction(
            redirect_url=None if by_transfer else f"/sandbox/pay/{trade_no}",
            bank_code=bank_code,
            account=account,
            expires_at=expires_at,
        )

    def read(self, fields: Mapping[str, str]) -> GatewayMessage:
        """Verify and read a message. Raises ForgedMessage."""
        told = {name: value for name, value in fields.items() if name != "signature"}
        expected = _signature(self._secret, told)
        if not hmac.compare_digest(expected.encode(), fields.get("signature", "").encode()):
            raise ForgedMessage
        try:
            message = GatewayMessage(
                trade_no=told["trade_no"],
                message_id=told["message_id"],
                kind=MessageKind(told["kind"]),
                amount=int(told["amount"]),
                bank_code=told["bank_code"] or None,
                account=told["account"] or None,
                valued_at=datetime.fromisoformat(told["valued_at"]),
                simulated=_YES_OR_NO[told["simulated"]],
            )
        except (KeyError, ValueError):
            raise ForgedMessage from None
        if message.amount < 0 or message.valued_at.tzinfo is None:
            raise ForgedMessage
        return message

    async def trade_of(self, trade_no: str) -> Trade:
        """A trade as the gateway knows it. Raises UnknownTrade."""
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Trade)) as cursor,
        ):
            await cursor.execute(
                "SELECT trade_no, amount, method, expires_at, bank_code, account, state, last"
                " FROM sandbox.trade WHERE trade_no = %s",
                (trade_no,),
            )
            trade = await cursor.fetchone()
        if trade is None:
            raise UnknownTrade(trade_no)
        return trade

    async def trade_to(self, account: str) -> str:
        """The trade that an account was issued for. Raises UnknownTrade."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "SELECT trade_no FROM sandbox.trade WHERE account = %s", (account,)
            )
            row = await cursor.fetchone()
        if row is None:
            raise UnknownTrade(account)
        return str(row[0])

    async def pay(self, trade_no: str, *, at: datetime, amount: int | None = None) -> Fields:
        """Somebody pays, the bank values it `at`: the message to deliver.

        Another `amount` than the trade's, or paying once more, is how payers misbehave.
        """
        trade = await self.trade_of(trade_no)
        paid = trade.amount if amount is None else amount
        return await self._tell(trade, MessageKind.PAID, at=at, amount=paid)

    async def decline(self, trade_no: str, *, at: datetime) -> Fields:
        """The bank declines: the message to deliver."""
        trade = await self.trade_of(trade_no)
        return await self._tell(trade, MessageKind.FAILED, at=at, amount=trade.amount)

    async def issue_account(self, trade_no: str, *, at: datetime) -> Fields:
        """The message that an account was issued, which is not money."""
        trade = await self.trade_of(trade_no)
        return await self._tell(trade, MessageKind.ACCOUNT_ISSUED, at=at, amount=trade.amount)

    async def simulate(self, trade_no: str, *, at: datetime) -> Fields:
        """A payment simulated in the gateway's back office: it looks paid and is no money."""
        trade = await self.trade_of(trade_no)
        message = _message(trade, MessageKind.PAID, at=at, amount=trade.amount)
        return self._signed({**message, "simulated": "1"})

    async def repeat(self, trade_no: str) -> Fields:
        """The last message once more, as a gateway sends it that missed our answer."""
        trade = await self.trade_of(trade_no)
        if trade.last is None:
            raise UnknownTrade(trade_no)
        return trade.last

    async def forge(self, trade_no: str, *, at: datetime) -> Fields:
        """A payment that somebody else claims: right in everything but the signature."""
        trade = await self.trade_of(trade_no)
        message = _message(trade, MessageKind.PAID, at=at, amount=trade.amount)
        return {**message, "signature": _signature(b"not the secret", message)}

    async def _tell(self, trade: Trade, kind: MessageKind, *, at: datetime, amount: int) -> Fields:
        fields = self._signed(_message(trade, kind, at=at, amount=amount))
        async with self._db.connection() as connection:
            await connection.execute(
                "UPDATE sandbox.trade SET state = %s, last = %s WHERE trade_no = %s",
                (_STATE_AFTER.get(kind, trade.state), Jsonb(fields), trade.trade_no),
            )
        return fields

    def _signed(self, message: Fields) -> Fields:
        return {**message, "signature": _signature(self._secret, message)}


_YES_OR_NO = {"1": True, "0": False}
_STATE_AFTER = {MessageKind.PAID: "paid", MessageKind.FAILED: "declined"}


def _message(trade: Trade, kind: MessageKind, *, at: datetime, amount: int) -> Fields:
    return {
        "trade_no": trade.trade_no,
        "message_id": uuid4().hex,
        "kind": kind,
        "amount": str(amount),
        "bank_code": trade.bank_code or "",
        "account": trade.account or "",
        "valued_at": at.isoformat(),
        "simulated": "0",
    }


def _signature(secret: bytes, message: Mapping[str, str]) -> str:
    text = "&".join(f"{name}={message[name]}" for name in sorted(message))
    return hmac.new(secret, text.encode(), sha256).hexdigest()


def _account(trade_no: str) -> str:
    number = int.from_bytes(sha256(trade_no.encode()).digest()[:8], "big")
    return str(number % 10**_ACCOUNT_DIGITS).zfill(_ACCOUNT_DIGITS)
