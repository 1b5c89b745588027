"""What centres confirm, by scan and by file: once, of their own chain, and in words otherwise."""

import asyncio
from pathlib import Path

from delivery.test_forfeits import forfeit, open_again
from delivery.world import CLOSED, FIRST, OTHER, OURS, World, day
from emask.delivery import packing
from emask.delivery.confirmation import ConfirmedStep, Outcome, Scan, confirm_file, confirm_scan
from emask.delivery.forfeits import change_store
from emask.delivery.shortages import packs_came, report_shortage
from emask.rounds.model import Chain, LineError
from emask.rules.labels import Label, label_number

AT = day(3, 25, 7)


async def _label(world: World, bag: int = 0, store: tuple[Chain, str] = OURS) -> str:
    number = await world.value(
        "SELECT number FROM shipment WHERE chain = %s AND store_code = %s", *store
    )
    return label_number(Label(str(number), bag))


async def _scan(
    world: World, text: str, step: ConfirmedStep = ConfirmedStep.SHIPPED, chain: Chain = Chain.SE
) -> Scan:
    async with world.db.transaction() as tx:
        return await confirm_scan(tx, text=text, step=step, chain=chain, at=AT, by="centre")


async def _state(world: World, store: tuple[Chain, str] = OURS) -> object:
    return await world.value(
        "SELECT state FROM shipment WHERE chain = %s AND store_code = %s", *store
    )


async def test_a_shipment_goes_from_step_to_step(world: World) -> None:
    await world.many_orders(3)
    await world.pack()
    label = await _label(world)
    for step, state in zip(ConfirmedStep, ("packed", "shipped", "arrived"), strict=True):
        scan = await _scan(world, label, step)
        assert scan.outcome is Outcome.NOTED
        assert scan.shipment
        assert (scan.shipment.store_code, scan.shipment.packs, scan.bag) == (OURS[1], 3, 0)
        assert await _state(world) == state
        assert (await _scan(world, label, step)).outcome is Outcome.ALREADY
    assert await world.rows("SELECT state, count(*) FROM orders GROUP BY 1") == [("arrived", 3)]
    confirmed = await world.rows(
        "SELECT step, confirmed_at, confirmed_by FROM shipment_confirmation ORDER BY 1"
    )
    assert confirmed == [(step, AT, "centre") for step in ("packed", "received", "shipped")]


async def test_scans_at_the_same_moment_count_once(world: World) -> None:
    await world.many_orders(3)
    await world.pack()
    label = await _label(world)
    scans = await asyncio.gather(*(_scan(world, label) for _ in range(6)))
    outcomes = sorted(scan.outcome for scan in scans)
    assert outcomes == [Outcome.ALREADY] * 5 + [Outcome.NOTED]


async def test_the_label_of_another_chain_is_refused_and_tells_no_store(world: World) -> None:
    await world.many_orders(1)
    await world.many_orders(1, store=OTHER)
    await world.pack()
    scan = await _scan(world, await _label(world, store=OTHER))
    assert scan.outcome is Outcome.WRONG_CHAIN
    assert scan.shipment
    assert scan.shipment.chain is Chain.FM
    assert await _state(world, OTHER) == "packed"


async def test_what_is_no_label_changes_nothing(world: World) -> None:
    await world.many_orders(1)
    await world.pack()
    label = await _label(world)
    for text in ("", "4710088412345", label[:-1] + str((int(label[-1]) + 1) % 10)):
        assert await _scan(world, text) == Scan(outcome=Outcome.NO_LABEL)
    unknown = label_number(Label("00000000000", 0))
    assert await _scan(world, unknown) == Scan(outcome=Outcome.NO_LABEL)


async def test_a_single_bag_can_be_received_but_not_sent(world: World) -> None:
    first, second = await world.person(), await world.person()
    await world.order(first)
    await world.order(second)
    await world.pack()
    label = await _label(world, 1)
    assert (await _scan(world, label)).outcome is Outcome.BAG_LABEL
    assert await _state(world) == "packed"
    assert (await _scan(world, label, ConfirmedStep.RECEIVED)).outcome is Outcome.NOTED
    assert (await _scan(world, label, ConfirmedStep.RECEIVED)).outcome is Outcome.ALREADY
    assert sorted([await world.state(first), await world.state(second)]) == ["arrived", "paid"]


async def test_the_bag_of_who_chose_another_store_is_put_aside(world: World) -> None:
    who = await world.person()
    await world.order(who)
    await world.pack()
    label = await _label(world, 1)
    await change_store(
        *(world.db, world.clock),
        person_id=who.person_id,
        round_id=FIRST.id,
        chain=OTHER[0],
        store_code=OTHER[1],
    )
    assert (await _scan(world, label)).outcome is Outcome.BAG_MOVED


async def test_nothing_is_shipped_to_a_closed_store(world: World) -> None:
    await world.many_orders(1, store=CLOSED)
    await world.pack()
    label = await _label(world, store=CLOSED)
    refused = await _scan(world, label, chain=CLOSED[0])
    assert refused.outcome is Outcome.STORE_CLOSED
    assert await _state(world, CLOSED) == "packed"


