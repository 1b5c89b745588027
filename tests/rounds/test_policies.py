"""Policies from a file: what is understood, what is told, what may change and who changed it."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from emask.database.audit_log import first_broken_link
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.rounds.catalogue import built_in_policies
from emask.rounds.policies import DayHasBegun, import_policies
from emask.rounds.policy_file import PolicyFileError, facts_of, policies_from_file
from emask.rounds.service import all_policies, save_policies
from emask.rules.calendar import at

MARCH, APRIL = date(2020, 3, 5), date(2020, 4, 9)
GOOD = """\
[[policy]]
valid_from = 2020-06-01
interval_days = 14
adult_pieces = 9
child_pieces = 10
price = 4
child_born_from = 2004-01-01
odd_even = false
"""


def file_of(folder: Path, text: str) -> Path:
    file = folder / "policies.toml"
    file.write_text(text, "utf-8")
    return file


def test_what_has_a_value_of_its_own_may_be_left_out(tmp_path: Path) -> None:
    (policy,) = policies_from_file(file_of(tmp_path, GOOD))
    assert (policy.valid_from, policy.price, policy.odd_even) == (date(2020, 6, 1), 4, False)
    assert (policy.either_born_before, policy.proxy_children) == (None, 3)
    assert facts_of(policy)["valid_from"] == "2020-06-01"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("price = 4\n", ""), "policy 1: price: is missing"),
        (("price", "colour"), "policy 1: colour: there is no such field"),
        (("price = 4", "price = 4.5"), "policy 1: price: is no whole number"),
        (("price = 4", "price = true"), "policy 1: price: is no whole number"),
        (("price = 4", "price = 0"), "policy 1: price: must be greater"),
        (("= false", "= 'no'"), "policy 1: odd_even: is neither"),
        (("= 2004-01-01", "= 2004-01-01T00:00:00"), "policy 1: child_born_from: is no day"),
        (("= 2020-06-01", "= 2020-06"), "policies.toml: "),
        (("[[policy]]", "[policy]"), "holds tables"),
        (("[[policy]]", "other = 1\n[[policy]]"), "holds tables"),
        ((GOOD, GOOD + GOOD), "valid_from: the days stand in order"),
        ((GOOD, ""), "holds tables"),
        ((GOOD, "policy = [1]"), "holds tables"),
    ],
)
def test_a_fault_is_told_with_its_place(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    with pytest.raises(PolicyFileError) as wrong:
        policies_from_file(file_of(tmp_path, GOOD.replace(*change)))
    assert told in str(wrong.value)
    assert str(wrong.value).startswith("policies.toml: ")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(PolicyFileError):
        policies_from_file(tmp_path / "none.toml")


@pytest.fixture
async def kept(db: Database, clock: SetClock) -> None:
    """The rules of 2020 up to 5 March, on 20 March."""
    await clock.set(at(date(2020, 3, 20), 9))
    async with db.transaction() as tx:
        await save_policies(tx, [each for each in built_in_policies() if each.valid_from <= MARCH])


async def logged(db: Database) -> list[tuple[object, ...]]:
    async with db.transaction() as tx:
        assert await first_broken_link(tx) is None
        cursor = await tx.execute(
            "SELECT actor, subject, detail->'was'->>'adult_pieces',"
            " detail->'became'->>'adult_pieces' FROM audit_log ORDER BY seq"
        )
        return await cursor.fetchall()


@pytest.mark.usefixtures("kept")
async def test_next_months_rules_are_entered_beside_those_that_stand(
    db: Database, clock: SetClock
) -> None:
    policies = [
        each for each in built_in_policies() if each.valid_from <= MARCH or each.valid_from >= APRIL
    ]
    changed = await import_policies(db, clock, policies, by="wang")
    assert [each.valid_from for each in changed] == [APRIL, date(2020, 4, 23)]
    async with db.transaction() as tx:
        assert await all_policies(tx) == policies
    assert await import_policies(db, clock, policies, by="wang") == []
    assert await logged(db) == [
        ("wang", "2020-04-09", None, "9"),
        ("wang", "2020-04-23", None, "9"),
    ]


@pytest.mark.usefixtures("kept")
@pytest.mark.parametrize("confirmed_from", [None, date(2020, 3, 6)])
async def test_days_that_have_begun_do_not_change_by_mistake(
    db: Database, clock: SetClock, confirmed_from: date | None
) -> None:
    """Today has begun: some have bought by its rule already."""
    march = next(each for each in built_in_policies() if each.valid_from == MARCH)
    policies = [replace(march, adult_pieces=4), replace(march, valid_from=date(2020, 3, 20))]
    with pytest.raises(DayHasBegun) as refused:
        await import_policies(db, clock, policies, by="wang", confirmed_from=confirmed_from)
    assert refused.value.day == MARCH
    assert await logged(db) == []
    with pytest.raises(DayHasBegun):
        await import_policies(db, clock, policies[1:], by="wang")


@pytest.mark.usefixtures("kept")
async def test_what_is_meant_is_changed_and_both_are_kept_in_the_log(
    db: Database, clock: SetClock
) -> None:
    march = next(each for each in built_in_policies() if each.valid_from == MARCH)
    four = replace(march, adult_pieces=4)
    assert await import_policies(db, clock, [four], by="wang", confirmed_from=MARCH) == [four]
    assert await logged(db) == [("wang", "2020-03-05", "3", "4")]
