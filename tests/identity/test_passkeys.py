"""Passkeys: the phone's own unlock, and every way in which an answer is not one (A12-A14)."""

import json
from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from webauthn.helpers import bytes_to_base64url, encode_cbor, parse_cbor

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.binding import bind_phone, binding_options
from emask.identity.passkeys import (
    creation_options,
    verified_creation,
)
from emask.identity.permits import LIFETIME
from emask.identity.sign_in import sign_in_with_device, unlock_options
from emask.rules.refusals import (
    DeviceCodeWrong,
    DeviceNotBound,
    EvidenceAltered,
    EvidenceCrossOrigin,
    EvidenceExpired,
    EvidenceForeignOrigin,
    EvidenceReplayed,
    NotOwnNumber,
    PasskeySynced,
    UnlockFailed,
)
from emask.sandbox.phone import BACKUP_ELIGIBLE, PRESENT, VERIFIED
from identity.phones import (
    MEI,
    TAO,
    Phones,
    phones_over,
    response,
    with_authenticator,
    with_client_data,
    with_flags,
    with_response,
)

FOREIGN = "https://mask.example.org"


@pytest.fixture
async def phones(db: Database, clock: SetClock, keys: Keys, vault: Vault) -> Phones:
    return await phones_over(db, clock, keys, vault)


# ---------------------------------------------------------------- as it should be


async def test_a_bound_phone_signs_its_person_in(phones: Phones) -> None:
    assert await phones.bind(await phones.by_code(MEI)) == phones.id_of(MEI)
    for _ in range(2):
        answer = await phones.unlocked(MEI)
        assert await sign_in_with_device(
            phones.identity, answer=answer, handset="phone-1"
        ) == phones.id_of(MEI)


