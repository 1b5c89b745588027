"""Sales that a counter made without a line, judged when they come in (B7-B10).

Each is judged by the day on which it was made. What breaks a rule is no sale: it takes no days of
anybody's, but its pieces are gone, and somebody in the office looks into it; the counter has long
served the next in line. A sale has a number of the counter's own: sent again, or twice at once, or
made before the line broke after all, it is one sale.
"""

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, Final
from uuid import UUID

import msgspec
from joserfc import jwe
from joserfc.errors import JoseError

from emask.counter import offline_queries as queries
from emask.counter import queries as counter_queries
from emask.counter.model import Paper, Sale
from emask.counter.offline_list import OfflineKeys, Terms, read_terms
from emask.counter.offline_queries import Judged
from emask.counter.queries import CardHolder
from emask.counter.why import Case, pieces_for
from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.entitlement.deferrals import announce_moves
from emask.entitlement.many_sales import DecidedSale, claim_many_sales, claims_of_many
from emask.rounds.service import policy_on
from emask.rules.calendar import CounterPolicy, Product, day_in_taipei
from emask.rules.interval import Change, Claim, sell_at_counter
from emask.rules.people import InvalidEntry, last_digit, normalise_id
from emask.rules.refusals import ProxyLimit, Refusal, SaleNumberUsed

MOST_AT_ONCE: Final = 2_000
_CHUNK: Final = 250
"""Sales of one transaction."""
_MOST_PIECES: Final = 1_000
"""Of one sale, far more than any ration."""
_SKEW: Final = timedelta(minutes=5)
"""How far a counter's clock may be off."""

UNREADABLE: Final = "unreadable"
OUTSIDE_LIST: Final = "outside_list"
OTHER_PIECES: Final = "other_pieces"
"""What a sale may break beside the rules: its seal, the list's time or cap, the ration."""


class ListOfAnotherSite(ValueError):
    """The list was made for another site than whose staff sends it."""


class _OtherPieces(Exception):
    """Not the ration that was to be handed out."""


class SealedSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A sale as a counter keeps it: its number, and all else in a compact JWE."""

    sale_id: UUID
    sealed: str


class _OpenSale(msgspec.Struct, frozen=True, kw_only=True):
    """What the JWE holds."""

    sale_id: UUID
    list_id: UUID
    sold_at: datetime
    id_number: str
    product: Product
    pieces: Annotated[int, msgspec.Meta(gt=0, le=_MOST_PIECES)]
    by_proxy: bool = False
    visit: UUID | None = None
    paper: Paper = Paper.NHI_CARD


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """What became of sales: None or the rule broken, by number; and pieces that no stock had."""

    outcomes: Mapping[UUID, str | None]
    short: Mapping[Product, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Upload:
    """What all sales of an upload have in common."""

    vault: Vault
    terms: Terms
    by: str
    now: datetime

    def person_of(self, sale: _OpenSale) -> UUID:
        """Whose sale it is."""
        return self.vault.person_id(sale.id_number)

    def may_hold(self, sale: _OpenSale) -> bool:
        """Whether the list was good when the sale was made on it."""
        earliest, latest = self.terms.issued_at - _SKEW, self.terms.expires_at + _SKEW
        of_list = sale.list_id == self.terms.list_id
        return of_list and earliest <= sale.sold_at <= min(latest, self.now + _SKEW)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What a set of sales is judged by."""

    made_before: Mapping[UUID, bool]
    holders: Mapping[UUID, CardHolder]
    claims: Mapping[UUID, Sequence[Claim]]
    policies: Mapping[date, CounterPolicy]


