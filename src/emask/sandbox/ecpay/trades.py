"""What the sandboxed ECPay knows by itself: its trades, and the money that came for each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emask.database.pool import Database
from emask.payment.ports import CardState
from emask.rules.calendar import TAIPEI, at

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.ecpay_trade (
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    trade_no   text        PRIMARY KEY,
    amount     integer     NOT NULL CHECK (amount > 0),
    fields     jsonb       NOT NULL,
    opened_at  timestamptz NOT NULL,
    expires_on date,
    state      text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'failed'))
);
COMMENT ON COLUMN sandbox.ecpay_trade.fields IS 'The form that opened the trade.';
COMMENT ON COLUMN sandbox.ecpay_trade.expires_on IS 'The last day of its account, of a transfer.';

CREATE TABLE IF NOT EXISTS sandbox.ecpay_payment (
    gateway_trade_no text        PRIMARY KEY,
    trade_no         text        NOT NULL REFERENCES sandbox.ecpay_trade,
    amount           integer     NOT NULL CHECK (amount > 0),
    paid_at          timestamptz NOT NULL,
    card_state       text,
    refunded         integer     NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount)
);
CREATE INDEX IF NOT EXISTS ecpay_payment_trade ON sandbox.ecpay_payment (trade_no);
CREATE INDEX IF NOT EXISTS ecpay_payment_day ON sandbox.ecpay_payment (paid_at);
"""

