"""Scenes of collection: owners and proxies, on every day, and what goes wrong at a till."""

from datetime import timedelta

from emask.delivery.collection import ask_for_slip, hand_over
from emask.rehearsal.actor import Actor
from emask.rehearsal.company import Company, Tally
from emask.rehearsal.plan import BY_PROXY, COLLECTS
from emask.rehearsal.queries import Pack, packs_at_stores
from emask.rounds.model import Chain
from emask.rules.calendar import Round
from emask.rules.people import Document, Residency, documents_for, residency_of
from emask.rules.pickup import pickup_number
from emask.rules.refusals import Refusal

_NOBODYS_NUMBER = pickup_number("00000000")

# Shares of those who collect that first come wrongly, one after the other.
_WRONG_NUMBER = 0.005
_WRONG_STORE = 0.01
_WRONG_DOCUMENT = 0.015
_TOO_EARLY = 0.05  # of those whose pack may not be handed over yet


async def collect(company: Company, round: Round) -> Tally:
    """Everybody whose day it is collects; a few come before their first day (B10)."""
    today = await company.today()
    days = (round.pickup_until - round.pickup_from).days + 1
    tally: Tally = Tally()

    async def act(pack: Pack) -> str:
        actor = company.actors[pack.person_id]
        await _come_wrongly(company, actor, pack, round, tally)
        await _collect(company, actor, pack, round)
        proxy = company.fate.share(actor.serial, f"proxy/{round.id}") < BY_PROXY
        return "collected_by_proxy" if proxy else "collected"

    def comes(pack: Pack) -> bool:
        serial = company.actors[pack.person_id].serial
        if company.fate.share(serial, f"collect/{round.id}") >= COLLECTS:
            return False
        if today < pack.earliest:
            return company.fate.share(serial, f"early/{round.id}") < _TOO_EARLY
        day = round.pickup_from + timedelta(
            days=company.fate.one_of(serial, f"collect day/{round.id}", days)
        )
        return today >= max(day, pack.earliest)

    async with company.system.db.transaction() as tx:
        packs = await packs_at_stores(tx, round.id)
    mine = [pack for pack in packs if pack.person_id in company.actors and comes(pack)]
    return tally + await company.play(mine, act)


async def come_after_the_end(company: Company, round: Round) -> Tally:
    """A few come when collection is over."""

    async def act(actor: Actor) -> str:
        await hand_over(
            company.system.db,
            company.clock,
            person_id=actor.person_id,
            round_id=round.id,
            chain=Chain.SE,
            store_code=company.stores[0][1],
            document=_document(company, actor, round),
            by_proxy=False,
            clerk="clerk",
        )
        return "collected"

    cast = (
        actor
        for actor in company.actors.values()
        if company.fate.share(actor.serial, f"collect/{round.id}") >= 1 - _WRONG_NUMBER
    )
    return await company.play(cast, act)


async def _come_wrongly(
    company: Company, actor: Actor, pack: Pack, round: Round, tally: Tally
) -> None:
    """The first try of a few: another's number, another store, a document that does not do."""
    hitch = company.fate.share(actor.serial, f"till/{round.id}")
    if hitch >= _WRONG_DOCUMENT:
        return
    number, store, document = pack.pickup_number, (pack.chain, pack.store_code), None
    if hitch < _WRONG_NUMBER:
        number = _NOBODYS_NUMBER
    elif hitch < _WRONG_STORE:
        store = next(each for each in company.stores if each != store)
    else:
        national = residency_of(actor.person.id_number) is Residency.NATIONAL
        document = Document.RESIDENCE_PERMIT if national else Document.NATIONAL_ID
    try:
        wrong = pack._replace(pickup_number=number, chain=store[0], store_code=store[1])
        await _collect(company, actor, wrong, round, document=document)
    except Refusal as refusal:
        tally[refusal.code] += 1


async def _collect(
    company: Company,
    actor: Actor,
    pack: Pack,
    round: Round,
    *,
    document: Document | None = None,
) -> None:
    """At the kiosk with number and ID number, then at the till with a document."""
    await ask_for_slip(
        company.system.db,
        company.clock,
        company.system.vault,
        pickup_number=pack.pickup_number,
        id_number=actor.person.id_number,
        chain=pack.chain,
        store_code=pack.store_code,
    )
    await hand_over(
        company.system.db,
        company.clock,
        person_id=actor.person_id,
        round_id=round.id,
        chain=pack.chain,
        store_code=pack.store_code,
        document=document or _document(company, actor, round),
        by_proxy=company.fate.share(actor.serial, f"proxy/{round.id}") < BY_PROXY,
        clerk="clerk",
    )


def _document(company: Company, actor: Actor, round: Round) -> Document:
    accepted = sorted(documents_for(residency_of(actor.person.id_number)))
    return accepted[company.fate.one_of(actor.serial, f"document/{round.id}", len(accepted))]
