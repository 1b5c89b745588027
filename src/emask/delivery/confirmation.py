"""What a logistics centre confirms: packed, shipped, received; by a scanner or by a file.

Saying it again changes nothing, but for what was received: the second time brings in the packs
that went after their shipment. A centre that confirms nothing is taken to keep to the calendar
(:mod:`emask.delivery.packing`); of one that scans what it ships, only what it scans is shipped.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from emask.database.pool import Transaction
from emask.delivery import confirmation_queries as queries
from emask.delivery.confirmation_queries import Confirmed, Doubt, Labelled, Told
from emask.delivery.packing import arrive_parcel
from emask.delivery.packing_queries import arrive_at_stores
from emask.rounds.csv_file import FileRejected, half_width, read_lines
from emask.rounds.model import Chain, LineError
from emask.rules.labels import read_label

COLUMNS: Final = ("store_code", "step", "packs")
"""Of a file that a centre sends back."""


class ConfirmedStep(StrEnum):
    """How far a shipment is, as its centre confirms it."""

    PACKED = "packed"
    SHIPPED = "shipped"
    RECEIVED = "received"


class Outcome(StrEnum):
    """What came of a scan; only NOTED changed anything."""

    NOTED = "noted"
    ALREADY = "already"
    COUNTED = "counted"
    """It came back among a number that was entered for its store: it does not count again."""
    NO_LABEL = "no_label"
    WRONG_CHAIN = "wrong_chain"
    STORE_CLOSED = "store_closed"
    BAG_LABEL = "bag_label"
    """One bag is neither packed nor shipped by itself: the shipment's label is to be scanned."""
    BAG_MOVED = "bag_moved"
    """Its orderer has chosen another store since the label was printed: it is not to be sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What came of a scan, and of which shipment; `bag` is 0 for the label of the whole.

    Of another chain's label no store is told.
    """

    outcome: Outcome
    shipment: Labelled | None = None
    bag: int = 0


async def confirm_scan(
    tx: Transaction, *, text: str, step: ConfirmedStep, chain: Chain, at: datetime, by: str
) -> Scan:
    """A label was scanned, or its number keyed, at the centre of a chain.

    The label of a whole shipment confirms the step; a single bag can only be received. Whose
    packs were received is for the caller to tell.

    Received once more, a shipment brings in what was sent after it.
    """
    label = read_label(text)
    shipment = label and await queries.labelled(tx, label.shipment)
    if label is None or shipment is None:
        return Scan(outcome=Outcome.NO_LABEL)
    if shipment.chain is not chain:
        return Scan(outcome=Outcome.WRONG_CHAIN, shipment=shipment)
    if not shipment.open and step is not ConfirmedStep.PACKED:
        return Scan(outcome=Outcome.STORE_CLOSED, shipment=shipment, bag=label.bag)
    if label.bag:
        outcome = await _confirm_bag(tx, shipment, label.bag, step=step, at=at)
        return Scan(outcome=outcome, shipment=shipment, bag=label.bag)
    confirmed = Confirmed(shipment.round_id, chain, step, [shipment.store_code], at, by)
    new = await _confirm(tx, confirmed)
    return Scan(outcome=Outcome.NOTED if new else Outcome.ALREADY, shipment=shipment)


async def confirm_file(
    tx: Transaction, *, path: Path, round_id: str, chain: Chain, at: datetime, by: str
) -> tuple[int, list[LineError]]:
    """Take a centre's CSV file of what it packed, shipped and knows to be received.

    All of it or, if a line is at fault, nothing. Whose packs were received is for the caller to
    tell. A re-collection raises no number of packs, so the file of before it may come again: of
    its arrival only a scan tells, or the centre's page.

    Returns:
        How many confirmations are new, those too that bring in what was sent later, and the
        faults of the file by line.
    """
    try:
        told, errors = _read(path)
    except FileRejected as rejected:
        return 0, [rejected.error]
    doubts = await queries.doubts(tx, told, round_id=round_id, chain=chain)
    errors += [_fault(doubt) for doubt in doubts]
    if errors:
        return 0, sorted(errors, key=lambda error: error.line)
    new = 0
    for step in ConfirmedStep:
        stores = [each.store_code for each in told if each.step == step]
        confirmed = Confirmed(round_id, chain, step, stores, at, by)
        if step is ConfirmedStep.RECEIVED:
            confirmed = confirmed._replace(stores=await queries.still_to_hear_of(tx, confirmed))
        new += await _confirm(tx, confirmed)
    return new, []


async def _confirm(tx: Transaction, confirmed: Confirmed) -> int:
    """Of how many stores something is new."""
    new = set(await queries.note(tx, confirmed))
    if confirmed.step == ConfirmedStep.SHIPPED:
        await queries.ship(tx, confirmed._replace(stores=list(new)))
    elif confirmed.step == ConfirmedStep.RECEIVED:
        new |= set(
            await arrive_at_stores(
                tx,
                round_id=confirmed.round_id,
                chain=confirmed.chain,
                stores=confirmed.stores,
                at=confirmed.at,
            )
        )
    return len(new)


async def _confirm_bag(
    tx: Transaction, shipment: Labelled, bag: int, *, step: ConfirmedStep, at: datetime
) -> Outcome:
    person_id = await queries.person_of_bag(tx, shipment, bag)
    if person_id is None:
        return Outcome.BAG_MOVED
    if step is not ConfirmedStep.RECEIVED:
        return Outcome.BAG_LABEL
    arrived = await arrive_parcel(tx, person_id=person_id, round_id=shipment.round_id, at=at)
    return Outcome.NOTED if arrived else Outcome.ALREADY


def _read(path: Path) -> tuple[list[Told], list[LineError]]:
    """Raises FileRejected."""
    told, errors = list[Told](), list[LineError]()
    for number, cells in read_lines(path, COLUMNS):
        step, packs = half_width(cells["step"]).lower(), half_width(cells["packs"])
        if step not in set(ConfirmedStep):
            zh, en = "應是 packed、shipped 或 received", "is packed, shipped or received"
            errors.append(LineError(line=number, field="step", zh=zh, en=en))
        elif not (packs.isdecimal() and len(packs) <= len("99999")):
            zh, en = "應是份數", "is a number of packs"
            errors.append(LineError(line=number, field="packs", zh=zh, en=en))
        else:
            told.append(Told(number, half_width(cells["store_code"]), step, int(packs)))
    return told, errors


def _fault(doubt: Doubt) -> LineError:
    line = doubt.told.line
    if doubt.packs is None:
        zh, en = "本輪沒有要送到這家門市的口罩", "is sent nothing in this round"
        return LineError(line=line, field="store_code", zh=zh, en=en)
    if doubt.packs == doubt.told.packs:
        zh, en = "門市已停業，不送貨", "is closed: nothing is sent there"
        return LineError(line=line, field="store_code", zh=zh, en=en)
    zh = f"這家門市是 {doubt.packs:,} 份；少了就先回報短缺"
    en = f"is {doubt.packs:,} for this store; report a shortage first if some are missing"
    return LineError(line=line, field="packs", zh=zh, en=en)
