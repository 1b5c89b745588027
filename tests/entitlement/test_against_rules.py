"""Random histories of one person: the database's timeline is always that of the pure rules."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emask.database.pool import Database
from emask.entitlement import service
from emask.rounds.catalogue import built_in_round
from emask.rounds.service import save_round
from emask.rules import interval
from emask.rules.calendar import DeferredClaim, Round
from emask.rules.interval import Change, Claim, Move, NoDayLeft, Source, Window
from emask.rules.refusals import Refusal

FIRST_DAY = date(2020, 3, 17)
ROUNDS = (
    built_in_round("2020-1"),
    replace(built_in_round("2020-2"), deferred_claim=DeferredClaim.WINDOW_START),
    built_in_round("2020-nine"),
)
ACTS = st.tuples(
    st.sampled_from(["pay", "pay", "sell", "sell", "sell", "undo", "collect"]),
    st.integers(0, 8),
)
Outcome = Change | tuple[Move, ...] | type[Exception] | None


class Pure:
    """The claims as the rules alone would have them."""

    def __init__(self) -> None:
        self.claims: list[Claim] = []
        self.moved: dict[UUID, tuple[Move, ...]] = {}

    def pay(self, paid: Round, today: date) -> Outcome:
        window = Window.of(paid)
        try:
            change = interval.claim_for_payment(self.claims, window=window, today=today)
        except NoDayLeft:
            return NoDayLeft
        return self._written(change)

    def sell(self, sale_id: UUID, day: date) -> Outcome:
        try:
            change = interval.sell_at_counter(
                self.claims, day=day, interval_days=7, reference=str(sale_id)
            )
        except Refusal as refused:
            return type(refused)
        self.moved[sale_id] = change.moves
        return self._written(change)

    def undo(self, sale_id: UUID) -> Outcome:
        moves = self.moved.pop(sale_id)
        back = interval.undo_sale(self.claims, reference=str(sale_id), moves=moves)
        self.claims = [each for each in self.claims if each.reference != str(sale_id)]
        self._move(back)
        return back

    def collect(self, round_id: str) -> None:
        self.claims = [
            replace(each, collected=True) if each.reference == round_id else each
            for each in self.claims
        ]

    def _written(self, change: Change) -> Change:
        self._move(change.moves)
        self.claims = sorted([*self.claims, change.placed], key=lambda each: each.during.start)
        return change

    def _move(self, moves: Sequence[Move]) -> None:
        after = {move.reference: move.after for move in moves}
        self.claims = [
            replace(each, during=after.get(each.reference, each.during)) for each in self.claims
        ]


class Real:
    """The same acts on the database, each in a transaction of its own."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.person_id = uuid4()

    async def pay(self, paid: Round, today: date) -> Outcome:
        try:
            return await self.db.retrying(
                lambda tx: service.claim_paid_preorder(
                    tx, person_id=self.person_id, round=paid, today=today
                )
            )
        except NoDayLeft:
            return NoDayLeft

    async def sell(self, sale_id: UUID, day: date) -> Outcome:
        try:
            return await self.db.retrying(
                lambda tx: service.claim_counter_sale(
                    tx, person_id=self.person_id, sale_id=sale_id, day=day, interval_days=7
                )
            )
        except Refusal as refused:
            return type(refused)

    async def undo(self, sale_id: UUID) -> Outcome:
        return await self.db.retrying(
            lambda tx: service.undo_counter_sale(tx, person_id=self.person_id, sale_id=sale_id)
        )

    async def collect(self, round_id: str) -> None:
        async with self.db.transaction() as tx:
            await service.mark_collected(tx, person_id=self.person_id, round_id=round_id)

    async def claims(self) -> list[Claim]:
        async with self.db.transaction() as tx:
            return await service.claims_of(tx, self.person_id)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(acts=st.lists(ACTS, min_size=3, max_size=15))
async def test_the_database_keeps_what_the_rules_decide(
    db: Database, acts: list[tuple[str, int]]
) -> None:
    async with db.transaction() as tx:
        for each in ROUNDS:
            await save_round(tx, each)
    pure, real, today = Pure(), Real(db), FIRST_DAY
    for act, number in acts:
        expected, found = await _both(pure, real, act, number, today)
        assert expected == found
        assert await real.claims() == pure.claims
        today += timedelta(days=number // 2)


async def _both(
    pure: Pure, real: Real, act: str, number: int, today: date
) -> tuple[Outcome, Outcome]:
    held = [each.reference for each in pure.claims if each.source is Source.PREORDER]
    unpaid = [each for each in ROUNDS if each.id not in held and each.pickup_from > today]
    if act == "pay" and unpaid:
        paid = unpaid[number % len(unpaid)]
        return pure.pay(paid, today), await real.pay(paid, today)
    if act == "undo" and pure.moved:
        sale_id = list(pure.moved)[number % len(pure.moved)]
        return pure.undo(sale_id), await real.undo(sale_id)
    if act == "collect" and held:
        round_id = held[number % len(held)]
        pure.collect(round_id)
        await real.collect(round_id)
        return None, None
    sale_id = uuid4()
    return pure.sell(sale_id, today), await real.sell(sale_id, today)
