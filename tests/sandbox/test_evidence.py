from collections.abc import Awaitable, Callable
from datetime import date, datetime, timedelta

import pytest

from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.ports import CardReading, CertificateReading, LineFacts, Unlocked
from emask.rules.refusals import (
    CardUnknown,
    CertificateExpired,
    CertificateInvalid,
    CertificateRevoked,
    CertificateUntrusted,
    EvidenceReplayed,
    PinLocked,
    Refusal,
    UnlockFailed,
    WrongPin,
)
from emask.sandbox import schema
from emask.sandbox.evidence import (
    ISSUER,
    PIN,
    Condition,
    Network,
    Plan,
    SandboxCards,
    SandboxCertificates,
    SandboxOperator,
    SandboxUnlock,
    sandbox_identity,
    serial_of,
)
from emask.sandbox.sealing import LIFETIME

ID = "A123456789"
OTHER = "B223456784"
CHALLENGE = "challenge-1"


@pytest.fixture
async def certificates(db: Database, keys: Keys) -> SandboxCertificates:
    await schema.install(db)
    return SandboxCertificates(keys, db)


def card_evidence(keys: Keys, at: datetime) -> str:
    return SandboxCards(keys).insert_card(
        id_number=ID,
        card_number="000012345678",
        name="王小明",
        birth_date=date(1983, 7, 15),
        at=at,
    )


async def test_a_card_is_read_as_it_is(keys: Keys, opening: datetime) -> None:
    reading = await SandboxCards(keys).read(card_evidence(keys, opening), at=opening)
    assert reading == CardReading(
        card_number="000012345678",
        name="王小明",
        id_number=ID,
        birth_date=date(1983, 7, 15),
        evidence_id=reading.evidence_id,
    )


async def test_the_same_evidence_has_the_same_id_and_no_other(
    keys: Keys, opening: datetime
) -> None:
    cards = SandboxCards(keys)
    first, second = card_evidence(keys, opening), card_evidence(keys, opening)
    ids = [(await cards.read(each, at=opening)).evidence_id for each in (first, first, second)]
    assert ids[0] == ids[1] != ids[2]


async def test_evidence_is_good_for_five_minutes(keys: Keys, opening: datetime) -> None:
    cards, evidence = SandboxCards(keys), card_evidence(keys, opening)
    await cards.read(evidence, at=opening + LIFETIME - timedelta(seconds=1))
    with pytest.raises(EvidenceReplayed):
        await cards.read(evidence, at=opening + LIFETIME)


async def test_evidence_of_another_key_kind_or_hand_is_forged(
    db: Database, keys: Keys, opening: datetime
) -> None:
    evidence = card_evidence(keys, opening)
    partners = sandbox_identity(keys, db)
    forged: list[tuple[Callable[[], Awaitable[object]], type[Refusal]]] = [
        (lambda: SandboxCards(Keys.generate()).read(evidence, at=opening), CardUnknown),
        (lambda: partners.cards.read(evidence + "A", at=opening), CardUnknown),
        (lambda: partners.cards.read("", at=opening), CardUnknown),
        (
            lambda: partners.certificates.verify(evidence, challenge=CHALLENGE, at=opening),
            CertificateInvalid,
        ),
        (lambda: partners.unlock.verify(evidence, at=opening), UnlockFailed),
    ]
    for use, refusal in forged:
        with pytest.raises(refusal):
            await use()
    line = await partners.operator.check_line(evidence, id_number=ID, at=opening)
    assert not line.on_mobile_network


async def test_a_certificate_signs_a_challenge(
    certificates: SandboxCertificates, opening: datetime
) -> None:
    evidence = await certificates.sign(id_number=ID, pin=PIN, challenge=CHALLENGE, at=opening)
    reading = await certificates.verify(evidence, challenge=CHALLENGE, at=opening)
    assert reading == CertificateReading(
        issuer=ISSUER,
        serial_number=serial_of(ID),
        id_last_four="6789",
        evidence_id=reading.evidence_id,
    )
    with pytest.raises(CertificateInvalid):
        await certificates.verify(evidence, challenge="challenge-2", at=opening)


