import pytest

from emask.rules.states import TRANSITIONS, Event, IllegalTransition, OrderState, mermaid, step

TABLE = """
    registered       amend          registered
    registered       cancel         cancelled
    registered       select         awaiting_payment
    registered       not_select     not_selected
    cancelled        register_again registered
    awaiting_payment pay            paid
    awaiting_payment lapse          lapsed
    paid             arrive         arrived
    paid             redirect       paid
    paid             forfeit        forfeited
    paid             give_back      cancelled
    arrived          redirect       paid
    arrived          collect        collected
    arrived          forfeit        forfeited
    arrived          give_back      cancelled
    collected        take_back      arrived
    forfeited        reopen         paid
    forfeited        give_back      cancelled
"""
ALLOWED = {
    (OrderState(before), Event(event)): OrderState(after)
    for before, event, after in (line.split() for line in TABLE.split("\n") if line.strip())
}


@pytest.mark.parametrize("state", OrderState)
@pytest.mark.parametrize("event", Event)
def test_the_table_says_all(state: OrderState, event: Event) -> None:
    if (state, event) in ALLOWED:
        assert step(state, event) is ALLOWED[state, event]
        return
    with pytest.raises(IllegalTransition, match=f"{event} cannot happen") as refused:
        step(state, event)
    assert (refused.value.state, refused.value.event) == (state, event)


def test_every_state_is_in_the_table_and_every_event_happens() -> None:
    assert set(TRANSITIONS) == set(OrderState)
    assert {event for events in TRANSITIONS.values() for event in events} == set(Event)


def test_every_state_can_be_reached() -> None:
    reached = {OrderState.REGISTERED}
    for _ in OrderState:
        reached |= {after for state in reached for after in TRANSITIONS[state].values()}
    assert reached == set(OrderState)


def test_the_words_of_the_states() -> None:
    assert [state.zh for state in OrderState] == [
        "已登記",
        "已取消",
        "未中籤",
        "待繳費",
        "逾期未繳",
        "已繳費",
        "已到店",
        "已領取",
        "已放棄",
    ]
    assert [state.en for state in OrderState] == [
        "Registered",
        "Cancelled",
        "Not selected",
        "Awaiting payment",
        "Payment deadline passed",
        "Paid",
        "At the store",
        "Collected",
        "Not collected",
    ]
    assert all(OrderState.from_zh(state.zh) is state for state in OrderState)


def test_other_words_name_no_state() -> None:
    with pytest.raises(ValueError, match="no state is called 抽籤中"):
        OrderState.from_zh("抽籤中")


def test_the_diagram_is_drawn_from_the_table() -> None:
    lines = mermaid().splitlines()
    assert lines[0] == "stateDiagram-v2"
    assert "    paid : 已繳費 Paid" in lines
    arrows = {line.strip() for line in lines if "-->" in line}
    expected = {f"{before} --> {after} : {event}" for (before, event), after in ALLOWED.items()}
    ends = {f"{state} --> [*]" for state in ("not_selected", "lapsed")}
    assert arrows == expected | ends | {"[*] --> registered"}