BANK_CODE: Final = "004"
_TRADE: Final = "seq, trade_no, amount, fields, opened_at, expires_on, state"
_PAYMENT: Final = (
    "p.gateway_trade_no, p.trade_no, p.amount, p.paid_at, p.card_state, p.refunded, t.opened_at,"
    " t.fields->>'ChoosePayment' AS chosen"
)
_PAYMENTS: Final = (
    f"SELECT {_PAYMENT} FROM sandbox.ecpay_payment p JOIN sandbox.ecpay_trade t USING (trade_no)"
)
_ADD: Final = (
    " added AS (INSERT INTO sandbox.ecpay_payment"
    " (gateway_trade_no, trade_no, amount, paid_at, card_state)"
    " SELECT %s, trade_no, %s, %s, %s FROM taken RETURNING *)"
    f" SELECT {_PAYMENT} FROM added p JOIN sandbox.ecpay_trade t USING (trade_no)"
)
_ACCOUNT_HEAD: Final = "91035221"
_CLOSING_BEGINS: Final = (20, 15)  # Taipei; what was paid before is closed
_CLOSED_BY: Final = (20, 30)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade; `amount` is NT$."""

    seq: int
    trade_no: str
    amount: int
    fields: Mapping[str, str]
    opened_at: datetime
    expires_on: date | None
    state: str

    @property
    def gateway_trade_no(self) -> str:
        """ECPay's number."""
        return f"{self.opened_at.astimezone(TAIPEI):%y%m%d%H%M%S}{self.seq:08d}"

    @property
    def account(self) -> str:
        """Where a transfer goes to: 16 digits."""
        return f"{_ACCOUNT_HEAD}{self.seq:08d}"

    @property
    def method(self) -> str:
        """As PaymentType says it."""
        return payment_type(self.fields["ChoosePayment"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Payment:
    """Money that came for a trade, under a number of ECPay's; amounts are NT$."""

    gateway_trade_no: str
    trade_no: str
    amount: int
    paid_at: datetime
    card_state: str | None
    refunded: int
    opened_at: datetime
    chosen: str

    def standing(self, now: datetime) -> CardState | None:
        """How far a card payment is; the day's are closed by themselves."""
        if self.card_state is None:
            return None
        state = CardState(self.card_state)
        if state is not CardState.GIVEN_BACK and now >= _closed_at(self.paid_at):
            return CardState.CLOSED
        return state


class Trades:
    """The trades; their tables are :data:`TABLES`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(
        self, fields: Mapping[str, str], *, expires_on: date | None, at: datetime
    ) -> Trade | None:
        """A new trade; None if its number has been used before."""
        return await self._trade(
            "INSERT INTO sandbox.ecpay_trade (trade_no, amount, fields, opened_at, expires_on)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING " + _TRADE,
            fields["MerchantTradeNo"],
            int(fields["TotalAmount"]),
            Jsonb(dict(fields)),
            at,
            expires_on,
        )

    async def find(self, trade_no: str) -> Trade | None:
        """A trade by our number."""
        return await self._trade(
            f"SELECT {_TRADE} FROM sandbox.ecpay_trade WHERE trade_no = %s", trade_no
        )

    async def find_account(self, account: str) -> Trade | None:
        """The trade that an account was issued for."""
        seq = account.removeprefix(_ACCOUNT_HEAD)
        if seq == account or not (seq.isascii() and seq.isdigit()):
            return None
        trade = await self._trade(
            f"SELECT {_TRADE} FROM sandbox.ecpay_trade WHERE seq = %s AND expires_on IS NOT NULL",
            int(seq),
        )
        return trade if trade and trade.account == account else None

    async def pay(self, trade: Trade, *, at: datetime, amount: int | None = None) -> Payment | None:
        """The money for a trade; None if it has come. A refused card may be tried again."""
        return await self._payment(
            "WITH taken AS (UPDATE sandbox.ecpay_trade SET state = 'paid'"
            f" WHERE trade_no = %s AND state <> 'paid' RETURNING trade_no),{_ADD}",
            trade.trade_no,
            trade.gateway_trade_no,
            trade.amount if amount is None else amount,
            at,
            _card_state(trade),
        )

    async def pay_again(self, trade: Trade, *, at: datetime, amount: int) -> Payment:
        """More money for a trade that was paid, under another number, as no bank should."""
        so_far = len(await self._payments(f"{_PAYMENTS} WHERE p.trade_no = %s", trade.trade_no))
        again = await self._payment(
            "WITH taken AS (SELECT trade_no FROM sandbox.ecpay_trade"
            f" WHERE trade_no = %s AND state = 'paid'),{_ADD}",
            trade.trade_no,
            f"A{so_far}{trade.gateway_trade_no[2:]}",
            amount,
            at,
            _card_state(trade),
        )
        if again is None:
            raise ValueError("was not paid before")
        return again

    async def refuse(self, trade_no: str) -> Trade | None:
        """The trade, whose bank has refused; None if it is paid."""
        return await self._trade(
            "UPDATE sandbox.ecpay_trade SET state = 'failed'"
            f" WHERE trade_no = %s AND state <> 'paid' RETURNING {_TRADE}",
            trade_no,
        )

    async def payment_of(self, trade: Trade) -> Payment | None:
        """The first money that came for a trade."""
        return await self.payment(trade.gateway_trade_no)

    async def payment(self, gateway_trade_no: str) -> Payment | None:
        """Money by ECPay's number."""
        return await self._payment(f"{_PAYMENTS} WHERE p.gateway_trade_no = %s", gateway_trade_no)

    async def move_card(self, payment: Payment, *, to: CardState, refunded: int) -> bool:
        """Carry a step of a refund out, unless another has come first."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "UPDATE sandbox.ecpay_payment SET card_state = %s, refunded = %s"
                " WHERE gateway_trade_no = %s AND card_state = %s AND refunded = %s",
                (to, refunded, payment.gateway_trade_no, payment.card_state, payment.refunded),
            )
            return cursor.rowcount == 1

    async def paid_between(self, begin: date, end: date) -> list[Payment]:
        """What was paid on these days of Taipei, both included, in order of time."""
        return await self._payments(
            f"{_PAYMENTS} WHERE p.paid_at >= %s AND p.paid_at < %s"
            " ORDER BY p.paid_at, p.gateway_trade_no",
            at(begin),
            at(end + timedelta(days=1)),
        )

    async def _trade(self, statement: str, *values: object) -> Trade | None:
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Trade)) as cursor,
        ):
            await cursor.execute(statement, values)
            return await cursor.fetchone()

    async def _payment(self, statement: str, *values: object) -> Payment | None:
        found = await self._payments(statement, *values)
        return found[0] if found else None

    async def _payments(self, statement: str, *values: object) -> list[Payment]:
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Payment)) as cursor,
        ):
            await cursor.execute(statement, values)
            return await cursor.fetchall()


def payment_type(chosen: str) -> str:
    """What PaymentType says of a way to pay."""
    return _PAYMENT_TYPES[chosen]


def _card_state(trade: Trade) -> str | None:
    return CardState.AUTHORISED if trade.fields["ChoosePayment"] == "Credit" else None


def _closed_at(paid_at: datetime) -> datetime:
    day = paid_at.astimezone(TAIPEI).date()
    late = paid_at >= at(day, *_CLOSING_BEGINS)
    return at(day + timedelta(days=1 if late else 0), *_CLOSED_BY)


_PAYMENT_TYPES: Final = {
    "Credit": "Credit_CreditCard",
    "WebATM": "WebATM_BOT",
    "ATM": "ATM_BOT",
}
