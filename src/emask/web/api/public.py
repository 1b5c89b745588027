"""What everybody may know: rounds, stores, and the record of a draw."""

from dataclasses import asdict, replace
from datetime import date, datetime
from typing import Annotated, Final, TypeAlias

import msgspec
from litestar import get
from litestar.params import FromQuery, PathParameter, QueryParameter

from emask.draw.model import DrawRecord
from emask.draw.service import record_of
from emask.rounds.model import Chain, Store
from emask.rounds.service import all_rounds, load_round
from emask.rounds.stores import search_stores
from emask.rules.calendar import Phase, Product, Round
from emask.web.api.problems import INVALID_REQUEST, NOT_FROZEN, told
from emask.web.intake_problems import UNKNOWN_ROUND, Unacceptable
from emask.web.shell.page import WebRequest, system_of

MOST_STORES: Final = 50

RoundId: TypeAlias = Annotated[str, PathParameter(pattern="^[^\\x00]+$", max_length=100)]
"""Whatever can name a round; the database knows no text with NUL."""

_Words: TypeAlias = Annotated[str, QueryParameter(pattern="^[^\\x00]*$", max_length=100)]


class RoundFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A round, and the phase that it is in now.

    Money is NT$: `price` a piece, `amount_due` for one pre-order of `pieces` with its fee.
    """

    id: str
    phase: Phase
    opens_at: datetime
    closes_at: datetime
    pay_from: datetime
    pay_until: datetime
    release_at: datetime
    pickup_from: date
    pickup_until: date
    quota: int
    product: Product
    pieces: int
    price: int
    handling_fee: int
    amount_due: int
    interval_days: int
    child_born_from: date


class DrawFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The commitment of a draw, and what came of it once it is published; bytes are hex."""

    round_id: str
    run: int
    reason: str | None
    algorithm: str
    entries: int
    quota: int
    root: str
    beacon: str
    beacon_key: str
    beacon_round: int
    committed_at: datetime
    published_at: datetime | None
    seed: str | None
    signature: str | None
    selected: int | None
    result_root: str | None


@get("/rounds", operation_id="list_rounds")
async def list_rounds(request: WebRequest) -> list[RoundFacts]:
    """Every round, the first to open first."""
    system = system_of(request)
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        return [_round(each, now) for each in await all_rounds(tx)]


@get(
    "/rounds/{round_id:str}",
    operation_id="show_round",
    responses=told(INVALID_REQUEST, UNKNOWN_ROUND),
)
async def show_round(request: WebRequest, round_id: RoundId) -> RoundFacts:
    """One round: dates, quota, product, price, fee and the total of one pre-order in NT$."""
    system = system_of(request)
    now = await system.clock.now()
    async with system.db.transaction() as tx:
        return _round(await load_round(tx, round_id), now)


@get("/stores", operation_id="search_stores", responses=told(INVALID_REQUEST))
async def find_stores(
    request: WebRequest,
    q: _Words = "",
    chain: FromQuery[Chain | None] = None,
    county: _Words = "",
    town: _Words = "",
) -> list[Store]:
    """At most 50 stores, open ones first; `q` is words of number, name, place or address."""
    async with system_of(request).db.transaction() as tx:
        return await search_stores(
            tx, text=q, chain=chain, county=county or None, town=town or None, limit=MOST_STORES
        )


@get(
    "/rounds/{round_id:str}/draw",
    operation_id="show_draw",
    responses=told(INVALID_REQUEST, UNKNOWN_ROUND, NOT_FROZEN),
)
async def show_draw(request: WebRequest, round_id: RoundId) -> DrawFacts:
    """The public record: the commitment from closing on, the result once it is published."""
    async with system_of(request).db.transaction() as tx:
        await load_round(tx, round_id)
        record = await record_of(tx, round_id)
    if record is None:
        raise Unacceptable(NOT_FROZEN)
    return _public(record)


def _round(round: Round, now: datetime) -> RoundFacts:
    derived = {"phase": round.phase(now), "amount_due": round.amount_due}
    return msgspec.convert(asdict(round) | derived, RoundFacts)


def _public(record: DrawRecord) -> DrawFacts:
    if record.published_at is None:
        record = replace(record, seed=None, signature=None, selected=None, result_root=None)
    facts = asdict(record)
    printed = {name: it.hex() for name, it in facts.items() if isinstance(it, bytes)}
    return msgspec.convert(facts | printed, DrawFacts)


PUBLIC: Final = [list_rounds, show_round, find_stores, show_draw]
