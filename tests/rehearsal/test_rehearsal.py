"""A small rehearsal, played by worker processes to the end."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from emask.database.pool import Database
from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.rehearsal.acknowledged import acknowledged_in_vain
from emask.rehearsal.plan import Plan
from emask.rehearsal.rehearsal import BadFile, rehearse
from emask.rehearsal.result import Result
from emask.rounds.catalogue import built_in_round
from emask.rules.price import MoneyOutcome

_PEOPLE = 240
_QUOTA = 180


class Watcher:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.scenes: list[str] = []

    def scene(self, number: int, total: int, name: str) -> None:
        assert number <= total
        self.scenes.append(name)

    def acts(self, number: int) -> None:
        assert number > 0


def _plan(stores: Path | None = None) -> Plan:
    rounds = tuple(replace(built_in_round(each), quota=_QUOTA) for each in ("2020-1", "2020-2"))
    return Plan(people=_PEOPLE, seed=7, rounds=rounds, stores=stores, days_fast=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("rehearsal")


@pytest.fixture(scope="module")
def rehearsed_url(databases: ThrowawayDatabases) -> Iterator[str]:
    with databases.database() as url:
        yield url


@pytest.fixture(scope="module")
def result(rehearsed_url: str, keys: Keys, folder: Path) -> Result:
    watcher = Watcher()
    result = asyncio.run(
        rehearse(_plan(), url=rehearsed_url, keys=keys, folder=folder, audience=watcher)
    )
    assert watcher.scenes[0] == "enter"
    assert watcher.scenes[-1] == "audit"
    return result


def test_it_is_sound(result: Result) -> None:
    assert [finding for finding in result.findings if not finding.ok] == []
    assert result.sound


@pytest.mark.parametrize("number", [0, 1])
def test_the_funnel_narrows(result: Result, number: int) -> None:
    funnel = result.rounds[number].funnel
    assert funnel["selected"] == _QUOTA
    assert funnel["registered"] == funnel["selected"] + funnel["not_selected"] > _QUOTA
    assert funnel["paid"] + funnel["lapsed"] == _QUOTA
    assert funnel["paid"] == pytest.approx(0.85 * _QUOTA, abs=20)
    assert funnel["packed"] == funnel["arrived"] == funnel["paid"]
    assert funnel["collected"] + funnel["forfeited"] == funnel["packed"]
    assert funnel["collected"] == pytest.approx(0.95 * funnel["paid"], abs=15)


def test_the_money_is_all_there(result: Result) -> None:
    for each in result.rounds:
        assert each.money.balanced
        assert each.money.orders_paid == 22 * each.funnel["paid"]


def test_money_of_which_nobody_told_is_found(result: Result) -> None:
    paying = [tally for scene, tally in result.outcomes.items() if scene.startswith("pay_")]
    told = sum(tally[MoneyOutcome.SETTLES] for tally in paying)
    never_told = sum(tally["paid_and_never_told"] for tally in paying)
    assert never_told > 0
    assert told + never_told == sum(each.funnel["paid"] for each in result.rounds)


def test_the_gateways_files_and_the_ledger_agree(result: Result) -> None:
    details = {finding.invariant: finding.detail for finding in result.findings}
    assert details["days_reconciled"] == ""  # none is left
    assert int(details["gateway_files_agree"].split()[0]) >= 2 * len(result.rounds)


def test_people_do_what_people_do(result: Result) -> None:
    outcomes = result.outcomes
    assert outcomes["sign_in"]["signed_in"] == 2 * _PEOPLE
    assert outcomes["register_at_once"]["placed"] > outcomes["register_later"]["placed"] > 0
    assert outcomes["buy"]["sold"] > 0
    assert outcomes["collect"]["collected_by_proxy"] > 0
    assert outcomes["send"]["sms"] > result.rounds[0].funnel["registered"]


def test_json_has_the_sums_of_all_rounds_at_the_top(result: Result) -> None:
    told = result.as_json()
    assert told["ok"] is True
    funnel, money = told["funnel"], told["money"]
    assert isinstance(funnel, dict)
    assert isinstance(money, dict)
    assert funnel["selected"] == 2 * _QUOTA
    assert funnel["cancelled"] == sum(each.funnel["cancelled"] for each in result.rounds)
    assert money["received"] == sum(each.money.received for each in result.rounds)


async def test_a_receipt_that_the_database_does_not_know_is_found(
    result: Result, rehearsed_url: str, folder: Path
) -> None:
    async with Database(rehearsed_url, size=2) as db:
        assert await acknowledged_in_vain(db, folder) == 0
        async with db.transaction() as tx:
            await tx.execute("CREATE TABLE aside AS SELECT * FROM preorder LIMIT 2")
            await tx.execute(
                "DELETE FROM preorder USING aside WHERE preorder.ticket = aside.ticket"
            )
        try:
            assert await acknowledged_in_vain(db, folder) >= 2
        finally:
            async with db.transaction() as tx:
                await tx.execute("INSERT INTO preorder SELECT * FROM aside")
                await tx.execute("DROP TABLE aside")


async def test_a_line_that_a_crash_cut_off_is_passed_over(db: Database, tmp_path: Path) -> None:
    (tmp_path / "acknowledged-0.log").write_text("00000000-0000-0000-0000-0000000000")
    assert await acknowledged_in_vain(db, tmp_path) == 0


async def test_a_bad_file_is_told_before_anybody_plays(
    database_url: str, keys: Keys, tmp_path: Path
) -> None:
    file = tmp_path / "stores.csv"
    file.write_text("MARKET_CD\nSE\n")
    with pytest.raises(BadFile) as bad:
        await rehearse(
            _plan(file), url=database_url, keys=keys, folder=tmp_path, audience=Watcher()
        )
    assert bad.value.report.errors[0].line == 1