async def reconcile(
    db: Database,
    clock: Clock,
    vault: Vault,
    keys: OfflineKeys,
    *,
    site_code: str,
    signed_list: str,
    sales: Sequence[SealedSale],
    by: str,
) -> Reconciled:
    """Judge sales that were made on one list of a site, and make those that stand.

    A number that another site has sent is not answered.

    Raises:
        ListBroken: the list is none of ours.
        ListOfAnotherSite: it is not the site's.
    """
    terms = read_terms(keys, signed_list)
    if terms.site_code != site_code:
        raise ListOfAnotherSite
    upload = _Upload(vault=vault, terms=terms, by=by, now=await clock.now())
    outcomes: dict[UUID, str | None] = {}
    short: Counter[Product] = Counter()
    for start in range(0, len(sales), _CHUNK):
        sent = await asyncio.to_thread(_open_all, keys, sales[start : start + _CHUNK])
        some = await _take(db, upload, sent)
        outcomes |= some.outcomes
        short.update(some.short)
    return Reconciled(outcomes=outcomes, short=short)


def _open_all(keys: OfflineKeys, sales: Sequence[SealedSale]) -> dict[UUID, _OpenSale | None]:
    return {each.sale_id: _open(keys, each) for each in sales}


def _open(keys: OfflineKeys, sale: SealedSale) -> _OpenSale | None:
    """None where nothing can be made of it, which no counter's program sends."""
    try:
        plain = jwe.decrypt_compact(
            sale.sealed, keys.queue, algorithms=["ECDH-ES", "A256GCM"]
        ).plaintext
        opened = msgspec.json.decode(plain or b"", type=_OpenSale)
        number = normalise_id(opened.id_number)
    except (JoseError, TypeError, ValueError, InvalidEntry):
        return None
    meant = opened.sale_id == sale.sale_id and opened.sold_at.tzinfo
    return msgspec.structs.replace(opened, id_number=number) if meant else None


async def _take(db: Database, upload: _Upload, sent: Mapping[UUID, _OpenSale | None]) -> Reconciled:
    """One transaction: sales that came before keep their outcomes, the others are judged."""
    terms = upload.terms

    async def use_case(tx: Transaction) -> Reconciled:
        room = terms.cap - await queries.taken_on(tx, terms.list_id)
        new = await queries.take_in(
            tx, sent, site_code=terms.site_code, list_id=terms.list_id, by=upload.by, at=upload.now
        )
        fresh = {sale_id: sale for sale_id, sale in sent.items() if sale_id in new}
        judged = await _judge_all(tx, upload, fresh, room=room)
        short = await _write(tx, upload, judged) if judged else {}
        found = await queries.outcomes(tx, terms.site_code, sent)
        outcomes = {sale_id: found[sale_id] for sale_id in sent if sale_id in found}
        return Reconciled(outcomes=outcomes, short=short)

    return await db.retrying(use_case)


async def _judge_all(
    tx: Transaction, upload: _Upload, sales: Mapping[UUID, _OpenSale | None], *, room: int
) -> list[Judged]:
    judged, standing = [], []
    for place, (sale_id, sale) in enumerate(sales.items()):
        if sale is None:
            judged.append(Judged(sale_id=sale_id, refusal=UNREADABLE))
        elif place >= room or not upload.may_hold(sale):
            judged.append(_told(upload, sale, OUTSIDE_LIST))
        else:
            standing.append(sale)
    for wave in _one_each(upload, standing):
        judged += await _judge(tx, upload, wave)
    return judged


def _one_each(upload: _Upload, sales: Iterable[_OpenSale]) -> Iterator[list[_OpenSale]]:
    """Sets of sales in which nobody bought twice, each person's in the order of buying."""
    left = sorted(sales, key=lambda sale: sale.sold_at)
    while left:
        wave: dict[UUID, _OpenSale] = {}
        left = [sale for sale in left if wave.setdefault(upload.person_of(sale), sale) is not sale]
        yield list(wave.values())


