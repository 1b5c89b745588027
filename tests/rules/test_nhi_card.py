from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.rules.nhi_card import LENGTH, MalformedCard, NhiCardData, parse_nhi_card
from emask.rules.people import make_national_id, make_residence_id

RECORD = b"".join(
    (
        b"000012345678",
        "王小明".encode("big5hkscs").ljust(20, b"\0"),
        b"A123456789",
        b"0720715",
        b"M",
        b"1100101",
    )
)


def with_field(start: int, field: bytes) -> bytes:
    return RECORD[:start] + field + RECORD[start + len(field) :]


def test_the_record_of_the_field_guide() -> None:
    assert parse_nhi_card(RECORD) == NhiCardData(
        card_number="000012345678",
        name="王小明",
        id_number="A123456789",
        birth_date=date(1983, 7, 15),
        sex="M",
        issued_on=date(2021, 1, 1),
    )


@pytest.mark.parametrize("name", ["恒粧裏銹碁嫺", "堃峯煊", "NGUYEN THI MAI", "歐陽娜娜"])
def test_names_that_plain_big5_lacks(name: str) -> None:
    written = name.encode("big5hkscs", errors="ignore").ljust(20, b"\0")[:20]
    read = parse_nhi_card(with_field(12, written)).name
    assert read == written.rstrip(b"\0").decode("big5hkscs")


def test_a_name_that_cannot_be_read_does_not_lock_its_owner_out() -> None:
    assert "\ufffd" in parse_nhi_card(with_field(12, b"\xff" * 20)).name


@pytest.mark.parametrize("id_number", [make_national_id(7), make_residence_id(7), "AC01234567"])
def test_every_kind_of_id_number(id_number: str) -> None:
    assert parse_nhi_card(with_field(32, id_number.encode())).id_number == id_number


@pytest.mark.parametrize(
    ("start", "field"),
    [
        (0, b"00001234567X"),
        (32, b"A123456788"),
        (42, b"0721315"),
        (42, b"0720230"),
        (42, b"072 715"),
        (49, b"X"),
        (50, b"0000000"),
    ],
    ids=["card number", "check digit", "month", "day", "space", "sex", "issued"],
)
def test_a_field_out_of_form_is_malformed(start: int, field: bytes) -> None:
    with pytest.raises(MalformedCard):
        parse_nhi_card(with_field(start, field))


@pytest.mark.parametrize("record", [b"", RECORD[:-1], RECORD + b"\0", RECORD + b"\x90\x00"])
def test_another_length_is_malformed(record: bytes) -> None:
    with pytest.raises(MalformedCard):
        parse_nhi_card(record)


@given(st.binary(max_size=80) | st.binary(min_size=LENGTH, max_size=LENGTH))
def test_any_bytes_are_a_card_or_malformed(record: bytes) -> None:
    with suppress(MalformedCard):
        parse_nhi_card(record)


@given(st.integers(0, LENGTH - 1), st.integers(0, 255))
def test_one_changed_byte_is_a_card_or_malformed(place: int, byte: int) -> None:
    try:
        parse_nhi_card(with_field(place, bytes([byte])))
    except MalformedCard:
        assert not 12 <= place < 32