async def test_a_familys_phone_signs_each_of_them_in(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    await phones.bind(await phones.by_code(TAO))
    for person in (MEI, TAO):
        answer = await phones.unlocked(person)
        assert await sign_in_with_device(
            phones.identity, answer=answer, handset="phone-1"
        ) == phones.id_of(person)


async def test_what_the_phone_is_asked_for(phones: Phones) -> None:
    asked = json.loads(await binding_options(phones.identity, permit=await phones.by_code(MEI)))
    assert asked["rp"] == {"id": "mask.example", "name": "口罩預購"}
    assert asked["user"]["id"] == bytes_to_base64url(phones.id_of(MEI).bytes)
    assert asked["user"]["name"] == asked["user"]["displayName"] == "林○美"
    assert asked["pubKeyCredParams"] == [{"type": "public-key", "alg": -7}]
    assert asked["attestation"] == "none"
    assert asked["authenticatorSelection"] == {
        "authenticatorAttachment": "platform",
        "residentKey": "required",
        "requireResidentKey": True,
        "userVerification": "required",
    }
    asked = json.loads(await unlock_options(phones.identity))
    assert (asked["rpId"], asked["userVerification"]) == ("mask.example", "required")
    assert asked["allowCredentials"] == []


async def test_each_challenge_is_another(phones: Phones) -> None:
    asked = {json.loads(await unlock_options(phones.identity))["challenge"] for _ in range(20)}
    assert len(asked) == 20


async def test_a_phone_that_vouches_for_itself_is_as_good(phones: Phones) -> None:
    permit = await phones.by_code(MEI)
    answer = await phones.made(permit)
    said = parse_cbor(response(answer, "attestationObject"))
    client_data = response(answer, "clientDataJSON")
    signed = await phones.signed_anew(
        with_response(answer, authenticatorData=said["authData"], clientDataJSON=client_data)
    )
    said |= {"fmt": "packed", "attStmt": {"alg": -7, "sig": response(signed, "signature")}}
    answer = with_response(answer, attestationObject=encode_cbor(said))
    assert await bind_phone(phones.identity, permit=permit, answer=answer, handset="phone-1")


# ---------------------------------------------------------------- a new passkey that is none


def flag_off(flag: int) -> Callable[[str], str]:
    return lambda answer: with_flags(answer, off=flag)


def client_data(**changes: Any) -> Callable[[str], str]:
    return lambda answer: with_client_data(answer, changes)


def other_site(answer: str) -> str:
    elsewhere = sha256(b"mask.example.org").digest()
    return with_authenticator(answer, lambda said: elsewhere + said[32:])


REFUSED = {
    "not unlocked": (flag_off(VERIFIED), UnlockFailed),
    "not even touched": (flag_off(PRESENT | VERIFIED), UnlockFailed),
    "synced": (lambda answer: with_flags(answer, on=BACKUP_ELIGIBLE), PasskeySynced),
    "another site": (other_site, EvidenceForeignOrigin),
    "another origin": (client_data(origin=FOREIGN), EvidenceForeignOrigin),
    "another port": (client_data(origin="https://mask.example:8443"), EvidenceForeignOrigin),
    "not by https": (client_data(origin="http://mask.example"), EvidenceForeignOrigin),
    "in a frame": (client_data(crossOrigin=True), EvidenceCrossOrigin),
    "in a frame of a page": (client_data(topOrigin=FOREIGN), EvidenceCrossOrigin),
    "frame that is no truth value": (client_data(crossOrigin="no"), EvidenceAltered),
    "another challenge": (client_data(challenge="bm90IG91cnM"), EvidenceAltered),
    "no challenge": (client_data(challenge=""), EvidenceAltered),
    "another type": (client_data(type="payment.get"), EvidenceAltered),
    "not JSON": (lambda answer: answer[:-1], EvidenceAltered),
    "nothing": (lambda _: "", EvidenceAltered),
    "deep JSON": (lambda _: "[" * 100_000, EvidenceAltered),
    "a number too long": (lambda _: "9" * 10_000, EvidenceAltered),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_no_new_passkey(phones: Phones, case: str) -> None:
    change, refusal = REFUSED[case]
    permit = await phones.by_code(MEI)
    answer = change(await phones.made(permit))
    with pytest.raises(refusal):
        await bind_phone(phones.identity, permit=permit, answer=answer, handset="phone-1")


@pytest.mark.parametrize("case", REFUSED)
async def test_no_unlock(phones: Phones, case: str) -> None:
    change, refusal = REFUSED[case]
    await phones.bind(await phones.by_code(MEI))
    answer = change(await phones.unlocked(MEI))
    with pytest.raises(refusal):
        await sign_in_with_device(phones.identity, answer=answer, handset="phone-1")


@pytest.mark.parametrize("case", ["not unlocked", "synced", "another origin", "in a frame"])
async def test_a_right_signature_does_not_help(phones: Phones, case: str) -> None:
    change, refusal = REFUSED[case]
    await phones.bind(await phones.by_code(MEI))
    answer = await phones.signed_anew(change(await phones.unlocked(MEI)))
    with pytest.raises(refusal):
        await sign_in_with_device(phones.identity, answer=answer, handset="phone-1")


async def test_a_touch_is_no_unlock(phones: Phones) -> None:
    permit = await phones.by_code(MEI)
    options = await binding_options(phones.identity, permit=permit)
    answer = await phones.software.touch(options, origin=phones.origin, handset="phone-1")
    with pytest.raises(UnlockFailed):
        await bind_phone(phones.identity, permit=permit, answer=answer, handset="phone-1")


async def test_a_challenge_is_good_for_minutes(phones: Phones) -> None:
    now = await phones.clock.now()
    person_id = phones.id_of(MEI)
    options = creation_options(phones.identity, person_id=person_id, name="林○美", at=now)
    made = await phones.software.create(options, origin=phones.origin, handset="phone-1")
    for elapsed in (timedelta(0), LIFETIME - timedelta(seconds=1)):
        verified_creation(phones.identity, made, person_id=person_id, at=now + elapsed)
    with pytest.raises(EvidenceExpired):
        verified_creation(phones.identity, made, person_id=person_id, at=now + LIFETIME)

    await phones.bind(await phones.by_code(MEI))
    unlocked = await phones.unlocked(MEI)
    await phones.wait(LIFETIME)
    with pytest.raises(EvidenceExpired):
        await sign_in_with_device(phones.identity, answer=unlocked, handset="phone-1")


async def test_a_passkey_is_for_the_person_it_was_asked_for(phones: Phones) -> None:
    theirs = await phones.made(await phones.by_code(TAO))
    with pytest.raises(EvidenceAltered):
        await bind_phone(
            phones.identity, permit=await phones.by_code(MEI), answer=theirs, handset="phone-1"
        )


async def test_an_unlock_is_no_new_passkey_nor_the_other_way_round(phones: Phones) -> None:
    permit = await phones.by_code(MEI)
    made = await phones.made(permit)
    with pytest.raises(EvidenceAltered):
        await sign_in_with_device(phones.identity, answer=made, handset="phone-1")
    await phones.bind(permit)
    challenge = json.loads(response(made, "clientDataJSON"))["challenge"]
    unlocked = with_client_data(await phones.unlocked(MEI), {"challenge": challenge})
    with pytest.raises(EvidenceAltered):
        await sign_in_with_device(
            phones.identity, answer=await phones.signed_anew(unlocked), handset="phone-1"
        )


async def test_a_maker_that_vouches_is_not_asked(phones: Phones) -> None:
    permit = await phones.by_code(MEI)
    answer = await phones.made(permit)
    said = parse_cbor(response(answer, "attestationObject"))
    for statement in (
        {"fmt": "android-key", "attStmt": {}},
        {"fmt": "packed", "attStmt": {"alg": -7, "sig": b"1", "x5c": [b"2"]}},
        {"fmt": "none", "attStmt": {"sig": b"1"}},
        {"fmt": 1, "attStmt": 1},
    ):
        other = with_response(answer, attestationObject=encode_cbor(said | statement))
        with pytest.raises(EvidenceAltered):
            await bind_phone(phones.identity, permit=permit, answer=other, handset="phone-1")


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"\x04",
        encode_cbor({1: 2, 3: -7, -1: 1, -2: b"\x01" * 32, -3: b"\x02" * 32}),  # not on the curve
        encode_cbor({1: 3, 3: -257, -1: b"\xff" * 256, -2: b"\x01\x00\x01"}),
        encode_cbor({1: 2, 3: -7, -1: 1, -2: "x", -3: []}),
        encode_cbor([1, 2]),
    ],
)
async def test_a_key_that_verifies_nothing_is_not_kept(phones: Phones, key: bytes) -> None:
    permit = await phones.by_code(MEI)
    answer = with_authenticator(await phones.made(permit), lambda said: said[: 55 + 32] + key)
    with pytest.raises(EvidenceAltered):
        await bind_phone(phones.identity, permit=permit, answer=answer, handset="phone-1")


