"""`emask staff`: accounts are opened, listed, given new passwords, and ended."""

import json
import re
from collections.abc import Callable

import psycopg
import pytest
from typer.testing import Result

Run = Callable[..., Result]


@pytest.fixture
def store(emask: Run, database_url: str) -> None:
    assert emask("rounds", "load", "2020-1").exit_code == 0
    with psycopg.connect(database_url) as connection:
        connection.execute(
            "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
            " VALUES ('SE', '100001', '門市', '台北市', '臺北市', '大安區', '106')"
        )


def add_clerk(emask: Run, *more: str) -> Result:
    place = ("--chain", "SE", "--store", "100001")
    return emask("staff", "add", "se-1", "--role", "clerk", *place, *more)


def password(told: Result) -> str:
    """The first password, from what was said in either language."""
    assert told.exit_code == 0, told.output
    found = re.search(r"(?:密碼：|password: )([^ （(]+)", told.output)
    assert found
    return found[1]


@pytest.mark.usefixtures("store")
def test_an_account_is_opened_and_listed_without_its_password(emask: Run) -> None:
    first = password(add_clerk(emask, "--by", "wang"))
    (listed,) = json.loads(emask("staff", "list", "--json").output)
    assert (listed["username"], listed["role"], listed["store_code"]) == ("se-1", "clerk", "100001")
    assert (listed["first_password"], listed["ended"]) == (True, False)
    table = emask("staff", "list", EMASK_LANG="en").output
    assert "SE 100001" in table
    assert "first password" in table
    assert first not in table
    assert "還沒換密碼" in emask("staff", "list").output


@pytest.mark.usefixtures("store")
def test_a_new_password_is_another_one(emask: Run) -> None:
    first = password(add_clerk(emask))
    assert password(emask("staff", "password", "se-1", EMASK_LANG="en")) != first


@pytest.mark.usefixtures("store")
def test_an_account_that_has_ended_is_listed_and_gets_no_password(emask: Run) -> None:
    add_clerk(emask)
    assert "帳號 se-1 已停用" in emask("staff", "end", "se-1").output
    assert "ended" in emask("staff", "list", EMASK_LANG="en").output
    refused = emask("staff", "password", "se-1", EMASK_LANG="en")
    assert refused.exit_code == 2
    assert "There is no account se-1" in refused.output


@pytest.mark.usefixtures("store")
@pytest.mark.parametrize(
    "place",
    [
        ("clerk", "--chain", "SE"),
        ("clerk", "--chain", "SE", "--store", "999999"),
        ("centre",),
        ("officer", "--chain", "SE"),
        ("pharmacist", "--site", "0000000000"),
    ],
)
def test_a_place_that_is_none_for_the_role_is_refused(emask: Run, place: tuple[str, ...]) -> None:
    refused = emask("staff", "add", "se-1", "--role", *place, EMASK_LANG="en")
    assert refused.exit_code == 2
    assert "the place must exist" in refused.output
    assert json.loads(emask("staff", "list", "--json").output) == []


def test_nobody_is_ended_who_is_not_there(emask: Run) -> None:
    refused = emask("staff", "end", "se-1")
    assert refused.exit_code == 2
    assert "沒有帳號 se-1" in refused.output
