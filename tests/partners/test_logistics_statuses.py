"""The codes of each kind of parcel, and which of several messages counts."""

from datetime import UTC, datetime, timedelta
from functools import reduce
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.delivery.counting import counting, latest
from emask.delivery.ports import ParcelState, StatusMessage
from emask.partners.logistics import SubType, state_of
from emask.rounds.model import Chain

BEGIN = datetime(2020, 3, 22, tzinfo=UTC)
TABLE = """
UNIMART    order_taken        300 310
UNIMART    accepted           2024
UNIMART    at_centre          2030
UNIMART    arrived            2063 2073 2098
UNIMART    collected          2067
UNIMART    going_back         2065 2074
UNIMART    back_at_centre     2076
UNIMART    returned_to_sender 2044 2070
UNIMART    reselect_store     2037
UNIMART    store_changed      2000
UNIMART    lost               2042 7018
UNIMARTC2C order_taken        300
UNIMARTC2C accepted           2068
UNIMARTC2C at_centre          2030
UNIMARTC2C arrived            2073 2098
UNIMARTC2C collected          2067
UNIMARTC2C going_back         2074
UNIMARTC2C back_at_centre     2076 2078
UNIMARTC2C returned_to_sender 2072 2070
UNIMARTC2C reselect_store     2101 2104
UNIMARTC2C store_changed      2105
UNIMARTC2C lost               2042 7018 7020
FAMI       order_taken        300 310
FAMI       at_centre          3024
FAMI       arrived            3018 3029
FAMI       collected          3022
FAMI       going_back         3020
FAMI       back_at_centre     3025
FAMI       returned_to_sender 3019 3023
FAMI       reselect_store     7011
FAMI       store_changed      2105
FAMI       lost               7006 7007
FAMIC2C    order_taken        300 310
FAMIC2C    accepted           3032
FAMIC2C    at_centre          3024
FAMIC2C    arrived            3018 3029
FAMIC2C    collected          3022
FAMIC2C    going_back         3020
FAMIC2C    back_at_centre     3025
FAMIC2C    returned_to_sender 3019 3023
FAMIC2C    reselect_store     7011
FAMIC2C    store_changed      2105
FAMIC2C    lost               7006 7007
HILIFE     order_taken        300 310
HILIFE     accepted           2001
HILIFE     at_centre          3024 2030
HILIFE     arrived            3018 2063 2073
HILIFE     collected          3022 2067
HILIFE     going_back         3020 2065 2074
HILIFE     back_at_centre     3025
HILIFE     returned_to_sender 3019 3023
HILIFE     reselect_store     7011 2037
HILIFE     store_changed      2000 2105
HILIFE     lost               2042 7006 7007
HILIFEC2C  order_taken        300 310
HILIFEC2C  accepted           3032 2001
HILIFEC2C  at_centre          3024 2030
HILIFEC2C  arrived            3018 2063 2073
HILIFEC2C  collected          3022 2067
HILIFEC2C  going_back         3020 2065 2074
HILIFEC2C  back_at_centre     3025
HILIFEC2C  returned_to_sender 3019 3023
HILIFEC2C  reselect_store     7011 2037
HILIFEC2C  store_changed      2000 2105
HILIFEC2C  lost               2042 7006 7007
OKMARTC2C  order_taken        300
OKMARTC2C  accepted           3032
OKMARTC2C  at_centre          2030
OKMARTC2C  arrived            2073
OKMARTC2C  collected          3022
OKMARTC2C  going_back         2074
OKMARTC2C  back_at_centre     2078
OKMARTC2C  returned_to_sender 2072 3023
OKMARTC2C  reselect_store     7101
OKMARTC2C  store_changed      2105
"""
ROWS = [
    (SubType(sub_type), ParcelState(state), code)
    for sub_type, state, *codes in map(str.split, TABLE.strip().splitlines())
    for code in codes
]


@pytest.mark.parametrize(("sub_type", "state", "code"), ROWS)
def test_a_code_says_what_the_owners_list_says(
    sub_type: SubType, state: ParcelState, code: str
) -> None:
    assert state_of(sub_type, code) is state


def test_no_other_code_says_anything() -> None:
    known = {(sub_type, code) for sub_type, _, code in ROWS}
    codes = {code for _, _, code in ROWS} | {"1", "2001", "9999", ""}
    others = {(sub_type, code) for sub_type in SubType for code in codes} - known
    assert {state_of(*other) for other in others} == {ParcelState.IN_TRANSIT}


def told(code: str, seconds: int, sub_type: SubType = SubType.UNIMART) -> StatusMessage:
    return StatusMessage(
        trade_no="EP1",
        parcel_no="1",
        chain=Chain.SE,
        code=code,
        state=state_of(sub_type, code),
        updated_at=BEGIN + timedelta(seconds=seconds),
    )


CODES = [code for kind, _, code in ROWS if kind is SubType.UNIMART] + ["9998", "9999"]
MESSAGES = st.lists(st.builds(told, st.sampled_from(CODES), st.integers(0, 4)), min_size=1)


@given(MESSAGES.flatmap(lambda told: st.tuples(st.just(told), st.permutations(told))))
def test_any_order_of_arrival_ends_the_same(
    orders: tuple[list[StatusMessage], list[StatusMessage]],
) -> None:
    one, other = (reduce(counting, order) for order in orders)
    assert one == other == latest(orders[0])


@given(MESSAGES, st.integers(0, 200))
def test_telling_something_again_changes_nothing(messages: list[StatusMessage], n: int) -> None:
    again = messages[n % len(messages)]
    assert reduce(counting, [*messages, again]) == reduce(counting, messages)


def test_going_by_arrival_would_end_differently() -> None:
    """The control of the two before."""
    orders = list(permutations([told("2063", 1), told("2067", 2), told("300", 0)]))
    assert len({reduce(lambda _, new: new, order) for order in orders}) > 1
    assert {reduce(counting, order).code for order in orders} == {"2067"}


def test_the_later_event_counts_whichever_came_first() -> None:
    arrived, back = told("2063", 1), told("2074", 2)
    assert counting(arrived, back) is counting(back, arrived) is back


def test_within_a_second_the_parcel_is_further_along() -> None:
    taken, uploaded, arrived, collected = (told(code, 0) for code in ("300", "310", "2063", "2067"))
    assert counting(arrived, collected) is collected
    assert latest([uploaded, collected, taken, arrived]) is collected
    assert counting(taken, uploaded) is uploaded


def test_what_is_not_understood_changes_nothing_that_is() -> None:
    collected, odd, odder = told("2067", 1), told("9999", 5), told("9998", 6)
    assert latest([odd, collected, odder]) is collected
    assert latest([odder, odd]) is odder
    assert latest([]) is None


def test_a_store_that_closes_may_reopen_the_way() -> None:
    way = [told(code, n) for n, code in enumerate(("300", "2030", "2037", "2000", "2063", "2067"))]
    states = [latest(way[: n + 1]) for n in range(len(way))]
    assert states == way
