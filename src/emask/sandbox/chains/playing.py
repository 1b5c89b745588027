"""Parcels on their way, as the clock says, and what people in stores do with them.

Each step of any number of parcels is one statement, which also leaves word of it to be told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from emask.database.pool import Database, Transaction
from emask.delivery.ports import ParcelState
from emask.delivery.undoing import UNDO_WITHIN
from emask.partners.logistics.kinds import SubType, store_on_the_wire
from emask.partners.logistics.statuses import CODES
from emask.rounds.model import Chain
from emask.sandbox.chains.life import Fate, Timetable, steps, usual_code

_LOCK: Final = 0x636861696E73
_TOLD: Final = (
    " INSERT INTO sandbox.chains_push (trade_no, code, updated_at, due_at)"
    " SELECT trade_no, code, updated_at, updated_at FROM moved"
)
_BEFORE_ARRIVAL: Final = (
    ParcelState.ORDER_TAKEN,
    ParcelState.ACCEPTED,
    ParcelState.AT_CENTRE,
    ParcelState.STORE_CHANGED,
)


class Playing:
    """The lives of all parcels; :data:`emask.sandbox.chains.TABLES` has been created."""

    def __init__(self, db: Database, timetable: Timetable) -> None:
        self._db = db
        self._timetable = timetable
        self._steps = [(s.sub_type, s.fate, s.code, s.next_code, s.lasts) for s in steps(timetable)]

    async def play(self, at: datetime) -> int:
        """Let happen what has become due, in its order; how many steps there were."""
        count = await self.see_hand_overs(at, due_by=at)  # or it would go back
        while moved := await self._step(at):
            count += moved
        return count

    async def see_hand_overs(self, at: datetime, *, due_by: datetime | None = None) -> int:
        """Hand over what our tills have handed over, once none takes it back any more; how many.

        `due_by` is until when a parcel would go back by itself, if not all of them are meant.
        """
        states = (ParcelState.ARRIVED,)
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx)
            cursor = await tx.execute(
                "WITH moved AS (UPDATE sandbox.chains_parcel p SET code = c.to_code,"
                " updated_at = h.collected_at, due_at = NULL"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) c (sub_type, code, to_code),"
                " consignment t JOIN handed_over h USING (person_id, round_id, chain, store_code)"
                " WHERE p.due_at <= coalesce(%s, 'infinity'::timestamptz)"
                " AND p.sub_type = c.sub_type AND p.code = c.code AND t.trade_no = p.trade_no"
                " AND t.ended_at IS NULL AND h.collected_at <= %s"
                " RETURNING p.trade_no, p.code, p.updated_at)" + _TOLD,
                (*_to(states, ParcelState.COLLECTED), due_by, at - UNDO_WITHIN),
            )
            return cursor.rowcount

    async def collect(self, trade_nos: Sequence[str], *, at: datetime) -> int:
        """Hand parcels over that lie in their store; how many did."""
        return await self._move(trade_nos, (ParcelState.ARRIVED,), ParcelState.COLLECTED, at)

    async def lose(self, trade_nos: Sequence[str], *, at: datetime) -> int:
        """Lose parcels that nobody has collected, where the chain has a code for it; how many."""
        states = (*_BEFORE_ARRIVAL, ParcelState.ARRIVED, ParcelState.GOING_BACK)
        return await self._move(trade_nos, states, ParcelState.LOST, at)

    async def close_store(self, chain: Chain, code: str) -> int:
        """Close a store: what has not arrived there needs another one; how many parcels.

        `code` is that of our own list.
        """
        on_the_wire = store_on_the_wire(chain, code)
        kinds, codes, _ = _to(_BEFORE_ARRIVAL, ParcelState.RESELECT_STORE, chain)
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx)
            await tx.execute(
                "INSERT INTO sandbox.chains_store (chain, code, name, address, phone, closed)"
                " VALUES (%s, %s, '', '', '', true)"
                " ON CONFLICT (chain, code) DO UPDATE SET closed = true",
                (chain, on_the_wire),
            )
            cursor = await tx.execute(
                "UPDATE sandbox.chains_parcel p SET fate = %s"
                " FROM unnest(%s::text[], %s::text[]) c (sub_type, code)"
                " WHERE p.sub_type = c.sub_type AND p.code = c.code AND p.store_code = %s",
                (Fate.STORE_CLOSED, kinds, codes, on_the_wire),
            )
            return cursor.rowcount

    async def change_store(self, trade_no: str, *, code: str, at: datetime) -> bool:
        """Send a parcel that has not arrived anywhere to another store, `code` as on the wire."""
        states = (*_BEFORE_ARRIVAL, ParcelState.RESELECT_STORE)
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx)
            cursor = await tx.execute(
                "WITH moved AS (UPDATE sandbox.chains_parcel p SET store_code = %s, fate = %s,"
                " code = c.to_code, updated_at = %s, due_at = %s"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) c (sub_type, code, to_code)"
                " WHERE p.trade_no = %s AND p.sub_type = c.sub_type AND p.code = c.code"
                " RETURNING p.trade_no, p.code, p.updated_at)" + _TOLD,
                (
                    code,
                    Fate.KEPT,
                    at,
                    at + self._timetable.to_store,
                    *_to(states, ParcelState.STORE_CHANGED),
                    trade_no,
                ),
            )
            return cursor.rowcount == 1

    async def _step(self, at: datetime) -> int:
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx)
            cursor = await tx.execute(
                "WITH moved AS (UPDATE sandbox.chains_parcel p SET code = s.next_code,"
                " updated_at = p.due_at, due_at = p.due_at + s.lasts"
                " FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[], %s::interval[])"
                " s (sub_type, fate, code, next_code, lasts)"
                " WHERE p.due_at <= %s AND p.sub_type = s.sub_type AND p.fate = s.fate"
                " AND p.code = s.code RETURNING p.trade_no, p.code, p.updated_at)" + _TOLD,
                (*map(list, zip(*self._steps, strict=True)), at),
            )
            return cursor.rowcount

    async def _move(
        self,
        trade_nos: Sequence[str],
        states: Sequence[ParcelState],
        to: ParcelState,
        at: datetime,
    ) -> int:
        async with self._db.transaction() as tx:
            await _one_at_a_time(tx)
            cursor = await tx.execute(
                "WITH moved AS (UPDATE sandbox.chains_parcel p SET code = c.to_code,"
                " updated_at = %s, due_at = NULL"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) c (sub_type, code, to_code)"
                " WHERE p.trade_no = ANY(%s) AND p.sub_type = c.sub_type AND p.code = c.code"
                " RETURNING p.trade_no, p.code, p.updated_at)" + _TOLD,
                (at, *_to(states, to), list(trade_nos)),
            )
            return cursor.rowcount


async def _one_at_a_time(tx: Transaction) -> None:
    """Two who moved the same parcels in another order would wait for each other."""
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


def _to(
    states: Sequence[ParcelState], to: ParcelState, chain: Chain | None = None
) -> tuple[list[str], list[str], list[str]]:
    """Kinds of parcels, their codes in some states, and the one for another, side by side."""
    rows = [
        (kind.value, code, usual_code(kind, to))
        for kind in SubType
        if usual_code(kind, to) and chain in (None, kind.chain)
        for state in states
        for code in CODES[kind].get(state, ())
    ]
    kinds, codes, to_codes = zip(*rows, strict=True)
    return list(kinds), list(codes), list(to_codes)