@pytest.mark.parametrize(
    ("condition", "refusal"),
    [
        (Condition.EXPIRED, CertificateExpired),
        (Condition.REVOKED, CertificateRevoked),
        (Condition.UNTRUSTED, CertificateUntrusted),
    ],
)
async def test_the_directory_is_asked_when_it_is_verified(
    certificates: SandboxCertificates,
    opening: datetime,
    condition: Condition,
    refusal: type[Refusal],
) -> None:
    evidence = await certificates.sign(id_number=ID, pin=PIN, challenge=CHALLENGE, at=opening)
    others = await certificates.sign(id_number=OTHER, pin=PIN, challenge=CHALLENGE, at=opening)
    await certificates.set_condition(id_number=ID, condition=condition)
    with pytest.raises(refusal):
        await certificates.verify(evidence, challenge=CHALLENGE, at=opening)
    await certificates.verify(others, challenge=CHALLENGE, at=opening)
    await certificates.set_condition(id_number=ID, condition=Condition.GOOD)
    await certificates.verify(evidence, challenge=CHALLENGE, at=opening)


async def try_pins(
    certificates: SandboxCertificates, at: datetime, *pins: str
) -> list[type[Refusal] | None]:
    outcomes: list[type[Refusal] | None] = []
    for pin in pins:
        evidence = await certificates.sign(id_number=ID, pin=pin, challenge=CHALLENGE, at=at)
        try:
            await certificates.verify(evidence, challenge=CHALLENGE, at=at)
        except Refusal as refusal:
            outcomes.append(type(refusal))
        else:
            outcomes.append(None)
    return outcomes


async def test_the_third_wrong_pin_in_a_row_locks_the_card(
    certificates: SandboxCertificates, opening: datetime
) -> None:
    outcomes = await try_pins(certificates, opening, "1", "1", PIN, "1", "1", "1", PIN, "1")
    locked = [PinLocked] * 3
    assert outcomes == [WrongPin, WrongPin, None, WrongPin, WrongPin, *locked]


@pytest.mark.parametrize(
    ("plan", "owner", "network", "lost", "facts"),
    [
        (Plan.MONTHLY, ID, Network.MOBILE, False, (True, True, False, False, True)),
        (Plan.MONTHLY, OTHER, Network.MOBILE, False, (True, True, False, False, False)),
        (Plan.OTHER, ID, Network.MOBILE, False, (True, True, False, False, False)),
        (Plan.PREPAID, ID, Network.MOBILE, False, (True, True, True, False, True)),
        (Plan.COMPANY, ID, Network.MOBILE, False, (True, True, False, True, True)),
        (Plan.MONTHLY, ID, Network.WIFI, False, (False, True, False, False, True)),
        (Plan.MONTHLY, ID, Network.MOBILE, True, (True, False, False, False, True)),
    ],
)
async def test_the_operator_tells_of_the_line_in_use(
    keys: Keys,
    opening: datetime,
    *,
    plan: Plan,
    owner: str,
    network: Network,
    lost: bool,
    facts: tuple[bool, bool, bool, bool, bool],
) -> None:
    operator = SandboxOperator(keys)
    evidence = operator.connect(
        owner_id_number=owner,
        plan=plan,
        network=network,
        handset="phone-1",
        lost=lost,
        at=opening,
    )
    line = await operator.check_line(evidence, id_number=ID, at=opening)
    on_mobile_network, known, prepaid, company, owner_matches = facts
    assert line == LineFacts(
        on_mobile_network=on_mobile_network,
        known=known,
        prepaid=prepaid,
        company=company,
        owner_matches=owner_matches,
        handset="phone-1",
        evidence_id=line.evidence_id,
    )
    with pytest.raises(EvidenceReplayed):
        await operator.check_line(evidence, id_number=ID, at=opening + LIFETIME)


async def test_a12_a_phone_is_unlocked_and_not_just_touched(keys: Keys, opening: datetime) -> None:
    phones = SandboxUnlock(keys)
    evidence = phones.unlock(handset="phone-1", at=opening)
    unlocked = await phones.verify(evidence, at=opening)
    assert unlocked == Unlocked(handset="phone-1", evidence_id=unlocked.evidence_id)
    with pytest.raises(UnlockFailed):
        await phones.verify(phones.touch(handset="phone-1", at=opening), at=opening)
