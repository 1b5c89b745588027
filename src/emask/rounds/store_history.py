"""What became of stores: lists that came in, and what operators changed by hand."""

from dataclasses import dataclass, replace

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.rounds import store_history_queries as queries
from emask.rounds import store_queries, store_waiting_queries
from emask.rounds.csv_file import half_width
from emask.rounds.list_queries import Directory, ListImport, lists_kept
from emask.rounds.model import COUNTIES, Chain, Change, Store
from emask.rounds.store_file import ZIP_CODE
from emask.rounds.store_history_queries import Event
from emask.rounds.store_waiting_queries import Waiting
from emask.rounds.stores import NoSuchStore

_IMPORTS = 10
_EVENTS = 500
_UNTOLD = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ByHand:
    """Who changes a store by hand, and why. Raises ValueError without a reason."""

    operator: str
    reason: str

    def __post_init__(self) -> None:
        if not self.reason.strip():
            raise ValueError("reason: a change by hand has one")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a store is. Raises ValueError if anything is missing, or county or zip code is none."""

    county: str
    town: str
    address: str
    zip_code: str

    def __post_init__(self) -> None:
        known = half_width(self.county) in COUNTIES and ZIP_CODE.fullmatch(self.zip_code)
        if not (known and self.town.strip() and self.address.strip()):
            raise ValueError("place: a county by its full name, a town, an address, a zip code")


async def close_store(db: Database, clock: Clock, *, chain: Chain, code: str, by: ByHand) -> bool:
    """Close a store: who was to collect there is told to choose another.

    The next list that names it as open opens it again.

    Returns:
        False if it was closed already.

    Raises:
        NoSuchStore: there is none of this chain and code.
    """
    async with db.transaction() as tx:
        store = replace(await _store(tx, chain, code), open=False)
        return await _change(tx, clock, store, kind=Change.CLOSED, by=by)


async def reopen_store(db: Database, clock: Clock, *, chain: Chain, code: str, by: ByHand) -> bool:
    """Open a store again; False if it was open. Raises NoSuchStore."""
    async with db.transaction() as tx:
        store = replace(await _store(tx, chain, code), open=True)
        return await _change(tx, clock, store, kind=Change.REOPENED, by=by)


async def move_store(
    db: Database, clock: Clock, *, chain: Chain, code: str, to: Place, by: ByHand
) -> bool:
    """Give a store another place; who was to collect there is told that it has moved.

    Returns:
        False if it is there already.

    Raises:
        NoSuchStore: there is none of this chain and code.
    """
    async with db.transaction() as tx:
        store = replace(
            await _store(tx, chain, code),
            county=half_width(to.county),
            town=half_width(to.town),
            address=to.address,
            zip_code=to.zip_code,
        )
        return await _change(tx, clock, store, kind=Change.MOVED, by=by)


async def recent_imports(tx: Transaction) -> list[ListImport]:
    """The last lists that came in, the latest first."""
    return await lists_kept(tx, Directory.STORES, limit=_IMPORTS)


async def changes_of_import(tx: Transaction, import_id: int) -> list[Event]:
    """What a list changed, closings first; not more than a page shows."""
    return await queries.events_of_import(tx, import_id, limit=_EVENTS)


async def changes_of_store(tx: Transaction, *, chain: Chain, code: str) -> list[Event]:
    """What became of one store, the latest first."""
    return await queries.events_of_store(tx, chain, code)


async def closed_with_orders(tx: Transaction) -> list[Waiting]:
    """Closed stores at which somebody is still to collect, those with the most first."""
    return await store_waiting_queries.waiting_at_closed(tx)


async def not_reached(tx: Transaction, *, chain: Chain, code: str) -> list[tuple[str, str]]:
    """Round and registration number of whom nobody has told that this store is closed."""
    return await store_waiting_queries.not_reached(tx, chain, code, limit=_UNTOLD)


async def _store(tx: Transaction, chain: Chain, code: str) -> Store:
    """The store as it is until this transaction ends. Raises NoSuchStore."""
    await queries.hold_imports(tx)  # what is read here is written back whole
    store = await store_queries.by_code(tx, chain, code)
    if store is None:
        raise NoSuchStore(f"{chain.label} {code}")
    return store


async def _change(tx: Transaction, clock: Clock, store: Store, *, kind: Change, by: ByHand) -> bool:
    if not await queries.change_by_hand(tx, store, kind=kind, actor=by.operator, reason=by.reason):
        return False
    await store_queries.tell_of_closed(tx)
    await store_queries.tell_of_moved_by_hand(tx, store.chain, store.code)
    await audit_log.record(
        tx,
        at=await clock.now(),
        actor=by.operator,
        act=f"store_{kind}",
        subject=f"{store.chain}{store.code}",
        detail={"reason": by.reason, "county": store.county, "town": store.town},
    )
    return True
