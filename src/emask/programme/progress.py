"""Where one person stands in one round: what was decided, what is due, what to do next."""

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from emask.database.pool import Transaction
from emask.delivery.collection import parcel_of
from emask.draw.model import DrawPlace
from emask.draw.service import place_of
from emask.entitlement.service import claims_of
from emask.payment.service import order_of
from emask.preorder.model import Preorder
from emask.preorder.service import preorder_of
from emask.rounds.model import Chain, Store
from emask.rounds.stores import find_store
from emask.rules.calendar import Channel, Round, day_in_taipei
from emask.rules.interval import Claim, Source, earliest_collection, next_purchase_date
from emask.rules.price import Method, methods_for
from emask.rules.states import OrderState


class NextAction(StrEnum):
    """What the person can do now."""

    AMEND = "amend"
    REGISTER = "register"
    PAY = "pay"
    WAIT = "wait"
    COLLECT = "collect"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A person's standing in a round. Facts that are not there yet, or never will be, are None.

    `amount` is NT$. `collect_from` is the claim's first day once the order is paid; before that
    the round's. `collect_until` is the last day of a re-collection
    where one was allowed. `delayed` is an order whose pack is missing in the logistics centre,
    `never_came` one that was cancelled because its pack never comes. `next_purchase` counts every
    claim of the person, not this round's alone.
    """

    state: OrderState
    channel: Channel
    store: Store | None
    revision: int
    rank: int | None
    entries: int | None
    quota: int
    amount: int
    methods: tuple[Method, ...]
    pay_until: datetime
    pickup_number: str | None
    collect_from: date
    collect_until: date
    delayed: bool
    never_came: bool
    next_purchase: date
    next_action: NextAction


async def progress_of(
    tx: Transaction, *, person_id: UUID, round: Round, now: datetime
) -> Progress | None:
    """The person's standing, or None without a pre-order in this round."""
    preorder = await preorder_of(tx, person_id=person_id, round_id=round.id)
    if preorder is None:
        return None
    place = await place_of(tx, round_id=round.id, person_id=person_id)
    order = await order_of(tx, person_id=person_id, round_id=round.id)
    parcel = await parcel_of(tx, person_id=person_id, round_id=round.id)
    claims = await claims_of(tx, person_id)
    state = OrderState(order.state) if order else _before_payment(preorder, place)
    channel = Channel(order.channel if order else preorder.channel)
    where = parcel or order or preorder
    mine = _claim_of(claims, round)
    return Progress(
        state=state,
        channel=channel,
        store=await find_store(tx, chain=Chain(where.chain), code=where.store_code),
        revision=preorder.revision,
        rank=place.rank if place else None,
        entries=place.entries if place else None,
        quota=round.quota,
        amount=order.amount if order else round.amount_due,
        methods=methods_for(channel),
        pay_until=round.pay_until,
        pickup_number=parcel.pickup_number if parcel and state is OrderState.ARRIVED else None,
        collect_from=earliest_collection(mine) if mine else round.pickup_from,
        collect_until=(parcel and parcel.reopened_until) or round.pickup_until,
        delayed=state is OrderState.PAID and parcel is not None and parcel.short,
        never_came=order is not None and state is OrderState.CANCELLED,
        next_purchase=next_purchase_date(claims, day_in_taipei(now)),
        next_action=_next_action(state, round, now),
    )


def _before_payment(preorder: Preorder, place: DrawPlace | None) -> OrderState:
    if place is not None and not place.selected:
        return OrderState.NOT_SELECTED
    return OrderState(preorder.state)


def _claim_of(claims: list[Claim], round: Round) -> Claim | None:
    mine = (c for c in claims if c.source is Source.PREORDER and c.reference == round.id)
    return next(mine, None)


def _next_action(state: OrderState, round: Round, now: datetime) -> NextAction:
    match state:
        case OrderState.REGISTERED:
            return NextAction.AMEND if round.accepts_preorders(now) else NextAction.WAIT
        case OrderState.CANCELLED:
            return NextAction.REGISTER if round.accepts_preorders(now) else NextAction.NONE
        case OrderState.AWAITING_PAYMENT:
            return NextAction.PAY if now < round.pay_until else NextAction.NONE
        case OrderState.PAID:
            return NextAction.WAIT
        case OrderState.ARRIVED:
            return NextAction.COLLECT
        case _:
            return NextAction.NONE
