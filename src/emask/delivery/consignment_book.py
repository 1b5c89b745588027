"""Which consignments are to be created at their chain: the book of :mod:`.creating`, kept here.

Several processes may write in it; whoever is killed leaves what it had taken to the others.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from psycopg.rows import class_row

from emask.database.pool import Database
from emask.database.vault import Vault
from emask.delivery.consignments import REFUSAL
from emask.delivery.creating import Waiting
from emask.delivery.ports import CreatedParcel, ParcelOrder
from emask.rounds.model import Chain

TURN: Final = timedelta(minutes=10)
"""Nobody else is given what was taken for so long."""

GOODS: Final = "口罩"

_TAKE: Final = (
    "WITH due AS (SELECT trade_no FROM consignment c WHERE due_at <= %(at)s"
    "  AND NOT EXISTS (SELECT FROM parcel p WHERE p.person_id = c.person_id"
    "   AND p.round_id = c.round_id AND p.hold = 'short')"
    "  ORDER BY due_at LIMIT %(most)s FOR UPDATE OF c SKIP LOCKED),"
    " taken AS (UPDATE consignment c SET due_at = %(again)s FROM due"
    "  WHERE c.trade_no = due.trade_no RETURNING c.*)"
    " SELECT t.trade_no, t.person_id, t.chain, t.store_code, t.asked_at IS NOT NULL AS asked,"
    " o.amount, p.name, coalesce(nullif(pre.mobile, ''), p.mobile) AS mobile"
    " FROM taken t JOIN orders o USING (person_id, round_id) JOIN person p USING (person_id)"
    " LEFT JOIN preorder pre USING (person_id, round_id)"
)


class _Taken(NamedTuple):
    trade_no: str
    person_id: UUID
    chain: str
    store_code: str
    asked: bool
    amount: int
    name: bytes
    mobile: bytes | None


class ConsignmentBook:
    """The book, in PostgreSQL; satisfies :class:`emask.delivery.creating.Book`.

    Args:
        db: where it is.
        vault: opens names and numbers, which chains print and call.
        told: where chains tell of the parcels.
    """

    def __init__(self, db: Database, vault: Vault, *, told: str) -> None:
        self._db = db
        self._vault = vault
        self._told = told

    async def take(self, most: int, *, at: datetime) -> Sequence[Waiting]:
        """Some that are due, held for :data:`TURN`; none whose pack is missing in its centre."""
        async with (
            self._db.connection() as connection,
            connection.cursor(row_factory=class_row(_Taken)) as cursor,
        ):
            await cursor.execute(_TAKE, {"at": at, "most": most, "again": at + TURN})
            return [
                Waiting(
                    order=ParcelOrder(
                        trade_no=row.trade_no,
                        chain=Chain(row.chain),
                        store_code=row.store_code,
                        amount=row.amount,
                        goods=GOODS,
                        receiver_name=self._opened(row.name, row.person_id, "name"),
                        receiver_mobile=self._opened(row.mobile, row.person_id, "mobile"),
                        told=self._told,
                    ),
                    asked=row.asked,
                )
                for row in await cursor.fetchall()
            ]

    def _opened(self, sealed: bytes | None, person_id: UUID, field: str) -> str:
        return self._vault.open(sealed, person_id=person_id, field=field) if sealed else ""

    async def note_asked(self, trade_no: str) -> None:
        """By itself and at once: the call comes after it."""
        await self._carry_out(
            "UPDATE consignment SET asked_at = coalesce(asked_at, now()) WHERE trade_no = %s",
            trade_no,
        )

    async def note_created(self, parcel: CreatedParcel) -> None:
        """It exists, under the chain's number."""
        await self._carry_out(
            "UPDATE consignment SET due_at = NULL, parcel_no = %s, payment_no = %s,"
            " validation_no = %s WHERE trade_no = %s",
            parcel.parcel_no,
            parcel.payment_no,
            parcel.validation_no,
            parcel.trade_no,
        )

    async def note_refused(self, trade_no: str, reason: str) -> None:
        """It does not exist; the reason is sealed."""
        async with self._db.transaction() as tx:
            cursor = await tx.execute(
                "SELECT person_id FROM consignment WHERE trade_no = %s FOR UPDATE", (trade_no,)
            )
            ((person_id,),) = await cursor.fetchall()
            await tx.execute(
                "UPDATE consignment SET due_at = NULL, refusal = %s WHERE trade_no = %s",
                (self._vault.seal(reason, person_id=person_id, field=REFUSAL), trade_no),
            )

    async def put_back(self, trade_nos: Sequence[str]) -> None:
        """Due again, as they were before."""
        await self._carry_out(
            "UPDATE consignment SET due_at = made_at"
            " WHERE trade_no = ANY(%s) AND due_at IS NOT NULL",
            list(trade_nos),
        )

    async def pause(self, until: datetime) -> None:
        """Every process keeps it."""
        await self._carry_out(
            "INSERT INTO carrier_pause (until) VALUES (%s) ON CONFLICT (singleton)"
            " DO UPDATE SET until = greatest(carrier_pause.until, excluded.until)",
            until,
        )

    async def paused_until(self) -> datetime | None:
        """The end of the last pause."""
        async with self._db.connection() as connection:
            cursor = await connection.execute("SELECT until FROM carrier_pause")
            row = await cursor.fetchone()
        return None if row is None else row[0]

    async def _carry_out(self, statement: str, *values: object) -> None:
        async with self._db.connection() as connection:
            await connection.execute(statement.encode(), values)
