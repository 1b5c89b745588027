"""Citizen certificates at the adapter: who is accepted, and who is refused with which code."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from emask.database.vault import Keys
from emask.partners.certificates import CitizenCertificates, Trust
from emask.rules.refusals import Refusal
from emask.sandbox.certificates import Authority, Condition, serial_of
from emask.sandbox.certificates.condition import CITIZENS
from emask.sandbox.certificates.profile import (
    AUTHORITIES,
    Period,
    certificate,
    id_digits,
    named,
)
from partners.citizens import (
    BASE,
    CHALLENGE,
    HOLDER,
    Citizens,
    citizen_extensions,
    evidence_of,
    issued,
    refusal,
)

_SUBJECT_DIRECTORY = x509.ObjectIdentifier("2.5.29.9")


async def test_a_signature_over_our_challenge_tells_whose_certificate_it_is(
    citizens: Citizens,
) -> None:
    reading = await citizens.verify(await citizens.sign())
    assert reading.issuer == "CN=Sandbox MOICA,C=TW"
    assert reading.serial_number == serial_of(HOLDER)
    assert reading.id_last_four == "6789"


async def test_a_signature_over_another_challenge_is_refused(citizens: Citizens) -> None:
    evidence = await citizens.sign("a challenge of yesterday")
    assert await refusal(citizens, evidence) == "certificate_invalid"
    assert await refusal(citizens, evidence, "a challenge of yesterday") == ""


@pytest.mark.parametrize(
    ("condition", "code"),
    [
        (Condition.GOOD, ""),
        (Condition.EXPIRED, "certificate_expired"),
        (Condition.REVOKED, "certificate_revoked"),
        (Condition.UNTRUSTED, "certificate_untrusted"),
    ],
)
async def test_each_condition_has_its_code(
    citizens: Citizens, condition: Condition, code: str
) -> None:
    await citizens.become(condition)
    assert await refusal(citizens, await citizens.sign()) == code


@pytest.mark.parametrize(
    ("now", "code"),
    [
        (datetime(2018, 12, 31, tzinfo=UTC), "certificate_expired"),
        (datetime(2019, 1, 1, tzinfo=UTC), ""),
        (datetime(2038, 12, 31, 23, 59, tzinfo=UTC), ""),
        (datetime(2039, 1, 1, 0, 1, tzinfo=UTC), "certificate_expired"),
    ],
)
async def test_validity_is_judged_at_the_time_of_the_installation(
    citizens: Citizens, now: datetime, code: str
) -> None:
    await citizens.clock.set(now)
    assert await refusal(citizens, await citizens.sign()) == code


async def test_an_authority_that_is_out_of_date_issues_nothing_valid(
    citizens: Citizens, key: rsa.RSAPrivateKey
) -> None:
    later = AUTHORITIES.end + timedelta(days=1)
    holder = issued(
        citizens.authority.issuer,
        key,
        period=Period(begin=CITIZENS.begin, end=later + timedelta(days=1)),
    )
    await citizens.clock.set(later)
    assert await refusal(citizens, evidence_of(holder, key, at=later)) == "certificate_expired"


async def test_a_chain_needs_an_accepted_authority_above_the_citizen(
    citizens: Citizens, opening: datetime
) -> None:
    trust = citizens.authority.trust()
    lone = Trust(roots=trust.roots, intermediates=(), directories=trust.directories)
    evidence = await citizens.sign()  # brings the authority's certificate along: that is nothing
    with pytest.raises(Refusal) as refused:
        await CitizenCertificates(lone, citizens.client).verify(
            evidence, challenge=CHALLENGE, at=opening
        )
    assert refused.value.code == "certificate_untrusted"


async def test_a_chain_ends_at_a_root_of_ours(
    citizens: Citizens, keys: Keys, opening: datetime
) -> None:
    strangers = Authority(Keys.generate(), BASE)
    trust = citizens.authority.trust()
    mixed = Trust(
        roots=strangers.trust().roots,
        intermediates=trust.intermediates,
        directories=trust.directories,
    )
    with pytest.raises(Refusal) as refused:
        await CitizenCertificates(mixed, citizens.client).verify(
            await citizens.sign(), challenge=CHALLENGE, at=opening
        )
    assert refused.value.code == "certificate_untrusted"


async def test_an_authority_of_the_same_name_is_still_a_stranger(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    namesake = Authority(Keys.generate(), BASE).issuer
    holder = issued(namesake, key)
    assert await refusal(citizens, evidence_of(holder, key, at=opening)) == "certificate_untrusted"


async def test_an_authority_may_have_an_earlier_key_beside_its_own(
    citizens: Citizens, opening: datetime
) -> None:
    root, trust = citizens.authority.root, citizens.authority.trust()
    earlier = certificate(
        citizens.authority.issuer.certificate.subject,
        ec.generate_private_key(ec.SECP256R1()).public_key(),
        issuer=root.certificate.subject,
        issuer_key=root.key,
        serial_number=22,
        period=AUTHORITIES,
        extensions=[(x509.BasicConstraints(ca=True, path_length=None), True)],
    )
    both = Trust(
        roots=trust.roots,
        intermediates=(earlier.public_bytes(Encoding.DER), *trust.intermediates),
        directories=trust.directories,
    )
    reading = await CitizenCertificates(both, citizens.client).verify(
        await citizens.sign(), challenge=CHALLENGE, at=opening
    )
    assert reading == await citizens.verify(await citizens.sign())


async def test_a_citizen_is_no_authority(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    holder = await citizens.cards.certificate_for(HOLDER)
    citizens_key = await citizens.cards.private_key()
    below = x509.CertificateBuilder(
        issuer_name=holder.subject,
        subject_name=named("Somebody"),
        public_key=key.public_key(),
        serial_number=1,
        not_valid_before=CITIZENS.begin,
        not_valid_after=CITIZENS.end,
    )
    for extension, critical in citizen_extensions():
        below = below.add_extension(extension, critical=critical)
    forged = below.sign(citizens_key, hashes.SHA256())
    assert await refusal(citizens, evidence_of(forged, key, at=opening)) == "certificate_untrusted"


@pytest.mark.parametrize(
    "purposes", [("key_encipherment",), ("digital_signature", "key_cert_sign"), ("key_cert_sign",)]
)
async def test_a_certificate_is_for_signatures_alone(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime, purposes: tuple[str, ...]
) -> None:
    holder = issued(
        citizens.authority.issuer, key, extensions=citizen_extensions(purposes=purposes)
    )
    assert await refusal(citizens, evidence_of(holder, key, at=opening)) == "certificate_invalid"


async def test_a_certificate_has_to_say_what_it_is_for(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    holder = issued(citizens.authority.issuer, key, extensions=citizen_extensions()[1:])
    assert await refusal(citizens, evidence_of(holder, key, at=opening)) == "certificate_invalid"


async def test_what_is_critical_and_unknown_is_not_passed_over(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    unknown = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00")
    for critical, code in ((True, "certificate_invalid"), (False, "")):
        holder = issued(
            citizens.authority.issuer, key, extensions=[*citizen_extensions(), (unknown, critical)]
        )
        assert await refusal(citizens, evidence_of(holder, key, at=opening)) == code


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"\x30\x00", id="none"),
        pytest.param(id_digits("678").value, id="three"),
        pytest.param(id_digits("67890").value, id="five"),
        pytest.param(id_digits("678A").value, id="no digit"),
        pytest.param(b"\x30\x26" + id_digits("6789").value[2:] * 2, id="two attributes"),
        pytest.param(b"\x30\x03\x02\x01\x05", id="not attributes"),
        pytest.param(b"6789", id="not DER"),
        pytest.param(b"", id="empty"),
    ],
)
async def test_the_last_four_have_to_be_there_once_and_in_form(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime, value: bytes
) -> None:
    extension = x509.UnrecognizedExtension(_SUBJECT_DIRECTORY, value)
    holder = issued(
        citizens.authority.issuer, key, extensions=citizen_extensions(last_four=extension)
    )
    assert await refusal(citizens, evidence_of(holder, key, at=opening)) == "certificate_invalid"


async def test_a_certificate_without_the_last_four_is_refused(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    holder = issued(citizens.authority.issuer, key, extensions=citizen_extensions()[:-1])
    assert await refusal(citizens, evidence_of(holder, key, at=opening)) == "certificate_invalid"


@pytest.mark.parametrize(
    "address", ["ftp://127.0.0.1/ca/", "127.0.0.1/ca/", "http://127.0.0.1", "http://127.0.0.1/ca"]
)
def test_a_directory_is_an_address_with_a_slash_at_its_end(address: str) -> None:
    with pytest.raises(ValueError, match="slash"):
        Trust(roots=(), intermediates=(), directories=(address,))


async def test_a_sign_in_costs_little(citizens: Citizens) -> None:
    await citizens.verify(await citizens.sign())
    begun = time.process_time()
    for _ in range(10):
        await citizens.verify(await citizens.sign())
    assert (time.process_time() - begun) / 10 < 0.03
