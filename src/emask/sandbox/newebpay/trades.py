"""What the sandboxed NewebPay knows of trades, in a table that all its processes share."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, LiteralString

from psycopg.rows import class_row

from emask.database.pool import Database
from emask.rules.calendar import TAIPEI

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sandbox.newebpay_trade (
    trade_no     text        PRIMARY KEY,
    gateway_no   text        NOT NULL UNIQUE,
    amount       integer     NOT NULL,
    payment_type text        NOT NULL,
    item         text        NOT NULL,
    language     text        NOT NULL,
    notify_url   text        NOT NULL,
    account_url  text        NOT NULL,
    return_url   text        NOT NULL,
    back_url     text        NOT NULL,
    expires_at   timestamptz NOT NULL,
    opened_at    timestamptz NOT NULL,
    account      text        UNIQUE,
    state        text        NOT NULL DEFAULT 'opened'
        CHECK (state IN ('opened', 'issued', 'paid', 'failed', 'let_go')),
    paid_at      timestamptz,
    to_be_closed boolean     NOT NULL DEFAULT false,
    returned     integer     NOT NULL DEFAULT 0 CHECK (returned BETWEEN 0 AND amount)
);
"""

_CLOSED_AFTER: Final = timedelta(hours=6)
_COLUMNS: Final[LiteralString] = (
    "trade_no, gateway_no, amount, payment_type, item, language, notify_url, account_url,"
    " return_url, back_url, expires_at, opened_at, account, state, paid_at, to_be_closed, returned"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trade:
    """One trade; amounts are NT$. `returned` is what went back of a card's money."""

    trade_no: str
    gateway_no: str
    amount: int
    payment_type: str
    item: str
    language: str
    notify_url: str
    account_url: str
    return_url: str
    back_url: str
    expires_at: datetime
    opened_at: datetime
    account: str | None = None
    state: str = "opened"
    paid_at: datetime | None = None
    to_be_closed: bool = False
    returned: int = 0

    def close_status(self, at: datetime) -> int:
        """How far the bank is: it takes a day's card payments in the six hours after midnight.

        0 authorised, 1 to be taken, 2 being taken, 3 taken.
        """
        if self.paid_at is None:
            return 0
        midnight = self.paid_at.astimezone(TAIPEI).replace(
            hour=0, minute=0, second=0, microsecond=0
        ) + timedelta(days=1)
        if at < midnight:
            return 1 if self.to_be_closed else 0
        return 2 if at < midnight + _CLOSED_AFTER else 3


class Trades:
    """Keeps them; each change happens once, whoever asks for it at the same time."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def open(self, trade: Trade) -> bool:
        """Take a trade; False if there is one of this number."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO sandbox.newebpay_trade (trade_no, gateway_no, amount, payment_type,"
                " item, language, notify_url, account_url, return_url, back_url, expires_at,"
                " opened_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT DO NOTHING",
                (
                    trade.trade_no,
                    trade.gateway_no,
                    trade.amount,
                    trade.payment_type,
                    trade.item,
                    trade.language,
                    trade.notify_url,
                    trade.account_url,
                    trade.return_url,
                    trade.back_url,
                    trade.expires_at,
                    trade.opened_at,
                ),
            )
            return cursor.rowcount == 1

    async def of_merchant(self, trade_no: str) -> Trade | None:
        """By the merchant's number."""
        return await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.newebpay_trade WHERE trade_no = %s", trade_no
        )

    async def of_gateway(self, gateway_no: str) -> Trade | None:
        """By our own number."""
        return await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.newebpay_trade WHERE gateway_no = %s", gateway_no
        )

    async def of_account(self, account: str) -> Trade | None:
        """By the account that was issued for it."""
        return await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.newebpay_trade WHERE account = %s", account
        )

    async def issue(self, trade_no: str, account: str) -> Trade | None:
        """Issue an account for a trade that was just opened."""
        return await self._one(
            "UPDATE sandbox.newebpay_trade SET state = 'issued', account = %s"
            f" WHERE trade_no = %s AND state = 'opened' RETURNING {_COLUMNS}",
            account,
            trade_no,
        )

    async def pay(self, trade_no: str, *, at: datetime) -> Trade | None:
        """Pay a trade; None if it was paid, or cannot be any more."""
        return await self._one(
            "UPDATE sandbox.newebpay_trade SET state = 'paid', paid_at = %s"
            f" WHERE trade_no = %s AND state IN ('opened', 'issued') RETURNING {_COLUMNS}",
            at,
            trade_no,
        )

    async def decline(self, trade_no: str) -> Trade | None:
        """The bank declines; None if that comes too late."""
        return await self._one(
            "UPDATE sandbox.newebpay_trade SET state = 'failed'"
            f" WHERE trade_no = %s AND state = 'opened' RETURNING {_COLUMNS}",
            trade_no,
        )

    async def close(self, trade_no: str, *, wanted: bool) -> Trade | None:
        """Have the bank take a card's money with the next batch, or not."""
        return await self._one(
            "UPDATE sandbox.newebpay_trade SET to_be_closed = %s"
            f" WHERE trade_no = %s AND state = 'paid' AND to_be_closed <> %s RETURNING {_COLUMNS}",
            wanted,
            trade_no,
            wanted,
        )

    async def let_go(self, trade_no: str) -> Trade | None:
        """Let go what was only authorised."""
        return await self._one(
            "UPDATE sandbox.newebpay_trade SET state = 'let_go', returned = amount"
            f" WHERE trade_no = %s AND state = 'paid' AND NOT to_be_closed RETURNING {_COLUMNS}",
            trade_no,
        )

    async def give_back(self, trade_no: str, amount: int) -> Trade | None:
        """Give back NT$ of a card's money; None if so much is not left."""
        return await self._one(
            "UPDATE sandbox.newebpay_trade SET returned = returned + %s WHERE trade_no = %s"
            f" AND state = 'paid' AND returned + %s <= amount RETURNING {_COLUMNS}",
            amount,
            trade_no,
            amount,
        )

    async def _one(self, statement: LiteralString, *values: object) -> Trade | None:
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Trade)) as cursor,
        ):
            await cursor.execute(statement, values)
            return await cursor.fetchone()
