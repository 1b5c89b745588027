"""Where one person's pack stands, and whether it may be handed over (B4, B6, B10, B15)."""

from dataclasses import dataclass
from datetime import date, datetime

from emask.rounds.model import Chain
from emask.rules.calendar import day_in_taipei
from emask.rules.people import Residency
from emask.rules.refusals import (
    AlreadyCollected,
    Cancelled,
    Forfeited,
    NeverCame,
    NoPreorder,
    NotArrived,
    NotDrawnYet,
    NotPaid,
    NotSelected,
    PaymentClosed,
    PickupOver,
    StoreClosed,
    TooEarly,
    WrongStore,
)
from emask.rules.states import OrderState


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A selected person's order and the store at which it is collected."""

    state: OrderState
    chain: Chain
    store_code: str
    store_name: str
    store_open: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All that decides about handing over the pack of one person and round.

    Without an order, `preordered`, `cancelled` and `drawn` tell why there is none. `claimed_from`
    is the first day of the person's claim; `reopened_until` the last one of a re-collection;
    `short` that the pack is missing in the centre; `collected_by` the account of the till.
    """

    residency: Residency
    preordered: bool
    cancelled: bool
    drawn: bool
    order: Order | None
    pay_from: datetime
    pay_until: datetime
    pickup_from: date
    pickup_until: date
    claimed_from: date | None
    reopened_until: date | None
    short: bool
    collected_at: datetime | None
    collected_by: str | None

    @property
    def earliest(self) -> date:
        """The first day of collection: a counter purchase may have deferred it (B10)."""
        return self.claimed_from or self.pickup_from

    @property
    def last_day(self) -> date:
        return self.reopened_until or self.pickup_until


def check_order_stands(standing: Standing, day: date) -> Order:
    """The paid order whose pack can still be had on `day`.

    Raises:
        NoPreorder, NotSelected, NotPaid, NeverCame, AlreadyCollected, PickupOver, Forfeited: the
            first that applies; PickupOver when it is a re-collection that was not used.
    """
    order = standing.order
    if order is None:
        if not standing.preordered:
            raise NoPreorder
        raise NotSelected if standing.drawn else NotPaid
    if order.state in (OrderState.AWAITING_PAYMENT, OrderState.LAPSED):
        raise NotPaid
    if order.state is OrderState.CANCELLED:
        raise NeverCame
    if order.state is OrderState.COLLECTED:
        raise AlreadyCollected(collected_at=standing.collected_at)
    over = day > standing.last_day and not standing.short  # who waits gives nothing up
    if order.state is OrderState.FORFEITED or over:
        refusal = PickupOver if standing.reopened_until else Forfeited
        raise refusal(pickup_until=standing.last_day)
    return order


def check_collection(standing: Standing, *, chain: Chain, store_code: str, now: datetime) -> None:
    """Whether the pack may be handed over in this store now, the right document being shown.

    Raises:
        NoPreorder, NotSelected, NotPaid, NeverCame, AlreadyCollected, PickupOver, Forfeited,
        NotArrived, WrongStore, TooEarly: the first that applies.
    """
    day = day_in_taipei(now)
    order = check_order_stands(standing, day)
    if order.state is not OrderState.ARRIVED:
        raise NotArrived(expected=standing.pickup_from if day < standing.pickup_from else None)
    if (order.chain, order.store_code) != (chain, store_code):
        raise WrongStore(store_name=f"{order.chain.label} {order.store_name}")
    if day < standing.earliest:
        raise TooEarly(from_date=standing.earliest)


def check_at_kiosk(standing: Standing, *, chain: Chain, store_code: str, now: datetime) -> None:
    """As :func:`check_collection`, telling apart what its owner has to do something else about.

    Raises:
        Cancelled, NotDrawnYet, PaymentClosed, StoreClosed: instead of NoPreorder, NotPaid,
            NotArrived and WrongStore, where they apply.
        Refusal: whatever else :func:`check_collection` refuses.
    """
    order = standing.order
    try:
        check_collection(standing, chain=chain, store_code=store_code, now=now)
    except NoPreorder:
        if standing.cancelled:
            raise Cancelled from None
        raise
    except NotPaid:
        if order is None:
            raise NotDrawnYet(pay_from=standing.pay_from) from None
        if order.state is OrderState.LAPSED:
            raise PaymentClosed(pay_until=standing.pay_until) from None
        raise
    except (NotArrived, WrongStore):
        if order and not order.store_open:
            raise StoreClosed(name=f"{order.chain.label} {order.store_name}") from None
        raise
