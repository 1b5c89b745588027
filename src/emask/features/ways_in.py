"""The ways in of A1-A15 as a scenario's people go them, with made-up evidence."""

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from uuid import UUID

from emask.features.citizen import Citizen
from emask.features.session import open_session
from emask.features.world import World
from emask.identity.certificates import new_challenge
from emask.identity.counter_office import serve_at_counter
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.device import issue_device_code
from emask.identity.model import Session, StaffRole, StaffSession
from emask.identity.registration import bind_certificate, register_with_card
from emask.identity.sign_in import (
    sign_in_with_card,
    sign_in_with_certificate,
    sign_in_with_device,
    sign_in_with_device_code,
    sign_in_with_own_number,
)
from emask.rules.calendar import Channel
from emask.rules.people import Document, Residency, residency_of
from emask.rules.refusals import DeviceCodeWrong
from emask.sandbox.evidence import PIN, Network, Plan

PLANS = MappingProxyType(
    {"本人月租型": Plan.MONTHLY, "預付卡": Plan.PREPAID, "公司": Plan.COMPANY, "他人": Plan.OTHER}
)
SIGN_IN = "認證"


async def insert_card(world: World, citizen: Citizen) -> str:
    """The citizen's NHI card is in the reader."""
    await world.enter(citizen)
    return world.sandbox.cards.insert_card(
        id_number=citizen.person.id_number,
        card_number=citizen.person.nhi_card,
        name=citizen.person.name,
        birth_date=citizen.person.birth_date,
        at=await world.now(),
    )


async def register(world: World, citizen: Citizen, *, printed_number: str) -> UUID:
    """Register on the web with card, printed number, household number and a password."""
    return await register_with_card(
        world.system.identity,
        evidence=await insert_card(world, citizen),
        printed_card_number=printed_number,
        household_number=citizen.person.household_number,
        password=citizen.password,
    )


async def by_card(world: World, citizen: Citizen) -> UUID:
    """NHI card and password."""
    return await sign_in_with_card(
        world.system.identity,
        evidence=await insert_card(world, citizen),
        password=citizen.password,
    )


async def by_certificate(world: World, citizen: Citizen) -> UUID:
    """Citizen certificate, which is bound to its owner."""
    person_id = await world.enter(citizen)
    challenge, evidence = await _signature(world, citizen)
    await bind_certificate(
        world.system.identity, person_id=person_id, evidence=evidence, challenge=challenge
    )
    challenge, evidence = await _signature(world, citizen)
    return await sign_in_with_certificate(
        world.system.identity, evidence=evidence, challenge=challenge
    )


async def by_own_number(world: World, citizen: Citizen) -> UUID:
    """The line in the citizen's phone, then its unlock."""
    return await own_number(world, citizen, unlock=await unlock(world, citizen))


async def own_number(world: World, citizen: Citizen, *, unlock: str) -> UUID:
    """The line in the citizen's phone, with some answer of its screen lock."""
    await world.enter(citizen)
    line = world.sandbox.operator.connect(
        owner_id_number=citizen.person.id_number,
        plan=PLANS[citizen.phone.line],
        network=Network(citizen.phone.network),
        handset=citizen.phone.handset,
        at=await world.now(),
        lost=not citizen.phone.in_service,
    )
    return await sign_in_with_own_number(
        world.system.identity,
        id_number=citizen.person.id_number,
        evidence=line,
        unlock_evidence=unlock,
    )


async def by_device_code(world: World, citizen: Citizen) -> UUID:
    """Card on the computer, a code from there, the code on the phone."""
    await make_device_code(world, citizen)
    return await use_device_code(world, citizen)


async def make_device_code(world: World, citizen: Citizen) -> None:
    """Sign in with the card on a computer and let it show a device code."""
    person_id = await by_card(world, citizen)
    await open_session(world, citizen, person_id, Channel.COMPUTER)
    session = await _present_session(world, citizen)
    code = await issue_device_code(world.system.identity, session=session)
    citizen.device_digits = code.digits


async def use_device_code(world: World, citizen: Citizen) -> UUID:
    """Enter the code on the phone and unlock it."""
    if citizen.device_digits is None:
        raise DeviceCodeWrong
    return await sign_in_with_device_code(
        world.system.identity,
        digits=citizen.device_digits,
        unlock_evidence=await unlock(world, citizen),
    )


async def by_device(world: World, citizen: Citizen) -> UUID:
    """Unlock a phone that was bound before."""
    return await sign_in_with_device(
        world.system.identity, unlock_evidence=await unlock(world, citizen)
    )


async def at_counter(world: World, citizen: Citizen) -> UUID:
    """An NHI office, with every document that it asks for."""
    national = residency_of(citizen.person.id_number) is Residency.NATIONAL
    own = {Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE} if national else {Document.RESIDENCE_PERMIT}
    documents = frozenset({Document.NHI_CARD, *own})
    return await office(world, citizen, documents=documents, waived_reason=None)


async def office(
    world: World, citizen: Citizen, *, documents: frozenset[str], waived_reason: str | None
) -> UUID:
    """An NHI office, with some documents."""
    await world.enter(citizen)
    officer = StaffSession(
        username="officer",
        role=StaffRole.OFFICER,
        site_code=None,
        chain=None,
        store_code=None,
        expires_at=await world.now(),
    )
    return await serve_at_counter(
        world.system.identity,
        officer=officer,
        id_number=citizen.person.id_number,
        documents=documents,
        waived_reason=waived_reason,
    )


async def unlock(world: World, citizen: Citizen) -> str:
    """The citizen unlocks the phone in the usual way (A12)."""
    return world.sandbox.unlock.unlock(handset=citizen.phone.handset, at=await world.now())


async def sign_in(world: World, citizen: Citizen, way: Awaitable[UUID], channel: Channel) -> None:
    """Go one way in, keep its outcome, and open the session that it earns."""

    async def go() -> None:
        await open_session(world, citizen, await way, channel)

    await world.attempt(SIGN_IN, go())


async def _signature(world: World, citizen: Citizen) -> tuple[str, str]:
    challenge = await new_challenge(world.system.identity)
    evidence = await world.sandbox.certificates.sign(
        id_number=citizen.person.id_number, pin=PIN, challenge=challenge, at=await world.now()
    )
    return challenge, evidence


async def _present_session(world: World, citizen: Citizen) -> Session:
    return world.system.sessions.read(citizen.token or "", now=await world.now())


WAYS: Mapping[str, tuple[Callable[[World, Citizen], Awaitable[UUID]], Channel]] = MappingProxyType(
    {
        "健保卡": (by_card, Channel.COMPUTER),
        "自然人憑證": (by_certificate, Channel.COMPUTER),
        "手機門號": (by_own_number, Channel.MOBILE),
        "裝置碼": (by_device_code, Channel.MOBILE),
        "臨櫃": (at_counter, Channel.COUNTER),
    }
)
