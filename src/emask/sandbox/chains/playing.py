"""Parcels on their way, as the clock says, and what people in stores do with them.

Each step of any number of parcels is one statement, which also leaves word of it to be told.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from emask.database.pool import Database
from emask.delivery.ports import ParcelState
from emask.partners.logistics.kinds import SubType, store_on_the_wire
from emask.partners.logistics.statuses import CODES
from emask.rounds.model import Chain
from emask.sandbox.chains.life import Fate, Timetable, steps, usual_code

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
        count = 0
        while moved := await self._step(at):
            count += moved
        return count

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
            await tx.execute(
                "UPDATE sandbox.chains_store SET closed = true WHERE chain = %s AND code = %s",
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
            cursor = await tx.execute(
                "WITH moved AS (UPDATE sandbox.chains_parcel p SET code = c.to_code,"
                " updated_at = %s, due_at = NULL"
                " FROM unnest(%s::text[], %s::text[], %s::text[]) c (sub_type, code, to_code)"
                " WHERE p.trade_no = ANY(%s) AND p.sub_type = c.sub_type AND p.code = c.code"
                " RETURNING p.trade_no, p.code, p.updated_at)" + _TOLD,
                (at, *_to(states, to), list(trade_nos)),
            )
            return cursor.rowcount


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
