"""Each code of a failure to prove who one is can be met, and is met by its cause."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from emask.identity.certificates import new_challenge
from emask.identity.device import issue_device_code
from emask.identity.registry import stop_card
from emask.identity.sign_in import (
    sign_in_with_card,
    sign_in_with_certificate,
    sign_in_with_device,
)
from emask.identity.site import Site
from emask.rules.calendar import Channel
from emask.rules.refusals import REFUSALS
from emask.sandbox.cards import card_evidence, evidence_of
from emask.sandbox.certificates import Condition
from emask.sandbox.operator import Network, Plan
from emask.sandbox.visitor import Doors, Phone, Visitor, own_number, touched
from identity.world import ANNA, MING, PASSWORD, STRANGER, WRONG, World, refused


async def card(world: World, evidence: str, password: str = PASSWORD) -> None:
    await sign_in_with_card(world.identity, evidence=evidence, password=password)


async def not_registered(world: World) -> None:
    await card(world, await world.card(MING))


async def card_unknown(world: World) -> None:
    await card(world, await world.card(STRANGER))


async def card_inactive(world: World) -> None:
    async with world.identity.db.transaction() as tx:
        await stop_card(tx, person_id=world.id_of(MING))
    await card(world, await world.card(MING))


async def wrong_password(world: World) -> None:
    await world.register(MING)
    await card(world, await world.card(MING), WRONG)


async def locked_out(world: World) -> None:
    await world.register(MING)
    for _ in range(5):
        async with refused("wrong_password"):
            await card(world, await world.card(MING), WRONG)
    await card(world, await world.card(MING))


async def certificate(world: World, pin: str | None = None) -> None:
    challenge = await new_challenge(world.identity)
    signature = (
        await world.signature(MING, challenge=challenge, pin=pin)
        if pin
        else await world.signature(MING, challenge=challenge)
    )
    await sign_in_with_certificate(world.identity, evidence=signature, challenge=challenge)


async def wrong_pin(world: World) -> None:
    await world.bind_certificate(MING)
    await certificate(world, "000000")


async def pin_locked(world: World) -> None:
    await world.bind_certificate(MING)
    for code in ("wrong_pin", "wrong_pin", "pin_locked"):
        async with refused(code):
            await certificate(world, "000000")
    await certificate(world)


async def certificate_invalid(world: World) -> None:
    await world.bind_certificate(MING)
    signature = await world.signature(MING, challenge=await new_challenge(world.identity))
    await sign_in_with_certificate(
        world.identity, evidence=signature, challenge=await new_challenge(world.identity)
    )


def certificate_in(condition: Condition) -> Callable[[World], Awaitable[None]]:
    async def provoke(world: World) -> None:
        await world.bind_certificate(MING)
        await world.sandbox.certificates.set_condition(
            id_number=MING.id_number, condition=condition
        )
        await certificate(world)

    return provoke


async def certificate_not_bound(world: World) -> None:
    await certificate(world)


async def evidence_replayed(world: World) -> None:
    await world.register(MING)
    evidence = await world.card(MING)
    await card(world, evidence)
    await card(world, evidence)


async def evidence_altered(world: World) -> None:
    await card(world, "{}")


async def evidence_expired(world: World) -> None:
    evidence = await world.card(MING)
    await world.wait(timedelta(minutes=5))
    await card(world, evidence)


async def evidence_foreign_origin(world: World) -> None:
    elsewhere = replace(world.identity.tokens, site=Site(origin="https://elsewhere.example"))
    await card(world, card_evidence(elsewhere, MING, at=await world.clock.now()))


async def evidence_cross_origin(world: World) -> None:
    await world.own_number(MING)
    answer = json.loads(await world.unlock(MING))
    told = json.loads(_decoded(answer["response"]["clientDataJSON"]))
    framed = json.dumps({**told, "crossOrigin": True}).encode()
    answer["response"]["clientDataJSON"] = urlsafe_b64encode(framed).decode().rstrip("=")
    await sign_in_with_device(world.identity, answer=json.dumps(answer), handset="phone-1")


async def card_malformed(world: World) -> None:
    token = json.loads(await world.card(MING))["token"]
    await card(world, evidence_of(token, b"not a card"))


async def revocation_unknown(world: World) -> None:
    await world.bind_certificate(MING)
    for kind in ("ocsp_down", "crl_down"):
        await world.sandbox.mischief.begin("ca", kind)
    await world.wait(timedelta(days=30))  # beyond what was kept of the lists
    await certificate(world)


async def nationals_only(world: World) -> None:
    await world.own_number(ANNA)


async def not_own_number(world: World) -> None:
    await world.own_number(MING, plan=Plan.OTHER)


async def prepaid_line(world: World) -> None:
    await world.own_number(MING, plan=Plan.PREPAID)


async def company_line(world: World) -> None:
    await world.own_number(MING, plan=Plan.COMPANY)


async def not_on_mobile_network(world: World) -> None:
    await world.own_number(MING, network=Network.WIFI)


async def line_unknown(world: World) -> None:
    await world.own_number(MING, lost=True)


async def line_unproven(world: World) -> None:
    await world.sandbox.mischief.begin("operator", "not_available", {"fields": ["idDocumentMatch"]})
    await world.own_number(MING)


async def operator_unreachable(world: World) -> None:
    await world.sandbox.mischief.begin("operator", "down")
    await world.own_number(MING)


async def unlock_failed(world: World) -> None:
    visitor = Visitor(person=MING, phone=Phone(handset="phone-1"))
    await own_number(world.doors, visitor, make=touched)


async def passkey_synced(world: World) -> None:
    visitor = Visitor(person=MING, phone=Phone(handset="phone-1"))

    async def synced(doors: Doors, visitor: Visitor, options: str) -> str:
        return await doors.sandbox.phone.sync(
            options, origin=doors.identity.site.origin, handset=visitor.phone.handset
        )

    await own_number(world.doors, visitor, make=synced)


async def device_code_wrong(world: World) -> None:
    await world.enter_code("12345678")


async def device_code_expired(world: World) -> None:
    code = await issue_device_code(world.identity, session=await world.session(MING))
    await world.wait(timedelta(minutes=10))
    await world.enter_code(code.digits)


async def device_not_bound(world: World) -> None:
    await world.own_number(MING)
    answer = await world.unlock(MING)
    async with world.identity.db.transaction() as tx:
        await tx.execute("DELETE FROM device")
    await sign_in_with_device(world.identity, answer=answer, handset="phone-1")


async def computer_only(world: World) -> None:
    session = await world.session(MING, channel=Channel.MOBILE)
    await issue_device_code(world.identity, session=session)


PROVOKED: dict[str, Callable[[World], Awaitable[None]]] = {
    "not_registered": not_registered,
    "card_unknown": card_unknown,
    "card_inactive": card_inactive,
    "wrong_password": wrong_password,
    "locked_out": locked_out,
    "wrong_pin": wrong_pin,
    "pin_locked": pin_locked,
    "certificate_invalid": certificate_invalid,
    "certificate_expired": certificate_in(Condition.EXPIRED),
    "certificate_untrusted": certificate_in(Condition.UNTRUSTED),
    "certificate_revoked": certificate_in(Condition.REVOKED),
    "certificate_not_bound": certificate_not_bound,
    "evidence_replayed": evidence_replayed,
    "evidence_altered": evidence_altered,
    "evidence_expired": evidence_expired,
    "evidence_foreign_origin": evidence_foreign_origin,
    "evidence_cross_origin": evidence_cross_origin,
    "card_malformed": card_malformed,
    "revocation_unknown": revocation_unknown,
    "nationals_only": nationals_only,
    "not_own_number": not_own_number,
    "prepaid_line": prepaid_line,
    "company_line": company_line,
    "not_on_mobile_network": not_on_mobile_network,
    "line_unknown": line_unknown,
    "line_unproven": line_unproven,
    "operator_unreachable": operator_unreachable,
    "passkey_synced": passkey_synced,
    "unlock_failed": unlock_failed,
    "device_code_wrong": device_code_wrong,
    "device_code_expired": device_code_expired,
    "device_not_bound": device_not_bound,
    "computer_only": computer_only,
}


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@pytest.mark.parametrize("code", PROVOKED)
async def test_it_is_met_by_its_cause(world: World, code: str) -> None:
    async with refused(code):
        await PROVOKED[code](world)


def test_none_is_left_out() -> None:
    assert set(PROVOKED) == {code for code, refusal in REFUSALS.items() if refusal.identity}