async def test_of_a_centre_that_scans_only_what_it_scanned_is_shipped(world: World) -> None:
    """And the other centre keeps to the calendar."""
    await world.many_orders(1, store=OURS)
    await world.many_orders(1, store=OTHER)
    async with world.db.transaction() as tx:
        await tx.execute(
            "INSERT INTO store SELECT chain, '100009', '', '', '', '', '' FROM store"
            " WHERE chain = 'SE'"
        )
    await world.many_orders(1, store=(Chain.SE, "100009"))
    await world.pack()
    await _scan(world, await _label(world))
    async with world.db.transaction() as tx:
        await packing.ship(tx, round=FIRST, at=day(3, 25, 8))
        assert await packing.arrive(tx, round=FIRST, at=day(3, 26, 0)) == 2
    assert await _state(world, (Chain.SE, "100009")) == "packed"


async def _file(world: World, folder: Path, *lines: str) -> tuple[int, list[LineError]]:
    path = folder / "confirmed.csv"
    path.write_text("\r\n".join(("store_code,step,packs", *lines, "")), encoding="utf-8")
    async with world.db.transaction() as tx:
        return await confirm_file(
            tx, path=path, round_id=FIRST.id, chain=Chain.SE, at=AT, by="centre"
        )


async def test_a_file_confirms_all_that_it_lists_once(world: World, tmp_path: Path) -> None:
    await world.many_orders(3)
    await world.pack()
    lines = (f"{OURS[1]},packed,3", f"{OURS[1]},shipped,3")
    assert await _file(world, tmp_path, *lines) == (2, [])
    assert await _file(world, tmp_path, *lines) == (0, [])
    assert await _state(world) == "shipped"
    assert await _file(world, tmp_path, f"{OURS[1]},received,3") == (1, [])
    assert await world.value("SELECT count(*) FROM orders WHERE state = 'arrived'") == 3


async def test_a_file_with_a_fault_changes_nothing(world: World, tmp_path: Path) -> None:
    await world.many_orders(3)
    await world.pack()
    new, errors = await _file(
        *(world, tmp_path),
        f"{OURS[1]},packed,3",
        f"{OURS[1]},shipped,2",
        f"{OTHER[1]},packed,1",
        f"{OURS[1]},sent,3",
        f"{OURS[1]},packed,all",
    )
    assert new == 0
    assert [(error.line, error.field) for error in errors] == [
        *[(3, "packs"), (4, "store_code"), (5, "step"), (6, "packs")]
    ]
    assert await world.rows("SELECT * FROM shipment_confirmation") == []
    _, (fault,) = await _file(world, tmp_path, "only,two")
    assert fault.line == 2


async def _one_comes_after_the_others(world: World) -> None:
    """Two are received; the third was missing, and is sent after them."""
    await world.many_orders(3)
    await world.pack()
    async with world.db.transaction() as tx:
        shortage_id = await report_shortage(
            tx, round=FIRST, chain=Chain.SE, store_code=None, packs=1, at=day(3, 24), by="centre"
        )
    label = await _label(world)
    for step in (ConfirmedStep.SHIPPED, ConfirmedStep.RECEIVED):
        assert (await _scan(world, label, step)).outcome is Outcome.NOTED
    assert (await _scan(world, label, ConfirmedStep.RECEIVED)).outcome is Outcome.ALREADY
    async with world.db.transaction() as tx:
        await packs_came(
            tx,
            round=FIRST,
            chain=Chain.SE,
            shortage_id=shortage_id,
            packs=1,
            at=day(3, 28),
            by="centre",
        )


async def _arrived(world: World) -> object:
    return await world.value("SELECT count(*) FROM orders WHERE state = 'arrived'")


async def test_received_once_more_a_shipment_brings_in_what_was_sent_later(world: World) -> None:
    await _one_comes_after_the_others(world)
    assert await _arrived(world) == 2
    label = await _label(world)
    assert (await _scan(world, label, ConfirmedStep.RECEIVED)).outcome is Outcome.NOTED
    assert await _arrived(world) == 3
    assert (await _scan(world, label, ConfirmedStep.RECEIVED)).outcome is Outcome.ALREADY


async def test_and_so_does_a_file(world: World, tmp_path: Path) -> None:
    await _one_comes_after_the_others(world)
    new, errors = await _file(world, tmp_path, f"{OURS[1]},received,2")
    assert (new, [error.field for error in errors]) == (0, ["packs"])  # the earlier file again
    assert await _file(world, tmp_path, f"{OURS[1]},received,3") == (1, [])
    assert await _arrived(world) == 3
    assert await _file(world, tmp_path, f"{OURS[1]},received,3") == (0, [])


async def test_a_file_that_comes_again_says_nothing_of_a_re_collection(
    world: World, tmp_path: Path
) -> None:
    who = await world.person()
    await world.order(who)
    await world.many_orders(2)
    await world.deliver()
    lines = (f"{OURS[1]},received,3",)
    assert await _file(world, tmp_path, *lines) == (1, [])
    await forfeit(world)
    await world.clock.set(day(4, 10))
    await open_again(world, who)
    assert await _file(world, tmp_path, *lines) == (0, [])
    assert await world.state(who) == "paid"
    scan = await _scan(world, await _label(world), ConfirmedStep.RECEIVED)
    assert scan.outcome is Outcome.NOTED
    assert await world.state(who) == "arrived"
