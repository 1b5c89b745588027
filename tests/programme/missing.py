"""Packs of a play that are lost or missing, and an operator who gives their money back."""

from uuid import UUID

from emask.delivery.missing import give_back_lost, give_back_short
from emask.delivery.returns import bags_back
from emask.delivery.shortages import packs_came, report_shortage
from emask.programme.audit import audit_tables
from programme.play import STORES, Play

CHAIN = STORES[0].chain
"""Of the first person's store."""


async def paid(play: Play, people: int = 1) -> None:
    """So many who have paid, packed for the centre of their chain."""
    await play.register(people)
    await play.until(play.round.pay_from)
    await play.pay(range(people))
    await play.until(play.round.release_at)


async def report(play: Play, *, packs: int = 1) -> UUID:
    """The centre lacks packs."""
    async with play.system.db.transaction() as tx:
        return await report_shortage(
            tx,
            round=play.round,
            chain=CHAIN,
            store_code=None,
            packs=packs,
            at=await play.clock.now(),
            by="centre",
        )


async def come(play: Play, shortage_id: UUID, *, packs: int = 1) -> None:
    """And has them after all."""
    async with play.system.db.transaction() as tx:
        await packs_came(
            tx,
            round=play.round,
            chain=CHAIN,
            shortage_id=shortage_id,
            packs=packs,
            at=await play.clock.now(),
            by="centre",
        )


async def back(play: Play, packs: int) -> None:
    """The lorry brings bags of the first store back to the centre."""
    async with play.system.db.transaction() as tx:
        await bags_back(
            tx,
            round_id=play.round.id,
            chain=CHAIN,
            store_code=STORES[0].code,
            packs=packs,
            at=await play.clock.now(),
            by="centre",
        )


async def tell(play: Play, number: int, state: str, *, trade_no: str = "LOST") -> str:
    """The chain tells of a person's parcel, as the last it has to say."""
    now = await play.clock.now()
    async with play.system.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO consignment (trade_no, person_id, round_id, nth, chain, store_code,"
            " made_at, parcel_no, code, state, since, settled)"
            " SELECT %(trade)s, person_id, round_id, 1, chain, store_code, %(at)s, '1', %(state)s,"
            " %(state)s, %(at)s, %(state)s FROM parcel WHERE person_id = %(person)s"
            " ON CONFLICT (trade_no) DO UPDATE SET code = excluded.code, state = excluded.state,"
            " since = excluded.since",
            {"trade": trade_no, "at": now, "state": state, "person": play.person_id(number)},
        )
        await tx.execute(
            "INSERT INTO consignment_status (trade_no, code, since, state, told_at)"
            " VALUES (%(trade)s, %(state)s, %(at)s, %(state)s, %(at)s)",
            {"trade": trade_no, "at": now, "state": state},
        )
    return trade_no


async def give_lost(play: Play, trade_no: str) -> None:
    await give_back_lost(
        play.system.db,
        play.clock,
        trade_no=trade_no,
        reason="chain pays for it",
        operator="operator",
    )


async def give_short(play: Play, shortage_id: UUID, *, packs: int = 1) -> None:
    await give_back_short(
        play.system.db,
        play.clock,
        round_id=play.round.id,
        shortage_id=shortage_id,
        packs=packs,
        reason="pallet burnt",
        operator="operator",
    )


async def unsound(play: Play) -> list[str]:
    """The invariants that do not hold."""
    async with play.system.db.transaction() as tx:
        return [each.invariant for each in await audit_tables(tx) if not each.ok]


async def rows(play: Play, query: str, *values: object) -> list[tuple[object, ...]]:
    async with play.system.db.connection() as connection:
        cursor = await connection.execute(query.encode(), values)
        return await cursor.fetchall()
