"""`emask deliveries`: what became of a round's packs, for people and for machines."""

import json
from collections.abc import Callable

import psycopg
import pytest
from typer.testing import Result

from cli.one_store import packs_of_one_store

Run = Callable[..., Result]


@pytest.fixture
def round_over(emask: Run, database_url: str) -> None:
    """Four packs at one store: one collected, one by proxy, two given up, one came back."""
    assert emask("rounds", "load", "2020-1").exit_code == 0
    with psycopg.connect(database_url) as connection:
        packs_of_one_store(connection, ["collected"] * 2 + ["forfeited"] * 2)
        connection.execute("UPDATE parcel SET returned_at = now() WHERE bag_number = 4")
        connection.execute(
            "INSERT INTO shipment (round_id, chain, store_code, packs, packed_at, state,"
            " shipped_at, arrived_at)"
            " VALUES ('2020-1', 'SE', '100001', 4, now(), 'arrived', now(), now())"
        )
        connection.execute(
            "INSERT INTO collection (person_id, round_id, collected_at, chain, store_code,"
            " document, by_proxy, clerk) SELECT person_id, round_id, now(), chain, store_code,"
            " 'nhi_card', bag_number = 2, 'clerk' FROM parcel WHERE bag_number <= 2"
        )


@pytest.mark.usefixtures("round_over")
def test_people_read_tables_and_what_is_missing(emask: Run) -> None:
    told = emask("deliveries", "2020-1", EMASK_LANG="en", COLUMNS="120")
    assert told.exit_code == 0, told.output
    rows = [line.replace("│", " ").split() for line in told.output.splitlines()]
    assert ["Total", "4", "4", "1", "1", "2", "1", "50.0%"] in rows
    assert ["臺北市", "4", "4", "1", "1", "2", "1", "50.0%"] in rows
    assert "1 packs from 1 stores have not come back" in told.output
    assert "1 家門市還有 1 份沒有退回" in emask("deliveries", "2020-1").output


@pytest.mark.usefixtures("round_over")
def test_machines_read_the_same(emask: Run) -> None:
    told = json.loads(emask("deliveries", "2020-1", "--json").output)
    figures = {
        "paid": 4,
        "arrived": 4,
        "by_owner": 1,
        "by_proxy": 1,
        "forfeited": 2,
        "returned": 1,
        "share": 0.5,
    }
    assert told["total"] == told["chains"]["SE"] == told["counties"]["臺北市"] == figures
    assert [(each["store_code"], each["missing"]) for each in told["missing"]] == [("100001", 1)]
    assert {each["chain"] for each in told["supplies"]} >= {"SE"}


def test_a_round_that_is_none_is_told(emask: Run) -> None:
    none = emask("deliveries", "1999-1")
    assert none.exit_code == 2
    assert "沒有輪次 1999-1" in none.output
