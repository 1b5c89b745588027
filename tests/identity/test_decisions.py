from dataclasses import replace
from datetime import date
from uuid import UUID

import pytest

from emask.identity import decisions
from emask.identity.decisions import HOUSEHOLD_CERTIFICATE
from emask.identity.model import CardOnFile
from emask.identity.ports import Contract, LineFacts, Match
from emask.rules.people import Document, InvalidEntry, Residency
from emask.rules.refusals import (
    CardInactive,
    CardUnknown,
    CertificateInvalid,
    CertificateNotBound,
    CompanyLine,
    DocumentsMissing,
    LineUnknown,
    LineUnproven,
    NationalsOnly,
    NotOnMobileNetwork,
    NotOwnNumber,
    NotRegistered,
    PrepaidLine,
    Refusal,
)

ONE, OTHER = UUID(int=1), UUID(int=2)
GOOD_LINE = LineFacts(
    on_mobile_network=True,
    known=True,
    contract=Contract.MONTHLY,
    number_matches=True,
    owner=Match.YES,
    evidence_id="evidence-1",
)
CARD = CardOnFile(
    card_number=b"number", household_number=b"household", birth_date=date(1983, 7, 15), active=True
)


def test_a5_only_nationals_pass() -> None:
    decisions.check_national(Residency.NATIONAL)
    with pytest.raises(NationalsOnly):
        decisions.check_national(Residency.FOREIGN)


def test_a2_an_own_monthly_line_on_4g_passes() -> None:
    decisions.check_line(GOOD_LINE)


@pytest.mark.parametrize("contract", Contract)
@pytest.mark.parametrize("owner", Match)
@pytest.mark.parametrize("number_matches", [True, False])
def test_a10_off_the_network_nothing_else_is_told(
    contract: Contract, owner: Match, *, number_matches: bool
) -> None:
    for known in (True, False):
        with pytest.raises(NotOnMobileNetwork):
            decisions.check_line(
                LineFacts(
                    on_mobile_network=False,
                    known=known,
                    contract=contract,
                    number_matches=number_matches,
                    owner=owner,
                    evidence_id="evidence-1",
                )
            )


# In the order in which they are told: each one before all that follow.
FAULTS: list[tuple[type[Refusal], LineFacts]] = [
    (LineUnknown, replace(GOOD_LINE, known=False, contract=Contract.PREPAID, owner=Match.NO)),
    (PrepaidLine, replace(GOOD_LINE, contract=Contract.PREPAID, owner=Match.NO)),
    (CompanyLine, replace(GOOD_LINE, contract=Contract.COMPANY, owner=Match.NO)),
    (NotOwnNumber, replace(GOOD_LINE, contract=Contract.UNKNOWN, owner=Match.NO)),
    (NotOwnNumber, replace(GOOD_LINE, number_matches=False, owner=Match.UNKNOWN)),
    (LineUnproven, replace(GOOD_LINE, contract=Contract.UNKNOWN)),
    (LineUnproven, replace(GOOD_LINE, owner=Match.UNKNOWN)),
]


@pytest.mark.parametrize(("refusal", "line"), FAULTS)
def test_a4_of_several_faults_the_first_in_order_is_told(
    refusal: type[Refusal], line: LineFacts
) -> None:
    with pytest.raises(refusal):
        decisions.check_line(line)


def test_a13_a_handset_is_one_persons_own() -> None:
    decisions.check_handset_owner(ONE, ONE)
    with pytest.raises(NotOwnNumber):
        decisions.check_handset_owner(OTHER, ONE)


def check(card: CardOnFile | None, number: bytes = b"number", born: int = 15) -> CardOnFile:
    return decisions.check_card(card, card_number=number, birth_date=date(1983, 7, born))


def test_a_card_passes_when_it_is_the_persons_and_in_use() -> None:
    assert check(CARD) == CARD


