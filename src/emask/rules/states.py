"""The states of an order and the one table of what leads from which to which."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class OrderState(StrEnum):
    """Where one person's pre-order stands; screens, messages and exports use its words."""

    REGISTERED = "registered"
    CANCELLED = "cancelled"
    NOT_SELECTED = "not_selected"
    AWAITING_PAYMENT = "awaiting_payment"
    LAPSED = "lapsed"
    PAID = "paid"
    ARRIVED = "arrived"
    COLLECTED = "collected"
    FORFEITED = "forfeited"

    @property
    def zh(self) -> str:
        return _WORDS[self][0]

    @property
    def en(self) -> str:
        return _WORDS[self][1]

    @classmethod
    def from_zh(cls, word: str) -> "OrderState":
        """The state that screens call so. Raises ValueError for any other word."""
        for state in cls:
            if state.zh == word:
                return state
        raise ValueError(f"no state is called {word}")


class Event(StrEnum):
    """What can happen to an order."""

    AMEND = "amend"
    CANCEL = "cancel"
    REGISTER_AGAIN = "register_again"
    SELECT = "select"
    NOT_SELECT = "not_select"
    PAY = "pay"
    LAPSE = "lapse"
    ARRIVE = "arrive"
    REDIRECT = "redirect"  # the store closed meanwhile and the orderer chose another
    COLLECT = "collect"
    TAKE_BACK = "take_back"  # a hand-over by mistake, within minutes
    FORFEIT = "forfeit"
    REOPEN = "reopen"  # by an operator's decision, for one re-collection
    GIVE_BACK = "give_back"  # likewise: the pack never comes, its money goes back


class IllegalTransition(Exception):
    """The event cannot happen to an order in this state."""

    def __init__(self, state: OrderState, event: Event) -> None:
        super().__init__(f"{event} cannot happen to an order that is {state}")
        self.state = state
        self.event = event


TRANSITIONS: Mapping[OrderState, Mapping[Event, OrderState]] = MappingProxyType(
    {
        OrderState.REGISTERED: {
            Event.AMEND: OrderState.REGISTERED,
            Event.CANCEL: OrderState.CANCELLED,
            Event.SELECT: OrderState.AWAITING_PAYMENT,
            Event.NOT_SELECT: OrderState.NOT_SELECTED,
        },
        OrderState.CANCELLED: {Event.REGISTER_AGAIN: OrderState.REGISTERED},
        OrderState.NOT_SELECTED: {},
        OrderState.AWAITING_PAYMENT: {
            Event.PAY: OrderState.PAID,
            Event.LAPSE: OrderState.LAPSED,
        },
        OrderState.LAPSED: {},
        OrderState.PAID: {
            Event.ARRIVE: OrderState.ARRIVED,
            Event.REDIRECT: OrderState.PAID,
            Event.FORFEIT: OrderState.FORFEITED,
            Event.GIVE_BACK: OrderState.CANCELLED,
        },
        OrderState.ARRIVED: {
            Event.REDIRECT: OrderState.PAID,
            Event.COLLECT: OrderState.COLLECTED,
            Event.FORFEIT: OrderState.FORFEITED,
            Event.GIVE_BACK: OrderState.CANCELLED,
        },
        OrderState.COLLECTED: {Event.TAKE_BACK: OrderState.ARRIVED},
        OrderState.FORFEITED: {
            Event.REOPEN: OrderState.PAID,
            Event.GIVE_BACK: OrderState.CANCELLED,  # lost before its last day was over
        },
    }
)


def step(state: OrderState, event: Event) -> OrderState:
    """The state that `event` leads to. Raises IllegalTransition."""
    try:
        return TRANSITIONS[state][event]
    except KeyError:
        raise IllegalTransition(state, event) from None


def mermaid() -> str:
    """The table as a Mermaid state diagram, for the documentation."""
    lines = ["stateDiagram-v2"]
    lines += [f"    {state} : {state.zh} {state.en}" for state in OrderState]
    lines.append(f"    [*] --> {OrderState.REGISTERED}")
    for state, events in TRANSITIONS.items():
        lines += [f"    {state} --> {after} : {event}" for event, after in events.items()]
        if not events:
            lines.append(f"    {state} --> [*]")
    return "\n".join(lines) + "\n"


_WORDS = {
    OrderState.REGISTERED: ("已登記", "Registered"),
    OrderState.CANCELLED: ("已取消", "Cancelled"),
    OrderState.NOT_SELECTED: ("未中籤", "Not selected"),
    OrderState.AWAITING_PAYMENT: ("待繳費", "Awaiting payment"),
    OrderState.LAPSED: ("逾期未繳", "Payment deadline passed"),
    OrderState.PAID: ("已繳費", "Paid"),
    OrderState.ARRIVED: ("已到店", "At the store"),
    OrderState.COLLECTED: ("已領取", "Collected"),
    OrderState.FORFEITED: ("已放棄", "Not collected"),
}
