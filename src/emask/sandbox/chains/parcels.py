"""What the sandboxed chains know by themselves: their stores, and the parcels of every merchant.

Their stores are the open ones of our own directory as it is when they are asked, but for those that
they have closed, and whatever they were given besides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from emask.database.pool import Database
from emask.delivery.ports import ListedStore, ParcelState
from emask.partners.logistics.kinds import SubType, store_of_the_list, store_on_the_wire
from emask.rounds.model import Chain
from emask.sandbox.chains.life import Fate, usual_code

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.chains_store (
    chain   text    NOT NULL,
    code    text    NOT NULL,
    name    text    NOT NULL,
    address text    NOT NULL,
    phone   text    NOT NULL,
    closed  boolean NOT NULL DEFAULT false,
    PRIMARY KEY (chain, code)
);
COMMENT ON COLUMN sandbox.chains_store.code IS 'As it goes over the wire.';

CREATE TABLE IF NOT EXISTS sandbox.chains_parcel (
    seq        bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    trade_no   text        PRIMARY KEY,
    sub_type   text        NOT NULL,
    store_code text        NOT NULL,
    fields     jsonb       NOT NULL,
    fate       text        NOT NULL,
    code       text        NOT NULL,
    updated_at timestamptz NOT NULL,
    due_at     timestamptz
);
CREATE INDEX IF NOT EXISTS chains_parcel_due ON sandbox.chains_parcel (due_at);
CREATE INDEX IF NOT EXISTS chains_parcel_store ON sandbox.chains_parcel (sub_type, store_code);
COMMENT ON COLUMN sandbox.chains_parcel.fields IS 'The form that created it.';
COMMENT ON COLUMN sandbox.chains_parcel.due_at IS 'When it moves on by itself; null if never.';
"""

_COLUMNS: Final = "seq, trade_no, sub_type, store_code, fields, code, updated_at"
_FIRST: Final = 1_000_000
_FIGURES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """One parcel, at a code since `updated_at`."""

    seq: int
    trade_no: str
    sub_type: str
    store_code: str
    fields: Mapping[str, str]
    code: str
    updated_at: datetime

    @property
    def kind(self) -> SubType:
        return SubType(self.sub_type)

    @property
    def parcel_no(self) -> str:
        """AllPayLogisticsID."""
        return str(_FIRST + self.seq)

    @property
    def payment_no(self) -> str:
        """CVSPaymentNo, by which a store takes a parcel in."""
        return f"C{self.seq:07d}" if self.kind.is_c2c else ""

    @property
    def validation_no(self) -> str:
        """CVSValidationNo, which 7-ELEVEN asks for as well."""
        return f"{self.seq * 7919 % 10_000:04d}" if self.kind is SubType.UNIMARTC2C else ""

    @property
    def shipment_no(self) -> str:
        """ShipmentNo, of a parcel from a logistics centre."""
        return "" if self.kind.is_c2c else f"{self.seq:011d}"


class Parcels:
    """The parcels, and the stores as far as they are not ours; their tables are :data:`TABLES`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def replace_stores(self, stores: Iterable[ListedStore]) -> None:
        """From now on these are the stores beside ours, and all of them are open."""
        rows = [
            (each.chain, store_on_the_wire(each.chain, each.code), *_texts(each)) for each in stores
        ]
        async with self._db.transaction() as tx, tx.cursor() as cursor:
            await cursor.execute("DELETE FROM sandbox.chains_store")
            async with cursor.copy(
                "COPY sandbox.chains_store (chain, code, name, address, phone) FROM STDIN"
            ) as copy:
                for row in rows:
                    await copy.write_row(row)

    async def stores(self, chain: Chain, *, like: str = "") -> list[ListedStore]:
        """The open stores of a chain, by code as on the wire; `like` is part of name or address."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "SELECT store_code, name, address, '', false FROM store WHERE chain = %s AND open",
                (chain,),
            )
            ours = [
                (store_on_the_wire(chain, code), *facts) for code, *facts in await cursor.fetchall()
            ]
            cursor = await connection.execute(
                "SELECT code, name, address, phone, closed FROM sandbox.chains_store"
                " WHERE chain = %s",
                (chain,),
            )
            listed = {row[0]: row for row in (*ours, *await cursor.fetchall())}
        return [
            ListedStore(chain=chain, code=code, name=name, address=address, phone=phone)
            for code, name, address, phone, closed in sorted(listed.values())
            if not closed and like in f"{code}{name}{address}"
        ]

    async def has_store(self, chain: Chain, code: str) -> bool:
        """Whether there is such a store, and open; `code` as on the wire."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "SELECT coalesce((SELECT NOT closed FROM sandbox.chains_store"
                "  WHERE chain = %(chain)s AND code = %(code)s), EXISTS (SELECT FROM store"
                "  WHERE chain = %(chain)s AND store_code = %(ours)s AND open))",
                {"chain": chain, "code": code, "ours": store_of_the_list(chain, code)},
            )
            return await cursor.fetchone() == (True,)

    async def create(
        self, fields: Mapping[str, str], *, fate: Fate, moves_on: timedelta, at: datetime
    ) -> Parcel | None:
        """A new parcel, of which word is left; None if its number has been used before."""
        kind = SubType(fields["LogisticsSubType"])
        return await self._one(
            "WITH new AS (INSERT INTO sandbox.chains_parcel (trade_no, sub_type, store_code,"
            " fields, fate, code, updated_at, due_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
            f" ON CONFLICT DO NOTHING RETURNING {_COLUMNS}),"
            " told AS (INSERT INTO sandbox.chains_push (trade_no, code, updated_at, due_at)"
            " SELECT trade_no, code, updated_at, updated_at FROM new)"
            f" SELECT {_COLUMNS} FROM new",
            fields["MerchantTradeNo"],
            kind,
            fields["ReceiverStoreID"],
            Jsonb(dict(fields)),
            fate,
            usual_code(kind, ParcelState.ORDER_TAKEN),
            at,
            at + moves_on,
        )

    async def find(self, trade_no: str) -> Parcel | None:
        """A parcel by the merchant's number."""
        return await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.chains_parcel WHERE trade_no = %s", trade_no
        )

    async def find_numbered(self, parcel_no: str) -> Parcel | None:
        """A parcel by the chain's number."""
        if not (parcel_no.isascii() and parcel_no.isdigit() and len(parcel_no) < _FIGURES):
            return None
        return await self._one(
            f"SELECT {_COLUMNS} FROM sandbox.chains_parcel WHERE seq = %s",
            int(parcel_no) - _FIRST,
        )

    async def withdraw(self, parcel: Parcel) -> bool:
        """Forget a parcel that nothing has happened to yet; False if something has."""
        gone = await self._one(
            "DELETE FROM sandbox.chains_parcel WHERE trade_no = %s AND code = %s"
            f" RETURNING {_COLUMNS}",
            parcel.trade_no,
            usual_code(parcel.kind, ParcelState.ORDER_TAKEN),
        )
        return gone is not None

    async def _one(self, statement: str, *values: object) -> Parcel | None:
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(Parcel)) as cursor,
        ):
            await cursor.execute(statement, values)
            return await cursor.fetchone()


def _texts(store: ListedStore) -> tuple[str, str, str]:
    return store.name, store.address, store.phone
