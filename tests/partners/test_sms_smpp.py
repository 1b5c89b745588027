"""Receipts of parts, joined in whatever order they come."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.notices.ports import Delivery, Receipt
from emask.partners.sms.smpp_receipts import ReceiptIds, ReceiptJoiner, read_receipt
from emask.rules.calendar import TAIPEI

TEXT = (
    "id:{id} sub:001 dlvrd:001 submit date:2003190929 done date:2003190930"
    " stat:{stat} err:000 text:"
)
DONE = datetime(2020, 3, 19, 9, 30, tzinfo=TAIPEI)


def receipt(part_id: str, delivery: Delivery = Delivery.DELIVERED) -> Receipt:
    return Receipt(provider_id=part_id, delivery=delivery, at=None)


def read(
    text: str,
    *,
    part_id: str | None = None,
    state: int | None = None,
    ids: ReceiptIds = ReceiptIds.SAME,
) -> Receipt | None:
    return read_receipt(text, part_id=part_id, state=state, ids=ids)


def test_a_receipt_is_read_from_its_text() -> None:
    found = read(TEXT.format(id="a1", stat="DELIVRD"))
    assert found == Receipt(provider_id="a1", delivery=Delivery.DELIVERED, at=DONE)


def test_parameters_go_before_the_text() -> None:
    found = read(TEXT.format(id="161", stat="DELIVRD"), part_id="a1", state=5)
    assert found == Receipt(provider_id="a1", delivery=Delivery.FAILED, at=DONE)


@pytest.mark.parametrize(
    ("ids", "in_text", "submitted"),
    [
        (ReceiptIds.SAME, "00a1", "00a1"),
        (ReceiptIds.DECIMAL_OF_HEX, "161", "a1"),
        (ReceiptIds.HEX_OF_DECIMAL, "A1", "161"),
        (ReceiptIds.DECIMAL_OF_HEX, "x-1", "x-1"),
    ],
)
def test_ids_may_be_written_otherwise(ids: ReceiptIds, in_text: str, submitted: str) -> None:
    found = read(TEXT.format(id=in_text, stat="EXPIRED"), ids=ids)
    assert found
    assert (found.provider_id, found.delivery) == (submitted, Delivery.EXPIRED)


@given(st.text(max_size=100), st.none() | st.text(max_size=5), st.none() | st.integers(0, 255))
def test_no_text_breaks_the_reader(text: str, part_id: str | None, state: int | None) -> None:
    for ids in ReceiptIds:
        read(text, part_id=part_id, state=state, ids=ids)


def test_ids_are_the_same_in_either_case_and_with_zeros() -> None:
    joiner = ReceiptJoiner()
    joiner.expect(["000000AB"])
    assert joiner.hear(receipt("ab")) == receipt("000000AB")


def test_what_is_under_way_decides_nothing() -> None:
    joiner = ReceiptJoiner()
    joiner.expect(["1"])
    assert joiner.hear(receipt("1", Delivery.WAITING)) is None
    assert joiner.hear(receipt("1")) == receipt("1")


def test_strangers_are_told_once_and_ours_are_none() -> None:
    joiner = ReceiptJoiner()
    joiner.hear(receipt("9"))
    joiner.hear(receipt("8", Delivery.WAITING))
    assert joiner.strangers() == [receipt("9")]
    assert joiner.strangers() == []


@given(
    st.lists(st.sampled_from([Delivery.DELIVERED, Delivery.FAILED]), min_size=1, max_size=5),
    st.data(),
)
def test_a_message_is_told_once_in_any_order(parts: list[Delivery], data: st.DataObject) -> None:
    joiner = ReceiptJoiner()
    receipts = [receipt(f"{number}", delivery) for number, delivery in enumerate(parts, start=1)]
    events = data.draw(st.permutations([*receipts, *receipts, None]))
    told = [
        joiner.expect([one.provider_id for one in receipts])
        if event is None
        else joiner.hear(event)
        for event in events
    ]
    joined = [one for one in told if one is not None]
    whole = Delivery.FAILED if Delivery.FAILED in parts else Delivery.DELIVERED
    assert joined == [receipt("1", whole)]
    assert joiner.strangers() == []
