"""Made-up phones answer as real ones do, by the reckoning of a library that knows neither."""

import json
from uuid import UUID, uuid4

import pytest
from webauthn import (
    base64url_to_bytes,
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.authentication.verify_authentication_response import VerifiedAuthentication
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.structs import AttestationFormat, CredentialDeviceType
from webauthn.registration.verify_registration_response import VerifiedRegistration

from emask.database.pool import Database
from emask.sandbox.phone import NoPasskey, SandboxPhone
from emask.sandbox.schema import install

ORIGIN = "https://mask.example"
HOST = "mask.example"
CHALLENGE = b"of the tests"
MEI, TAO = uuid4(), uuid4()


@pytest.fixture
async def phone(db: Database) -> SandboxPhone:
    await install(db)
    return SandboxPhone(db)


def creation(person_id: UUID, *, host: str = HOST) -> str:
    options = generate_registration_options(
        rp_id=host, rp_name="Masks", user_name="M", user_id=person_id.bytes, challenge=CHALLENGE
    )
    return options_to_json(options)


def request(*, host: str = HOST) -> str:
    return options_to_json(generate_authentication_options(rp_id=host, challenge=CHALLENGE))


def new_passkey(answer: str, *, verified: bool = True) -> VerifiedRegistration:
    return verify_registration_response(
        credential=answer,
        expected_challenge=CHALLENGE,
        expected_rp_id=HOST,
        expected_origin=ORIGIN,
        require_user_verification=verified,
    )


def unlock(answer: str, passkey: VerifiedRegistration, *, count: int) -> VerifiedAuthentication:
    return verify_authentication_response(
        credential=answer,
        expected_challenge=CHALLENGE,
        expected_rp_id=HOST,
        expected_origin=ORIGIN,
        credential_public_key=passkey.credential_public_key,
        credential_current_sign_count=count,
        require_user_verification=True,
    )


async def test_it_makes_a_passkey_and_shows_its_unlock(phone: SandboxPhone) -> None:
    made = new_passkey(await phone.create(creation(MEI), origin=ORIGIN, handset="phone-1"))
    assert made.fmt == AttestationFormat.NONE
    assert made.credential_device_type is CredentialDeviceType.SINGLE_DEVICE
    assert not made.credential_backed_up
    count = made.sign_count
    for _ in range(3):
        answer = await phone.get(request(), origin=ORIGIN, handset="phone-1", person_id=MEI)
        assert base64url_to_bytes(json.loads(answer)["response"]["userHandle"]) == MEI.bytes
        unlocked = unlock(answer, made, count=count)
        assert unlocked.new_sign_count > count
        count = unlocked.new_sign_count


async def test_a_touch_is_no_unlock(phone: SandboxPhone) -> None:
    answer = await phone.touch(creation(MEI), origin=ORIGIN, handset="phone-1")
    assert not new_passkey(answer, verified=False).user_verified


async def test_what_it_keeps_outlives_the_process(phone: SandboxPhone, db: Database) -> None:
    made = new_passkey(await phone.create(creation(MEI), origin=ORIGIN, handset="phone-1"))
    later = SandboxPhone(db)
    answer = await later.get(request(), origin=ORIGIN, handset="phone-1", person_id=MEI)
    assert unlock(answer, made, count=made.sign_count).credential_id == made.credential_id


async def test_a_new_passkey_takes_the_place_of_the_persons_earlier_one(
    phone: SandboxPhone,
) -> None:
    first, second, other = [
        new_passkey(await phone.create(creation(person), origin=ORIGIN, handset="phone-1"))
        for person in (MEI, MEI, TAO)
    ]
    assert len({first.credential_id, second.credential_id, other.credential_id}) == 3
    answer = await phone.get(request(), origin=ORIGIN, handset="phone-1", person_id=MEI)
    assert unlock(answer, second, count=1)
    answer = await phone.get(request(), origin=ORIGIN, handset="phone-1", person_id=TAO)
    assert unlock(answer, other, count=1)


@pytest.mark.parametrize(
    ("host", "handset", "person_id"),
    [("mask.example.org", "phone-1", MEI), (HOST, "phone-2", MEI), (HOST, "phone-1", TAO)],
)
async def test_a_passkey_is_of_one_site_one_phone_and_one_person(
    phone: SandboxPhone, host: str, handset: str, person_id: UUID
) -> None:
    await phone.create(creation(MEI), origin=ORIGIN, handset="phone-1")
    with pytest.raises(NoPasskey):
        await phone.get(request(host=host), origin=ORIGIN, handset=handset, person_id=person_id)


async def test_it_tells_on_which_page_it_was_asked(phone: SandboxPhone) -> None:
    elsewhere = "https://mask.example.org"
    made = await phone.create(creation(MEI), origin=elsewhere, handset="phone-1")
    shown = await phone.get(request(), origin=elsewhere, handset="phone-1", person_id=MEI)
    for answer, kind in ((made, "webauthn.create"), (shown, "webauthn.get")):
        said = json.loads(base64url_to_bytes(json.loads(answer)["response"]["clientDataJSON"]))
        assert said == {
            "type": kind,
            "challenge": bytes_to_base64url(CHALLENGE),
            "origin": elsewhere,
            "crossOrigin": False,
        }
