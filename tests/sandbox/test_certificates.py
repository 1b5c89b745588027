"""The sandbox's authority, the cards of those whom it issues to, and its directory."""

import asyncio
from base64 import b64encode
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from urllib.parse import quote

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.rules.refusals import PinLocked, WrongPin
from emask.sandbox import certificates, mischief
from emask.sandbox.certificates import (
    PIN,
    Authority,
    Condition,
    SandboxCertificates,
    create_directory,
    serial_of,
)
from emask.sandbox.mischief import Mischief
from emask.sandbox.wire import Wire, caller

BASE = "http://127.0.0.1:8010"
HOLDER = "A123456789"
NEIGHBOUR = "B123456780"


@pytest.fixture
async def tables(db: Database) -> None:
    async with db.transaction() as tx:
        await tx.execute("CREATE SCHEMA IF NOT EXISTS sandbox")
        await tx.execute(certificates.TABLES)
        await tx.execute(mischief.TABLES)


@pytest.fixture
def authority(keys: Keys) -> Authority:
    return Authority(keys, BASE)


@pytest.fixture
def cards(tables: None, db: Database, authority: Authority) -> SandboxCertificates:
    return SandboxCertificates(authority, db)


@pytest.fixture
def directory(
    tables: None, db: Database, clock: SetClock, authority: Authority
) -> httpx2.AsyncClient:
    application = create_directory(authority, db, clock, Mischief(db))
    return caller(Wire({"/ca": application}))


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


async def test_every_process_has_the_same_authority_and_issues_the_same(
    tables: None, db: Database, keys: Keys
) -> None:
    first, second = (SandboxCertificates(Authority(keys, BASE), db) for _ in range(2))
    assert Authority(keys, BASE).trust() == Authority(keys, f"{BASE}/").trust()
    assert der(await first.certificate_for(HOLDER)) == der(await second.certificate_for(HOLDER))
    assert Authority(Keys.generate(), BASE).trust() != Authority(keys, BASE).trust()


async def test_processes_that_make_the_key_at_once_agree_on_one(
    tables: None, db: Database, authority: Authority
) -> None:
    made = await asyncio.gather(
        *(SandboxCertificates(authority, db).private_key() for _ in range(4))
    )
    assert len({key.public_key().public_numbers().n for key in made}) == 1


async def test_a_certificate_looks_as_the_real_ones_do(cards: SandboxCertificates) -> None:
    certificate = await cards.certificate_for(HOLDER)
    assert f"{certificate.serial_number:x}" == serial_of(HOLDER) != serial_of(NEIGHBOUR)
    assert certificate.issuer.rfc4514_string() == "CN=Sandbox MOICA,C=TW"
    assert isinstance(certificate.signature_hash_algorithm, hashes.SHA256)
    key = (await cards.private_key()).public_key()
    assert certificate.public_key() == key
    assert key.key_size == 2048
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)


async def sign(cards: SandboxCertificates, at: datetime, *pins: str) -> list[str]:
    """What the card says to PINs, one after the other."""
    said = []
    for pin in pins:
        try:
            await cards.sign(id_number=HOLDER, pin=pin, challenge="challenge", at=at)
            said.append("signed")
        except (WrongPin, PinLocked) as refused:
            said.append(refused.code)
    return said


@pytest.mark.parametrize(
    ("pins", "said"),
    [
        ([PIN, PIN], ["signed", "signed"]),
        (["0", "0", "0"], ["wrong_pin", "wrong_pin", "pin_locked"]),
        (["0", "0", "0", PIN], ["wrong_pin", "wrong_pin", "pin_locked", "pin_locked"]),
        (
            ["0", "0", PIN, "0", "0", PIN],
            ["wrong_pin", "wrong_pin", "signed", "wrong_pin", "wrong_pin", "signed"],
        ),
        (["", "二四六八", PIN], ["wrong_pin", "wrong_pin", "signed"]),
    ],
)
async def test_a_card_locks_at_the_third_wrong_pin_in_a_row(
    cards: SandboxCertificates, opening: datetime, pins: list[str], said: list[str]
) -> None:
    assert await sign(cards, opening, *pins) == said


async def test_a_locked_card_is_one_persons(cards: SandboxCertificates, opening: datetime) -> None:
    await sign(cards, opening, "0", "0", "0")
    await cards.sign(id_number=NEIGHBOUR, pin=PIN, challenge="challenge", at=opening)


async def test_guessing_at_once_is_counted_as_well(
    cards: SandboxCertificates, opening: datetime
) -> None:
    async def guess() -> None:
        with suppress(WrongPin, PinLocked):
            await cards.sign(id_number=HOLDER, pin="0", challenge="challenge", at=opening)

    await asyncio.gather(*(guess() for _ in range(6)))
    assert await sign(cards, opening, PIN) == ["pin_locked"]


