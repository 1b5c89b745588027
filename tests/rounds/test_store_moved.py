"""Who is to collect at a store that moves is told so, once a move."""

from pathlib import Path

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.rounds.catalogue import built_in_round
from emask.rounds.model import Chain
from emask.rounds.service import save_round
from emask.rounds.store_history import close_store, move_store, reopen_store
from emask.rounds.stores import import_stores
from rounds.test_store_history import BY, CHUNAN, ELSEWHERE, HANGZHOU, listed

MOVED = HANGZHOU.replace("二段５號", "二段６號")


async def order(db: Database, state: str, *, store: tuple[str, str] = ("HL", "2001")) -> None:
    """Somebody's order at a store."""
    round = built_in_round("2020-1")
    paid_at = None if state == "lapsed" else round.pay_from
    async with db.transaction() as tx:
        await save_round(tx, round)
        await tx.execute(
            "INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state,"
            " paid_at, changed_at) VALUES (gen_random_uuid(), %s, %s, %s, 'computer', 22, %s, %s,"
            " %s)",
            (round.id, *store, state, paid_at, round.pay_from),
        )


async def told(db: Database) -> list[tuple[str, str]]:
    """State of the order and kind of notice, of everybody who was told anything."""
    async with db.transaction() as tx:
        cursor = await tx.execute(
            "SELECT o.state, kind FROM outbox JOIN orders o USING (person_id)"
            " WHERE split_part(reference, ':', 1) = round_id ORDER BY 1, 2"
        )
        return await cursor.fetchall()


async def test_a_list_that_moves_a_store_tells_who_collects_there(
    db: Database, tmp_path: Path
) -> None:
    await import_stores(db, listed(tmp_path, HANGZHOU, CHUNAN))
    for state in ("paid", "arrived", "collected", "forfeited", "lapsed"):
        await order(db, state)
    await order(db, "paid", store=("SE", "111371"))
    await import_stores(db, listed(tmp_path, HANGZHOU.replace("５號", "5號"), CHUNAN))
    assert await told(db) == []  # spelt otherwise, it stands where it stood
    for _ in range(2):
        await import_stores(db, listed(tmp_path, MOVED, CHUNAN))
    assert await told(db) == [("arrived", "store_moved"), ("paid", "store_moved")]


async def test_so_does_who_moves_it_by_hand_unless_it_is_closed(
    db: Database, clock: SetClock, tmp_path: Path
) -> None:
    await import_stores(db, listed(tmp_path, HANGZHOU))
    await order(db, "paid")
    assert await move_store(db, clock, chain=Chain.HL, code="2001", to=ELSEWHERE, by=BY)
    assert await told(db) == [("paid", "store_moved")]
    await close_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    await reopen_store(db, clock, chain=Chain.HL, code="2001", by=BY)
    assert await told(db) == [("paid", "store_closed"), ("paid", "store_moved")]
