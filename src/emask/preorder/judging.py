"""Why a submission was not placed: by the rules themselves, in their own order."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.entitlement.service import claims_of
from emask.preorder import queries
from emask.preorder.model import Placement, Receipt, SubmissionReused
from emask.preorder.queries import SEALED_AS, Facts, Row, Standing
from emask.rounds.service import UnknownRound, load_round, next_round
from emask.rules.calendar import Channel, Round, day_in_taipei
from emask.rules.eligibility import PreorderCase, check_preorder
from emask.rules.interval import Claim
from emask.rules.refusals import Closed, NotRegistered, Refusal, StoreClosed, UnknownStore

Reason = Receipt | Refusal | UnknownRound | SubmissionReused
"""The receipt of what stands already, or what is to be raised."""


class Verdict(NamedTuple):
    """Reasons by person, and the submissions that nothing stands against after all."""

    reasons: dict[UUID, Reason]
    eligible: list[Row]


@dataclass(frozen=True, slots=True)
class _Offer:
    round: Round
    next_opens_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Case:
    row: Row
    facts: Facts
    offer: _Offer | None
    claims: Sequence[Claim]
    now: datetime


async def judge(tx: Transaction, vault: Vault, *, rows: Sequence[Row], now: datetime) -> Verdict:
    """Find out why submissions were not placed at `now`. Each person may come once.

    Eligible is whom a claim kept from being placed although it leaves a day of the window (B7).
    """
    known = await queries.facts(tx, rows)
    offers = {round_id: await _offer(tx, round_id) for round_id in {row.round_id for row in rows}}
    verdict = Verdict({}, [])
    for row in rows:
        facts = known[row.person_id]
        case = _Case(
            row=row,
            facts=facts,
            offer=offers[row.round_id],
            claims=await claims_of(tx, row.person_id) if facts.claimed else [],
            now=now,
        )
        reason = _reason(case, vault)
        if reason is None:
            verdict.eligible.append(row)
        else:
            verdict.reasons[row.person_id] = reason
    return verdict


def _reason(case: _Case, vault: Vault) -> Reason | None:
    standing = case.facts.standing
    if standing is not None and standing.row.submission_id == case.row.submission_id:
        return _replay(case.row, standing, vault)
    if case.offer is None:
        return UnknownRound("there is no such round")
    try:
        _check(case, case.offer)
    except Refusal as refusal:
        return refusal
    return None


def _replay(sent: Row, standing: Standing, vault: Vault) -> Receipt | SubmissionReused:
    """Sent again it is acknowledged again, however late; under its name nothing else is."""
    if _contents(sent, vault) != _contents(standing.row, vault):
        return SubmissionReused()
    return Receipt(Placement.REPLAYED, standing.row.ticket, standing.revision)


def _contents(row: Row, vault: Vault) -> tuple[str, ...]:
    mobile = vault.open(row.mobile, person_id=row.person_id, field=SEALED_AS)
    return row.chain, row.store_code, row.channel, mobile, row.language


def _check(case: _Case, offer: _Offer) -> None:
    if case.facts.birth_date is None:
        raise NotRegistered
    if case.facts.frozen:
        raise Closed(closed_at=offer.round.closes_at, next_opens_on=offer.next_opens_on)
    try:
        check_preorder(
            PreorderCase(
                round=offer.round,
                now=case.now,
                channel=Channel(case.row.channel),
                birth_date=case.facts.birth_date,
                product=offer.round.product,
                claims=case.claims,
                bought_closed_round=case.facts.bought_closed_round,
            )
        )
    except Closed as closed:
        closed.next_opens_on = offer.next_opens_on
        raise
    if case.facts.store_open is None:
        raise UnknownStore
    if not case.facts.store_open:
        raise StoreClosed(name=case.facts.store_name)


async def _offer(tx: Transaction, round_id: str) -> _Offer | None:
    try:
        offered = await load_round(tx, round_id)
    except UnknownRound:
        return None
    following = await next_round(tx, offered)
    return _Offer(offered, day_in_taipei(following.opens_at) if following else None)
