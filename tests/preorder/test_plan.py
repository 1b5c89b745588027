"""The intake's plan is made once, perhaps on the first morning, and has to stay right."""

import re

import psycopg
import pytest

from emask.preorder import queries
from emask.preorder.intake import SETTINGS
from preorder.world import World

TABLES = ("round", "person", "store", "orders", "claim")


async def plan(world: World, statement: str, settings: dict[str, str]) -> str:
    """The plan for any parameters, on tables that hold next to nothing."""
    names: list[str] = []

    def number(place: "re.Match[str]") -> str:
        if place[1] not in names:
            names.append(place[1])
        return f"${names.index(place[1]) + 1}"

    numbered = re.sub(r"%\((\w+)\)b", number, statement)
    async with world.db.transaction() as tx:
        for name, value in settings.items():
            await tx.execute("SELECT set_config(%s, %s, true)", (name, value))
        cursor = psycopg.AsyncClientCursor(tx)
        await cursor.execute(f"EXPLAIN (GENERIC_PLAN, COSTS OFF) {numbered}".encode())
        return "\n".join(row[0] for row in await cursor.fetchall())


@pytest.mark.parametrize("statement", [queries.PLACE, queries.PLACE_JUDGED])
async def test_small_tables_are_joined_by_their_keys(world: World, statement: str) -> None:
    await world.people(3)
    await world.run("ANALYZE")
    found = await plan(world, statement, SETTINGS)
    assert not re.search("Seq Scan|Hash|Merge", found), found
    assert "Conflict Arbiter Indexes: preorder_pkey" in found
    for table in TABLES if statement == queries.PLACE else TABLES[:-1]:
        assert re.search(rf"Index (Only )?Scan using \w+ on {table} ", found), found


async def test_without_the_settings_it_would_read_whole_tables(world: World) -> None:
    """The negative control: small tables tempt the planner."""
    await world.people(3)
    await world.run("ANALYZE")
    assert "Seq Scan on person" in await plan(world, queries.PLACE, {})
