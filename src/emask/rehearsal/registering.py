"""Scenes of registration: proving who one is, pre-ordering, changing one's mind."""

from uuid import UUID, uuid4

from emask.language import Language
from emask.preorder.model import Entry, Placement
from emask.preorder.service import cancel_preorder, check_product
from emask.rehearsal.actor import Actor
from emask.rehearsal.company import Company, Tally
from emask.rehearsal.plan import (
    AMENDS,
    CANCELS,
    COMES_TOO_LATE,
    REGISTERS_AT_ONCE,
    SENDS_TWICE,
    SIGNED_IN_FOR_REAL,
)
from emask.rules.calendar import Channel, Round
from emask.rules.people import Residency, residency_of
from emask.sandbox.visitor import (
    Doors,
    Phone,
    Visitor,
    Way,
    at_counter,
    by_card,
    by_certificate,
    by_device_code,
    by_own_number,
    register,
)

_AT_ONCE = 2_000  # submissions that wait for the intake together
_FOR_NATIONALS: tuple[tuple[Way, Channel], ...] = (
    (by_own_number, Channel.MOBILE),
    (by_card, Channel.COMPUTER),
    (by_device_code, Channel.MOBILE),
    (by_certificate, Channel.COMPUTER),
    (at_counter, Channel.COUNTER),
)
_FOR_RESIDENTS: tuple[tuple[Way, Channel], ...] = (
    (by_card, Channel.COMPUTER),
    (by_device_code, Channel.MOBILE),
    (at_counter, Channel.COUNTER),
)
_NEEDS_CARD_REGISTRATION = {by_card, by_device_code}


async def sign_in(company: Company, _: Round) -> Tally:
    """A sample goes the whole of each way in."""

    async def act(actor: Actor) -> str:
        national = residency_of(actor.person.id_number) is Residency.NATIONAL
        ways = _FOR_NATIONALS if national else _FOR_RESIDENTS
        way, actor.channel = ways[actor.serial % len(ways)]
        await _go(company.doors, actor, way)
        return "signed_in"

    sample = (each for each in company.actors.values() if each.serial < SIGNED_IN_FOR_REAL)
    return await company.play(sample, act)


async def register_at_once(company: Company, round: Round) -> Tally:
    """Most people come in the first minutes."""
    return await _register(company, round, at_once=True)


async def register_later(company: Company, round: Round) -> Tally:
    """The rest comes in the last hour (B12)."""
    return await _register(company, round, at_once=False)


async def change_minds(company: Company, round: Round) -> Tally:
    """Some amend, some cancel, some send the same submission again."""

    async def act(actor: Actor) -> str:
        share = company.fate.share(actor.serial, f"change/{round.id}")
        if share < AMENDS:
            return await _submit(company, actor, round, revision=1, submission_id=uuid4())
        if share < AMENDS + CANCELS:
            await cancel_preorder(
                company.system.db, company.clock, person_id=actor.person_id, round_id=round.id
            )
            return "cancelled"
        again = actor.submissions[round.id]
        return await _submit(company, actor, round, revision=0, submission_id=again)

    changing = AMENDS + CANCELS + SENDS_TWICE
    cast = (
        actor
        for actor in company.actors.values()
        if round.id in actor.submissions
        and company.fate.share(actor.serial, f"change/{round.id}") < changing
    )
    return await company.play(cast, act)


async def come_too_late(company: Company, round: Round) -> Tally:
    """A few come after closing."""

    async def act(actor: Actor) -> str:
        return await _submit(company, actor, round, revision=2, submission_id=uuid4())

    cast = (
        actor
        for actor in company.actors.values()
        if company.fate.share(actor.serial, f"late/{round.id}") < COMES_TOO_LATE
    )
    return await company.play(cast, act)


async def _register(company: Company, round: Round, *, at_once: bool) -> Tally:
    async def act(actor: Actor) -> str:
        submission_id = uuid4()
        outcome = await _submit(company, actor, round, revision=0, submission_id=submission_id)
        actor.submissions[round.id] = submission_id
        return outcome

    cast = (
        actor
        for actor in company.actors.values()
        if at_once is (company.fate.share(actor.serial, f"register/{round.id}") < REGISTERS_AT_ONCE)
    )
    return await company.play(cast, act, lanes=_AT_ONCE)


async def _submit(
    company: Company, actor: Actor, round: Round, *, revision: int, submission_id: UUID
) -> str:
    """Submit in a session of the actor's channel; each revision names a store of its own."""
    check_product(round, round.product)
    now = await company.clock.now()
    token = company.system.sessions.issue(person_id=actor.person_id, channel=actor.channel, now=now)
    session = company.system.sessions.read(token, now=now)
    matter = f"store/{round.id}/{revision}"
    chain, code = company.stores[company.fate.one_of(actor.serial, matter, len(company.stores))]
    receipt = await company.system.intake.submit(
        Entry(
            person_id=session.person_id,
            round_id=round.id,
            chain=chain,
            store_code=code,
            mobile=actor.person.mobile or "",
            channel=session.channel,
            language=Language(actor.person.language),
            submission_id=submission_id,
        )
    )
    company.acknowledged.note(person_id=actor.person_id, round_id=round.id, receipt=receipt)
    return str(Placement(receipt.placement))


async def _go(doors: Doors, actor: Actor, way: Way) -> None:
    phone = Phone(handset=f"handset {actor.serial}")
    visitor = Visitor(person=actor.person, phone=phone)
    if way in _NEEDS_CARD_REGISTRATION:
        await register(doors, visitor, printed_number=actor.person.nhi_card)
    await way(doors, visitor)