async def test_a_name_too_long_to_be_found_by_is_not_kept(phones: Phones) -> None:
    permit = await phones.by_code(MEI)
    name = bytes(5000)
    answer = with_authenticator(
        await phones.made(permit),
        lambda said: said[:53] + len(name).to_bytes(2) + name + said[55 + 32 :],
    )
    told = json.loads(answer) | {"id": bytes_to_base64url(name), "rawId": bytes_to_base64url(name)}
    with pytest.raises(EvidenceAltered):
        await bind_phone(phones.identity, permit=permit, answer=json.dumps(told), handset="phone-1")


# ---------------------------------------------------------------- an unlock that is none


async def test_an_altered_signature(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    answer = await phones.unlocked(MEI)
    signed = response(answer, "signature")
    for other in (b"", signed[:-1], signed[:-1] + bytes([signed[-1] ^ 1])):
        with pytest.raises(EvidenceAltered):
            await sign_in_with_device(
                phones.identity, answer=with_response(answer, signature=other), handset="phone-1"
            )


async def test_a_count_is_signed_as_well(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    answer = await phones.unlocked(MEI)
    higher = with_authenticator(answer, lambda said: said[:33] + b"\0\0\1\0" + said[37:])
    with pytest.raises(EvidenceAltered):
        await sign_in_with_device(phones.identity, answer=higher, handset="phone-1")


@pytest.mark.parametrize("handle", [None, b"", b"somebody", b"\x07" * 16])
async def test_a_passkey_of_nobody(phones: Phones, handle: bytes | None) -> None:
    await phones.bind(await phones.by_code(MEI))
    answer = with_response(await phones.unlocked(MEI), userHandle=handle)
    with pytest.raises(DeviceNotBound):
        await sign_in_with_device(phones.identity, answer=answer, handset="phone-1")


async def test_a_passkey_signs_nobody_else_in(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    await phones.bind(await phones.by_code(TAO))
    answer = with_response(await phones.unlocked(MEI), userHandle=phones.id_of(TAO).bytes)
    with pytest.raises(DeviceNotBound):
        await sign_in_with_device(phones.identity, answer=answer, handset="phone-1")


async def test_a_passkey_that_was_never_bound(phones: Phones) -> None:
    await phones.made(await phones.by_code(MEI))
    with pytest.raises(DeviceNotBound):
        await sign_in_with_device(
            phones.identity, answer=await phones.unlocked(MEI), handset="phone-1"
        )


async def test_a_phone_bound_anew_forgets_its_earlier_passkey(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    before = await phones.unlocked(MEI)
    await phones.bind(await phones.by_code(MEI))
    with pytest.raises(DeviceNotBound):
        await sign_in_with_device(phones.identity, answer=before, handset="phone-1")
    await sign_in_with_device(phones.identity, answer=await phones.unlocked(MEI), handset="phone-1")


# ---------------------------------------------------------------- once


async def test_an_unlock_opens_once(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    answer = await phones.unlocked(MEI)
    await sign_in_with_device(phones.identity, answer=answer, handset="phone-1")
    with pytest.raises(EvidenceReplayed):
        await sign_in_with_device(phones.identity, answer=answer, handset="phone-1")


async def test_a_count_that_does_not_rise_tells_of_a_copy(phones: Phones) -> None:
    await phones.bind(await phones.by_code(MEI))
    earlier, later = await phones.unlocked(MEI), await phones.unlocked(MEI)
    await sign_in_with_device(phones.identity, answer=later, handset="phone-1")
    with pytest.raises(UnlockFailed):
        await sign_in_with_device(phones.identity, answer=earlier, handset="phone-1")


@pytest.mark.parametrize("again", ["the same answer", "the same passkey"])
async def test_a_passkey_is_bound_once(phones: Phones, again: str) -> None:
    permit = await phones.by_code(MEI)
    answer = await phones.made(permit)
    await bind_phone(phones.identity, permit=permit, answer=answer, handset="phone-1")
    other = await phones.by_code(MEI)
    if again == "the same passkey":
        options = json.loads(await binding_options(phones.identity, permit=other))
        answer = with_client_data(answer, {"challenge": options["challenge"]})
    with pytest.raises(EvidenceReplayed):
        await bind_phone(phones.identity, permit=other, answer=answer, handset="phone-1")
    await sign_in_with_device(phones.identity, answer=await phones.unlocked(MEI), handset="phone-1")


async def test_a_code_binds_one_phone(phones: Phones) -> None:
    permit = await phones.by_code(MEI)
    await phones.bind(permit)
    with pytest.raises((DeviceCodeWrong, EvidenceReplayed)):
        await phones.bind(permit, handset="phone-2")


async def test_a_handset_of_ones_own_is_nobody_elses(phones: Phones) -> None:
    """A13: by number it is bound to one person; by code (A14) a family may share it."""
    await phones.bind(await phones.by_number(MEI))
    with pytest.raises(NotOwnNumber):
        await phones.bind(await phones.by_number(TAO))
    await phones.bind(await phones.by_code(TAO))
