from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.rules.people import (
    Document,
    InvalidEntry,
    Residency,
    check_document,
    documents_for,
    is_child,
    last_digit,
    make_national_id,
    make_residence_id,
    masked_id,
    masked_name,
    normalise_id,
    residency_of,
)
from emask.rules.refusals import DocumentMismatch

serials = st.integers(0, 51_999_999)


@pytest.mark.parametrize(
    ("typed", "number", "residency"),
    [
        ("A123456789", "A123456789", Residency.NATIONAL),
        (" a123-456-789 ", "A123456789", Residency.NATIONAL),
        ("Ａ１２３４５６７８９", "A123456789", Residency.NATIONAL),
        ("Z199999990", "Z199999990", Residency.NATIONAL),
        ("A800000014", "A800000014", Residency.FOREIGN),  # residence permits since 2021
        ("AC01234567", "AC01234567", Residency.FOREIGN),  # and the older ones
        ("ac0123 4567", "AC01234567", Residency.FOREIGN),
        ("AA00000009", "AA00000009", Residency.FOREIGN),
        ("AB00000001", "AB00000001", Residency.FOREIGN),
        ("AD00000005", "AD00000005", Residency.FOREIGN),
    ],
)
def test_numbers_are_brought_to_one_form(typed: str, number: str, residency: Residency) -> None:
    assert normalise_id(typed) == number
    assert residency_of(number) is residency


@pytest.mark.parametrize(
    "typed",
    ["", "A12345678", "A1234567890", "1234567890", "A323456789", "AE00000000", "A12345678X"],
)
def test_what_is_no_number_is_refused(typed: str) -> None:
    with pytest.raises(InvalidEntry) as refused:
        normalise_id(typed)
    assert (refused.value.field, refused.value.reason) == ("id_number", "wrong_shape")


@pytest.mark.parametrize("number", ["A123456789", "A800000014", "AC01234567"])
def test_every_other_check_digit_is_refused(number: str) -> None:
    for digit in set("0123456789") - {number[-1]}:
        with pytest.raises(InvalidEntry) as refused:
            normalise_id(number[:-1] + digit)
        assert refused.value.reason == "wrong_check_digit"


def test_every_letter_has_its_value() -> None:
    checks = dict.fromkeys("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "")
    for letter in checks:
        for digit in "0123456789":
            try:
                normalise_id(f"{letter}10000000{digit}")
            except InvalidEntry:
                continue
            checks[letter] += digit
    # By the published table A=10 … H=17, I=34, J=18 … N=22, O=35, P=23 … V=29, X=30, Y=31,
    # W=32, Z=33, with weights 1 and 9 for its two digits and 8 for the digit that follows.
    values = dict(zip("ABCDEFGHJKLMNPQRSTUVXYWZIO", range(10, 36), strict=True))
    for letter, value in values.items():
        assert checks[letter] == str(-(value // 10 + value % 10 * 9 + 8) % 10)


@given(serials, st.none() | st.integers(0, 9))
def test_made_up_national_ids_are_valid(serial: int, digit: int | None) -> None:
    number = make_national_id(serial, last_digit=digit)
    assert normalise_id(number) == number
    assert residency_of(number) is Residency.NATIONAL
    assert digit is None or last_digit(number) == digit


@given(serials)
def test_made_up_residence_ids_are_valid(serial: int) -> None:
    number = make_residence_id(serial)
    assert normalise_id(number) == number
    assert residency_of(number) is Residency.FOREIGN


@given(serials, serials, st.integers(0, 9))
def test_two_serials_never_share_a_number(one: int, other: int, digit: int) -> None:
    numbers = {make_national_id(one), make_national_id(other, last_digit=digit)}
    assert len(numbers) == 2 or one == other


def test_many_serials_give_as_many_numbers() -> None:
    count = 20_000
    assert len({make_national_id(n, last_digit=7) for n in range(count)}) == count
    assert len({make_national_id(n) for n in range(count)}) == count
    assert len({make_residence_id(n) for n in range(count)}) == count
    assert {last_digit(make_national_id(n)) for n in range(10)} == set(range(10))


@pytest.mark.parametrize("serial", [-1, 52_000_000])
def test_serials_end(serial: int) -> None:
    with pytest.raises(ValueError, match="serials from 0 to 51999999"):
        make_national_id(serial)


def test_b1_a_child_is_told_by_the_birth_date() -> None:
    assert is_child(date(2007, 1, 1), date(2007, 1, 1))
    assert not is_child(date(2006, 12, 31), date(2007, 1, 1))


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("王小明", "王○明"),
        ("王明", "王○"),
        ("王", "王"),
        ("", ""),
        ("歐陽小明", "歐○○明"),
        ("John Smith", "J*** S****"),
        ("Nguyễn  Văn A", "N***** V** A"),
    ],
)
def test_names_are_masked(name: str, masked: str) -> None:
    assert masked_name(name) == masked


def test_numbers_show_three_characters() -> None:
    assert masked_id("A123456789") == "*******789"


def test_b15_any_one_document_proves_the_order() -> None:
    assert documents_for(Residency.NATIONAL) == {
        Document.NATIONAL_ID,
        Document.NHI_CARD,
        Document.DRIVING_LICENCE,
    }
    assert documents_for(Residency.FOREIGN) == {
        Document.RESIDENCE_PERMIT,
        Document.NHI_CARD,
        Document.DRIVING_LICENCE,
    }
    for residency in Residency:
        for document in documents_for(residency):
            check_document(residency, document)


@pytest.mark.parametrize(
    ("residency", "document", "words"),
    [
        (Residency.NATIONAL, Document.RESIDENCE_PERMIT, "身分證、健保卡、駕照"),
        (Residency.FOREIGN, Document.NATIONAL_ID, "居留證、健保卡、駕照"),
    ],
)
def test_other_documents_do_not(residency: Residency, document: Document, words: str) -> None:
    with pytest.raises(DocumentMismatch) as refused:
        check_document(residency, document)
    assert set(refused.value.accepted or ()) == documents_for(residency)
    assert words in refused.value.text("zh")


def test_documents_have_words() -> None:
    assert [document.zh for document in Document] == ["身分證", "健保卡", "駕照", "居留證"]
    assert Document.RESIDENCE_PERMIT.en == "residence permit"