async def test_a_condition_leaves_the_count_of_pins_alone(
    cards: SandboxCertificates, opening: datetime
) -> None:
    await sign(cards, opening, "0", "0")
    await cards.set_condition(id_number=HOLDER, condition=Condition.REVOKED)
    assert await sign(cards, opening, "0") == ["pin_locked"]


async def test_lists_are_of_the_clocks_time_and_name_the_revoked(
    directory: httpx2.AsyncClient,
    cards: SandboxCertificates,
    clock: SetClock,
    opening: datetime,
    authority: Authority,
) -> None:
    async def fetched(name: str) -> x509.CertificateRevocationList:
        response = await directory.get(f"{BASE}/ca/{name}")
        assert response.headers["content-type"] == "application/pkix-crl"
        return x509.load_der_x509_crl(response.content)

    before = await fetched("moica.crl")
    assert before.last_update_utc == opening
    assert list(before) == []
    await cards.set_condition(id_number=HOLDER, condition=Condition.REVOKED)
    await clock.set(opening + timedelta(hours=1))
    after = await fetched("moica.crl")
    assert [f"{entry.serial_number:x}" for entry in after] == [serial_of(HOLDER)]
    numbers = [
        each.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        for each in (before, after)
    ]
    assert numbers[0] < numbers[1]
    assert after.is_signature_valid(authority.issuer.key.public_key())
    assert list(await fetched("root.crl")) == []


def in_body(request: ocsp.OCSPRequest) -> httpx2.Request:
    return httpx2.Request("POST", f"{BASE}/ca/ocsp", content=request.public_bytes(Encoding.DER))


def in_path(request: ocsp.OCSPRequest) -> httpx2.Request:
    text = b64encode(request.public_bytes(Encoding.DER)).decode()
    return httpx2.Request("GET", f"{BASE}/ca/ocsp/{quote(text, safe='')}")


@pytest.mark.parametrize("way", [in_body, in_path])
@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384()])
async def test_ocsp_answers_what_it_is_asked(
    directory: httpx2.AsyncClient,
    cards: SandboxCertificates,
    authority: Authority,
    way: Callable[[ocsp.OCSPRequest], httpx2.Request],
    digest: hashes.HashAlgorithm,
) -> None:
    holder = await cards.certificate_for(HOLDER)
    request = (
        ocsp.OCSPRequestBuilder()
        .add_certificate(holder, authority.issuer.certificate, digest)
        .add_extension(x509.OCSPNonce(b"0123456789abcdef"), critical=False)
        .build()
    )
    for condition, status in (
        (Condition.GOOD, ocsp.OCSPCertStatus.GOOD),
        (Condition.REVOKED, ocsp.OCSPCertStatus.REVOKED),
    ):
        await cards.set_condition(id_number=HOLDER, condition=condition)
        answer = ocsp.load_der_ocsp_response((await directory.send(way(request))).content)
        assert answer.certificate_status is status
        assert answer.serial_number == holder.serial_number
        nonce = answer.extensions.get_extension_for_class(x509.OCSPNonce).value
        assert nonce.nonce == b"0123456789abcdef"


async def test_ocsp_repeats_no_nonce_that_it_was_not_given(
    directory: httpx2.AsyncClient, cards: SandboxCertificates, authority: Authority
) -> None:
    holder = await cards.certificate_for(HOLDER)
    request = ocsp.OCSPRequestBuilder().add_certificate(
        holder, authority.issuer.certificate, hashes.SHA256()
    )
    reply = await directory.send(in_body(request.build()))
    assert list(ocsp.load_der_ocsp_response(reply.content).extensions) == []


async def test_ocsp_says_what_it_cannot_answer(
    directory: httpx2.AsyncClient, cards: SandboxCertificates, authority: Authority
) -> None:
    async def status(content: bytes) -> ocsp.OCSPResponseStatus:
        reply = await directory.post(f"{BASE}/ca/ocsp", content=content)
        return ocsp.load_der_ocsp_response(reply.content).response_status

    about = ocsp.OCSPRequestBuilder().add_certificate(
        await cards.certificate_for(HOLDER), authority.stranger.certificate, hashes.SHA256()
    )
    others = about.build().public_bytes(Encoding.DER)
    assert await status(others) is ocsp.OCSPResponseStatus.UNAUTHORIZED
    assert await status(b"no question") is ocsp.OCSPResponseStatus.MALFORMED_REQUEST
    assert await status(b"0" * 100_000) is ocsp.OCSPResponseStatus.MALFORMED_REQUEST


async def test_nothing_else_is_there(directory: httpx2.AsyncClient) -> None:
    for path in ("", "moica.crl/", "../moica", "keys", "ocspx"):
        assert (await directory.get(f"{BASE}/ca/{path}")).status_code == 404


async def test_it_is_slow_on_demand(directory: httpx2.AsyncClient, db: Database) -> None:
    await Mischief(db).begin("ca", "slow", {"seconds": 0.2})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await directory.get(f"{BASE}/ca/moica.crl")
    await Mischief(db).end("ca")
    assert (await directory.get(f"{BASE}/ca/moica.crl")).status_code == 200
