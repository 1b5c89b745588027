"""Setting the stage: rounds, shops, pharmacies and the cast, entered once into a demo."""

from contextlib import suppress
from datetime import date
from typing import Final

from emask.counter.service import receive_stock
from emask.counter.sites import save_sites
from emask.database.clock import ClockNotSet, SetClock
from emask.database.pool import Transaction
from emask.identity.certificates import new_challenge
from emask.identity.model import StaffRole
from emask.identity.registration import bind_certificate, register_with_card
from emask.identity.registry import add_people
from emask.identity.staff import add_staff
from emask.programme.system import System
from emask.rounds.catalogue import BUILT_IN, built_in_policies, built_in_round
from emask.rounds.service import all_rounds, save_policies, save_round
from emask.rounds.stores import counties, save_stores
from emask.rules.calendar import Product, at
from emask.sandbox.cards import card_evidence
from emask.sandbox.certificates import PIN
from emask.sandbox.network import made_up_sites, made_up_stores
from emask.sandbox.schema import install
from emask.sandbox.system import sandbox_of
from emask.web.sandbox_pages.cast import CAST, PASSWORD, STAFF, CastMember

CURTAIN: Final = at(date(2020, 3, 12), 9)
"""When a new demo begins: the opening of the first round (B2)."""

STORES: Final = 464
SITES: Final = 58
_STOCK: Final = {Product.ADULT_MASK: 600, Product.CHILD_MASK: 200}

PHARMACY: Final = made_up_sites(1)[0]
STORE: Final = made_up_stores(1)[0]
"""Where the demo's pharmacist and clerk work."""

_OF_A_STORE: Final = (StaffRole.CLERK, StaffRole.KIOSK)
_OF_A_CHAIN: Final = (*_OF_A_STORE, StaffRole.CENTRE)


async def set_stage(system: System) -> None:
    """Enter everything a demo needs and the database does not have yet.

    Safe to call at every start. Rounds and stores that are there already stay as they are.
    """
    if await _is_set(system):
        return
    await install(system.db)
    if isinstance(system.clock, SetClock) and not await _started(system.clock):
        await system.clock.set(CURTAIN)
    async with system.db.transaction() as tx:
        await _enter_rounds(tx)
        if not await counties(tx):
            await save_stores(tx, made_up_stores(STORES))
        else:
            await save_stores(tx, [STORE])
        await save_sites(tx, made_up_sites(SITES))
    await add_people(system.db, system.vault, [each.person for each in CAST])
    for each in CAST:
        await _equip(system, each)
    async with system.db.transaction() as tx:
        for product, pieces in _STOCK.items():
            await receive_stock(tx, site_code=PHARMACY.site_code, product=product, pieces=pieces)
        await _hire(tx)  # last: their accounts tell that the stage is set


async def _is_set(system: System) -> bool:
    async with system.db.connection() as tx:
        cursor = await tx.execute(
            "SELECT FROM staff WHERE username = ANY(%s)", ([each.username for each in STAFF],)
        )
    return cursor.rowcount == len(STAFF)


async def _started(clock: SetClock) -> bool:
    with suppress(ClockNotSet):
        await clock.now()
        return True
    return False


async def _enter_rounds(tx: Transaction) -> None:
    if not await all_rounds(tx):
        for round_id in BUILT_IN:
            await save_round(tx, built_in_round(round_id))
    await save_policies(tx, built_in_policies())


async def _equip(system: System, cast: CastMember) -> None:
    """Register the card and bind the certificate of who has them registered and bound."""
    identity, sandbox = system.identity, sandbox_of(system)
    if not cast.registered or sandbox is None:
        return
    now = await system.clock.now()
    person_id = await register_with_card(
        identity,
        evidence=card_evidence(identity.tokens, cast.person, at=now),
        printed_card_number=cast.person.nhi_card,
        household_number=cast.person.household_number,
        password=PASSWORD,
    )
    if not cast.certificate:
        return
    challenge = await new_challenge(identity)
    evidence = await sandbox.certificates.sign(
        id_number=cast.person.id_number, pin=PIN, challenge=challenge, at=now
    )
    await bind_certificate(identity, person_id=person_id, evidence=evidence, challenge=challenge)


async def _hire(tx: Transaction) -> None:
    for each in STAFF:
        await add_staff(
            tx,
            username=each.username,
            password=PASSWORD,
            role=each.role,
            site_code=PHARMACY.site_code if each.role is StaffRole.PHARMACIST else None,
            chain=STORE.chain if each.role in _OF_A_CHAIN else None,
            store_code=STORE.code if each.role in _OF_A_STORE else None,
        )