@pytest.mark.parametrize(
    ("card", "number", "born"), [(None, b"number", 15), (CARD, b"other", 15), (CARD, b"number", 16)]
)
def test_a_card_of_nobody_of_another_number_or_birth_date_is_unknown(
    card: CardOnFile | None, number: bytes, born: int
) -> None:
    with pytest.raises(CardUnknown):
        check(card, number=number, born=born)


def test_a_stopped_card_is_inactive_but_a_wrong_one_stays_unknown() -> None:
    stopped = replace(CARD, active=False)
    with pytest.raises(CardInactive):
        check(stopped)
    with pytest.raises(CardUnknown):
        check(stopped, number=b"other")


def test_a9_registering_asks_for_the_printed_number_and_the_household() -> None:
    decisions.check_card_owner(CARD, printed_number=b"number", household=b"household")
    with pytest.raises(CardUnknown):
        decisions.check_card_owner(CARD, printed_number=b"other", household=b"household")
    with pytest.raises(InvalidEntry) as entry:
        decisions.check_card_owner(CARD, printed_number=b"number", household=b"other")
    assert (entry.value.field, entry.value.reason) == ("household_number", "not_on_record")
    assert "與健保資料不符" in entry.value.zh


def test_who_has_no_password_has_to_register() -> None:
    assert decisions.check_registered("hash") == "hash"
    with pytest.raises(NotRegistered):
        decisions.check_registered(None)


def test_a_certificate_names_its_holder_and_is_bound_to_one_person() -> None:
    decisions.check_certificate_holder("6789", "A123456789")
    with pytest.raises(CertificateInvalid):
        decisions.check_certificate_holder("6788", "A123456789")
    assert decisions.check_certificate_bound(ONE) == ONE
    with pytest.raises(CertificateNotBound):
        decisions.check_certificate_bound(None)
    decisions.check_certificate_owner(ONE, ONE)
    with pytest.raises(CertificateNotBound):
        decisions.check_certificate_owner(OTHER, ONE)


NATIONAL_DOCUMENTS = frozenset({Document.NHI_CARD, Document.NATIONAL_ID, HOUSEHOLD_CERTIFICATE})
FOREIGN_DOCUMENTS = frozenset({Document.NHI_CARD, Document.RESIDENCE_PERMIT})
WAIVABLE = frozenset({HOUSEHOLD_CERTIFICATE})


@pytest.mark.parametrize(
    ("residency", "missing", "waived_reason", "told"),
    [
        (Residency.NATIONAL, frozenset(), None, ()),
        (Residency.NATIONAL, WAIVABLE, None, (HOUSEHOLD_CERTIFICATE,)),
        (Residency.NATIONAL, WAIVABLE, "  ", (HOUSEHOLD_CERTIFICATE,)),
        (Residency.NATIONAL, WAIVABLE, "lives in a nursing home", ()),
        (
            Residency.NATIONAL,
            WAIVABLE | {Document.NATIONAL_ID},
            "lives in a nursing home",
            (Document.NATIONAL_ID,),
        ),
        (Residency.NATIONAL, {Document.NHI_CARD}, "any", (Document.NHI_CARD,)),
        (Residency.FOREIGN, frozenset(), None, ()),
        (Residency.FOREIGN, {Document.RESIDENCE_PERMIT}, "any", (Document.RESIDENCE_PERMIT,)),
        (Residency.FOREIGN, {Document.NHI_CARD}, None, (Document.NHI_CARD,)),
    ],
)
def test_a1_1_3_what_an_office_has_to_see(
    residency: Residency, missing: frozenset[str], waived_reason: str | None, told: tuple[str, ...]
) -> None:
    wanted = NATIONAL_DOCUMENTS if residency is Residency.NATIONAL else FOREIGN_DOCUMENTS
    shown = wanted - missing
    if not told:
        decisions.check_office_documents(residency, shown, waived_reason=waived_reason)
        return
    with pytest.raises(DocumentsMissing) as refusal:
        decisions.check_office_documents(residency, shown, waived_reason=waived_reason)
    assert refusal.value.missing == told
    assert "_" not in refusal.value.text("zh")