async def _judge(tx: Transaction, upload: _Upload, sales: Sequence[_OpenSale]) -> list[Judged]:
    """Judge sales to different people, and write those that stand."""
    facts = await _facts(tx, upload, sales)
    judged, made, decided = [], [], []
    for each in sales:
        sale = _sale(upload, each)
        if facts.made_before.get(sale.sale_id):
            judged.append(replace(_told(upload, each, None), made_before=True))
            continue
        try:
            change = await _decide(tx, facts, sale, digit=last_digit(each.id_number))
        except (Refusal, _OtherPieces) as refusal:
            judged.append(_told(upload, each, str(refusal)))
            continue
        judged.append(_told(upload, each, None))
        made.append(sale)
        decided.append(DecidedSale(person_id=sale.person_id, sale_id=sale.sale_id, change=change))
    await claim_many_sales(tx, decided)
    await queries.write_sales(tx, made)
    for its in decided:  # B10: its owner is told the new first day
        moves = its.change.moves
        await announce_moves(tx, person_id=its.person_id, moves=moves, at=upload.now)
    return judged


async def _decide(tx: Transaction, facts: _Facts, sale: Sale, *, digit: int) -> Change:
    """What a sale does to its buyer's timeline. What a shelf had is not asked: it was there.

    Raises:
        Refusal: as in :func:`emask.counter.service.sell`, but for the stock.
        _OtherPieces: others were handed out than the ration.
    """
    if sale.sale_id in facts.made_before:  # undone since, or another site's
        raise SaleNumberUsed
    policy = facts.policies[sale.sold_on]
    case = Case(
        holder=facts.holders.get(sale.person_id),
        last_digit=digit,
        policy=policy,
        product=sale.product,
        day=sale.sold_on,
        paper=sale.paper,
    )
    if pieces_for(case) != sale.pieces:
        raise _OtherPieces(OTHER_PIECES)
    change = sell_at_counter(
        facts.claims.get(sale.person_id, ()),
        day=sale.sold_on,
        interval_days=policy.interval_days,
        reference=str(sale.sale_id),
    )
    adults, children = policy.proxy_adults, policy.proxy_children
    if sale.visit_id and not await counter_queries.count_proxy(
        tx, sale, adults=adults, children=children
    ):
        raise ProxyLimit(adults=adults, children=children)
    return change


async def _facts(tx: Transaction, upload: _Upload, sales: Sequence[_OpenSale]) -> _Facts:
    people = {upload.person_of(sale): sale.sale_id for sale in sales}
    days = {day_in_taipei(sale.sold_at) for sale in sales}
    return _Facts(
        made_before=await queries.sold_already(
            tx, list(people.items()), site_code=upload.terms.site_code
        ),
        holders=await queries.holders(tx, people),
        claims=await claims_of_many(tx, people),
        policies={day: await policy_on(tx, day) for day in days},
    )


def _sale(upload: _Upload, sale: _OpenSale) -> Sale:
    return Sale(
        sale_id=sale.sale_id,
        person_id=upload.person_of(sale),
        site_code=upload.terms.site_code,
        product=sale.product,
        pieces=sale.pieces,
        sold_on=day_in_taipei(sale.sold_at),
        sold_at=sale.sold_at,
        sold_by=upload.by,
        by_proxy=sale.by_proxy,
        visit_id=sale.visit if sale.by_proxy else None,
        paper=sale.paper,
    )


def _told(upload: _Upload, sale: _OpenSale, refusal: str | None) -> Judged:
    return Judged(
        sale_id=sale.sale_id,
        refusal=refusal,
        person_id=upload.person_of(sale),
        product=sale.product,
        pieces=sale.pieces,
        sold_at=sale.sold_at,
    )


async def _write(tx: Transaction, upload: _Upload, judged: Sequence[Judged]) -> dict[Product, int]:
    """Write outcomes, stock and audit log; the pieces that no stock had."""
    site_code = upload.terms.site_code
    await queries.write_outcomes(tx, judged)
    gone: Counter[Product] = Counter()
    for each in judged:
        if each.product and not each.made_before:
            gone[each.product] += each.pieces
    short = await queries.take_from_stock(tx, site_code, gone, at=upload.now)
    detail = {
        "list": str(upload.terms.list_id),
        "sales": len(judged),
        "conflicts": sum(each.refusal is not None for each in judged),
        "short": {product.value: pieces for product, pieces in short.items()},
    }
    await audit_log.record(
        tx, at=upload.now, actor=upload.by, act="offline_sales", subject=site_code, detail=detail
    )
    return short
