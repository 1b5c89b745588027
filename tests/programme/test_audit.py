"""The audit finds nothing in a round that was played, and every fault that is put into it."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import LiteralString

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.programme.audit import Finding, audit, audit_tables
from emask.programme.audit_queries import INVARIANTS
from emask.programme.funnel import FUNNEL, funnel_of
from emask.sandbox.system import Sandbox

# One way to break each invariant; constraints that stand in the way are lifted first.
_FAULTS: list[tuple[str, LiteralString]] = [
    (
        "nobody_twice",
        (
            "ALTER TABLE preorder DROP CONSTRAINT preorder_pkey;"
            " INSERT INTO preorder SELECT * FROM preorder LIMIT 1"
        ),
    ),
    ("nobody_twice", "UPDATE preorder SET ticket = (SELECT ticket FROM preorder LIMIT 1)"),
    ("everybody_drawn", "UPDATE preorder SET state = 'cancelled'"),
    ("everybody_drawn", "DELETE FROM draw_result WHERE rank = 3"),
    (
        "everybody_drawn",
        "DELETE FROM preorder WHERE ticket = (SELECT ticket FROM draw_result WHERE rank = 3)",
    ),
    ("selected_within_quota", "UPDATE draw SET quota = 7, selected = 7"),
    ("selected_within_quota", "UPDATE draw SET selected = 7"),
    ("selected_within_quota", "UPDATE draw_result SET selected = true WHERE rank = 9"),
    ("selected_within_quota", "UPDATE draw_result SET rank = 13 WHERE rank = 9"),
    (
        "orders_are_the_selected",
        "DELETE FROM orders WHERE state = 'lapsed'",
    ),
    (
        "orders_are_the_selected",
        "UPDATE draw_result SET selected = false WHERE rank = 8",
    ),
    (
        "paid_and_lapsed_are_the_selected",
        "UPDATE orders SET state = 'awaiting_payment' WHERE state = 'lapsed'",
    ),
    (
        "claims_apart",
        (
            "ALTER TABLE claim DROP CONSTRAINT claim_pkey;"
            " INSERT INTO claim (person_id, during, source, sale_id)"
            " SELECT person_id, during, 'counter', gen_random_uuid() FROM claim"
        ),
    ),
    ("paid_orders_are_claimed", "DELETE FROM claim WHERE source = 'preorder'"),
    (
        "paid_orders_are_claimed",
        "UPDATE orders SET state = 'lapsed', paid_at = NULL WHERE state = 'collected'",
    ),
    (
        "claims_within_pickup",
        "UPDATE claim SET during = daterange('2020-05-01', '2020-05-08') WHERE source = 'preorder'",
    ),
    ("sales_are_claimed", "DELETE FROM claim WHERE source = 'counter'"),
    (
        "sales_are_claimed",
        "UPDATE counter_sale SET undone_at = sold_at, undo_reason = 'mistyped'",
    ),
    ("packed_are_the_paid", "DELETE FROM parcel WHERE bag_number = 1"),
    (
        "packed_are_the_paid",
        "UPDATE orders SET state = 'lapsed', paid_at = NULL WHERE state = 'forfeited'",
    ),
    (
        "collected_and_forfeited_are_the_packed",
        "UPDATE orders SET state = 'arrived' WHERE state = 'forfeited'",
    ),
    (
        "collected_and_forfeited_are_the_packed",
        "UPDATE orders SET state = 'forfeited' WHERE state = 'collected'",
    ),
    ("collected_claims_are_marked", "UPDATE claim SET collected = false"),
    (
        "handed_over_once",
        (
            "INSERT INTO collection SELECT person_id, round_id, nth + 1, collected_at, chain,"
            " store_code, document, by_proxy, clerk FROM collection LIMIT 1"
        ),
    ),
    (
        "handed_over_where_it_lies",
        (
            "UPDATE collection SET (chain, store_code) = (SELECT store.chain, store.store_code"
            " FROM store WHERE store.chain <> collection.chain LIMIT 1)"
        ),
    ),
    ("handed_over_where_it_lies", "UPDATE shipment SET packed_at = '2020-04-30'"),
    ("handed_over_within_the_claim", "UPDATE collection SET collected_at = '2020-03-25 23:59+08'"),
    ("stock_is_what_came_back", "INSERT INTO centre_stock VALUES ('SE', '2020-1', 1)"),
    (
        "stock_is_what_came_back",
        (
            "UPDATE parcel SET returned_at = now() FROM orders WHERE orders.state = 'forfeited'"
            " AND orders.person_id = parcel.person_id"
        ),
    ),
    (
        "collected_and_forfeited_are_the_packed",
        (
            "UPDATE parcel SET returned_at = now() FROM orders WHERE orders.state = 'collected'"
            " AND orders.person_id = parcel.person_id"
        ),
    ),
    ("money_is_accounted_for", "DELETE FROM refund"),
    ("money_is_accounted_for", "UPDATE refund SET amount = amount - 1"),
    ("money_is_accounted_for", "UPDATE orders SET amount = 23 WHERE state = 'collected'"),
    (
        "paid_orders_have_their_money",
        "UPDATE payment_event SET outcome = 'late' WHERE outcome = 'settles'",
    ),
    (
        "differences_are_explained",
        (
            "INSERT INTO reconciliation VALUES ('ecpay', '2020-03-19', now(), 0, 0, 22);"
            " INSERT INTO reconciliation_difference"
            " VALUES ('ecpay', '2020-03-19', 'T1', 'not_in_file', 0, 22)"
        ),
    ),
    (
        "reconciled_sums_agree",
        "INSERT INTO reconciliation VALUES ('ecpay', '2020-03-19', now(), 0, 0, 22)",
    ),
    (
        "reconciled_sums_agree",
        "INSERT INTO reconciliation VALUES ('ecpay', '2020-03-19', now(), 1, 22, 22)",
    ),
    ("everybody_drawn_is_told", "DELETE FROM outbox WHERE kind = 'not_selected'"),
    (
        "consigned_once",
        (
            "INSERT INTO consignment (person_id, round_id, nth, chain, store_code, made_at)"
            " SELECT person_id, round_id, 1, chain, store_code, now() FROM orders"
            " WHERE state = 'lapsed'"
        ),
    ),
    (
        "consignments_stand_as_told",
        (
            "INSERT INTO consignment_status"
            " VALUES ('T1', '2063', '2020-03-26 10:00+08', 'arrived', now())"
        ),
    ),
    ("hand_overs_sealed", "UPDATE collection SET by_proxy = true"),
    ("audit_log_chained", "UPDATE audit_log SET actor = 'nobody'"),
]


class _Undone(Exception):
    """Ends a transaction whose changes must not stay."""


@pytest.fixture
async def played(played_url: str) -> AsyncIterator[Database]:
    async with Database(played_url, size=2) as database:
        yield database


def _broken(findings: list[Finding]) -> set[str]:
    return {finding.invariant for finding in findings if not finding.ok}


async def test_a_round_as_it_was_played_is_sound(played: Database, keys: Keys) -> None:
    beacon = Sandbox.over(played, SetClock(played), keys).beacon
    findings = await audit(played, beacon)
    assert _broken(findings) == set()
    assert [each.invariant for each in findings] == [
        *INVARIANTS,
        "hand_overs_sealed",
        "audit_log_chained",
        "days_reconciled",
        "draw_recomputed:2020-1",
    ]
    # the play was never reconciled: told, and no fault
    assert (
        "ecpay 2020-03-19" in {each.invariant: each for each in findings}["days_reconciled"].detail
    )


async def test_an_empty_system_is_sound(db: Database) -> None:
    async with db.transaction() as tx:
        assert _broken(await audit_tables(tx)) == set()


@pytest.mark.parametrize(("invariant", "fault"), _FAULTS)
async def test_every_fault_is_found(played: Database, invariant: str, fault: LiteralString) -> None:
    with suppress(_Undone):
        async with played.transaction() as tx:
            await tx.execute("SET LOCAL session_replication_role = replica")  # no guards
            await tx.execute(fault)
            findings = {each.invariant: each for each in await audit_tables(tx)}
            raise _Undone
    assert not findings[invariant].ok
    assert findings[invariant].detail


def test_every_invariant_has_its_fault() -> None:
    assert {invariant for invariant, _ in _FAULTS} == {
        *INVARIANTS,
        "hand_overs_sealed",
        "audit_log_chained",
    }


async def test_another_result_than_the_rules_is_found(played: Database, keys: Keys) -> None:
    beacon = Sandbox.over(played, SetClock(played), keys).beacon
    swap = "UPDATE draw_result SET rank = 21 - rank WHERE rank IN (10, 11)"
    async with played.transaction() as tx:
        await tx.execute(swap)
    try:
        assert _broken(await audit(played, beacon)) == {"draw_recomputed:2020-1"}
    finally:
        async with played.transaction() as tx:
            await tx.execute(swap)


async def test_the_funnel_counts_everybody_who_came_so_far(played: Database) -> None:
    async with played.transaction() as tx:
        funnel = await funnel_of(tx, "2020-1")
    assert tuple(funnel) == FUNNEL
    assert funnel == {
        "registered": 12,
        "selected": 8,
        "not_selected": 4,
        "paid": 6,
        "lapsed": 2,
        "packed": 6,
        "arrived": 6,
        "collected": 3,
        "forfeited": 3,
        "cancelled": 0,
    }
