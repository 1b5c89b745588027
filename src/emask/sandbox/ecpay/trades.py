"""What the sandboxed ECPay knows by itself: its trades and how far each is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emask.database.pool import Database
from emask.partners.ecpay.card_refund import CardState
from emask.rules.calendar import TAIPEI, at

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.ecpay_trade (
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    trade_no   text        PRIMARY KEY,
    amount     integer     NOT NULL CHECK (amount > 0),
    fields     jsonb       NOT NULL,
    opened_at  timestamptz NOT NULL,
    expires_on date,
    state      text        NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'paid', 'failed')),
    paid_at    timestamptz,
    card_state text,
    refunded   integer     NOT NULL DEFAULT 0 CHECK (refunded BETWEEN 0 AND amount)
);
COMMENT ON COLUMN sandbox.ecpay_trade.fields IS 'The form that opened the trade.';
COMMENT ON COLUMN sandbox.ecpay_trade.expires_on IS 'The last day of its account, of a transfer.';
"""

BANK_CODE: Final = "004"
_COLUMNS: Final = (
    "seq, trade_no, amount, fields, opened_at, expires_on, state, paid_at, card_state, refunded"
)
_ACCOUNT_HEAD: Final = "91035221"
_CLOSES: Final = (20, 30)  # Taipei: every day's card payments are closed by then


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade; amounts are NT$."""

    seq: int
    trade_no: str
    amount: int
    fields: Mapping[str, str]
    opened_at: datetime
    expires_on: date | None
    state: str
    paid_at: datetime | None
    card_state: str | None
    refunded: int

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
        return _PAYMENT_TYPES[self.fields["ChoosePayment"]]

    def standing(self, now: datetime) -> CardState | None:
        """How far a card payment is; the day's are closed by themselves."""
        if self.card_state is None or self.paid_at is None:
            return None
        state = CardState(self.card_state)
        if state is not CardState.GIVEN_BACK and now >= _closed_at(self.paid_at):
            return CardState.CLOSED
        return state


class Trades:
    """The trades; their table is :data:`TABLES`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(
        self, fields: Mapping[str, str], *, expires_on: date | None, at: datetime
    ) -> Trade | None:
        """A new trade; None if its number has been used before."""
        return await self._one(
            "INSERT INTO sandbox.ecpay_trade (trade_no, amount, fields, opened_at, expires_on)"
            " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING RETURNING " + _COLUMNS,
            fields["MerchantTradeNo"],
            int(fields["TotalAmount"]),
            Jsonb(dict(fields)),
            at,
            expires_on,
        )

    async def find(self, trade_no: str) -> Trade | None:
        """A trade by our number."""
        return await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.ecpay_trade WHERE trade_no = %s", trade_no
        )

    async def find_account(self, account: str) -> Trade | None:
        """The trade that an account was issued for."""
        seq = account.removeprefix(_ACCOUNT_HEAD)
        if seq == account or not (seq.isascii() and seq.isdigit()):
            return None
        trade = await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.ecpay_trade WHERE seq = %s AND expires_on IS NOT NULL",
            int(seq),
        )
        return trade if trade and trade.account == account else None

    async def pay(self, trade_no: str, *, at: datetime) -> Trade | None:
        """The trade, now paid; None if it cannot be any more. A refused card may be tried again."""
        return await self._one(
            "UPDATE sandbox.ecpay_trade SET state = 'paid', paid_at = %s, card_state ="
            " CASE WHEN fields->>'ChoosePayment' = 'Credit' THEN %s END"
            f" WHERE trade_no = %s AND state <> 'paid' RETURNING {_COLUMNS}",
            at,
            CardState.AUTHORISED,
            trade_no,
        )

    async def refuse(self, trade_no: str) -> Trade | None:
        """The trade, whose bank has refused; None if it is paid."""
        return await self._one(
            "UPDATE sandbox.ecpay_trade SET state = 'failed'"
            f" WHERE trade_no = %s AND state <> 'paid' RETURNING {_COLUMNS}",
            trade_no,
        )

    async def move_card(self, trade: Trade, *, to: CardState, refunded: int) -> bool:
        """Carry a step of a refund out, unless another has come first."""
        moved = await self._one(
            "UPDATE sandbox.ecpay_trade SET card_state = %s, refunded = %s"
            f" WHERE trade_no = %s AND card_state = %s AND refunded = %s RETURNING {_COLUMNS}",
            to,
            refunded,
            trade.trade_no,
            trade.card_state,
            trade.refunded,
        )
        return moved is not None

    async def paid_between(self, begin: date, end: date) -> list[Trade]:
        """The trades that were paid on these days of Taipei, both included, in order of time."""
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Trade)) as cursor,
        ):
            await cursor.execute(
                f"SELECT {_COLUMNS} FROM sandbox.ecpay_trade"
                " WHERE paid_at >= %s AND paid_at < %s ORDER BY paid_at, seq",
                (at(begin), at(end + timedelta(days=1))),
            )
            return await cursor.fetchall()

    async def _one(self, statement: str, *values: object) -> Trade | None:
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Trade)) as cursor,
        ):
            await cursor.execute(statement, values)
            return await cursor.fetchone()


def _closed_at(paid_at: datetime) -> datetime:
    local = paid_at.astimezone(TAIPEI)
    closing = at(local.date(), *_CLOSES)
    return closing if local < closing else closing + timedelta(days=1)


_PAYMENT_TYPES: Final = {
    "Credit": "Credit_CreditCard",
    "WebATM": "WebATM_BOT",
    "ATM": "ATM_BOT",
}
