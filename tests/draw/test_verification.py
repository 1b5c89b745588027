"""Verification finds whatever was changed afterwards, each by its name."""

import pytest

from draw.town import Town, crowd
from emask.draw import service
from emask.sandbox.beacon import SandboxBeacon

SWAP_TWO_RANKS = (
    "UPDATE draw_result SET rank = CASE rank WHEN 1 THEN 25 ELSE 1 END WHERE rank IN (1, 25)"
)
SWAP_TWO_PEOPLE = (
    "UPDATE draw_result r SET rank = o.rank, ticket = o.ticket, selected = o.selected"
    " FROM draw_result o WHERE (r.rank, o.rank) IN ((1, 25), (25, 1))"
)
ONE_MORE_SELECTED = "UPDATE draw_result SET selected = true WHERE rank = 21"
ONE_LESS = "DELETE FROM draw_result WHERE rank = 25"
ANOTHER_TICKET = (
    "UPDATE preorder SET ticket = gen_random_uuid()"
    " WHERE person_id = (SELECT person_id FROM draw_result WHERE rank = 25)"
)
ONE_MORE_ENTRY = (
    "INSERT INTO preorder SELECT gen_random_uuid(), round_id, gen_random_uuid(), chain, store_code,"
    " channel, mobile, language, state, revision, submission_id, placed_at, changed_at"
    " FROM preorder LIMIT 1"
)

TAMPERINGS = {
    SWAP_TWO_RANKS: {
        "the ranks are not those of the rules",
        "results that disagree with the quota: 2",
    },
    SWAP_TWO_PEOPLE: {"results that are not those of the own ticket: 2"},
    ONE_MORE_SELECTED: {"results that disagree with the quota: 1"},
    ONE_LESS: {
        "the ranks are not those of the rules",
        "results that are not those of the own ticket: 1",
    },
    ANOTHER_TICKET: {
        "the list has another root",
        "the ranks are not those of the rules",
        "results that are not those of the own ticket: 1",
    },
    ONE_MORE_ENTRY: {
        "the list has another number of entries",
        "the list has another root",
        "the ranks are not those of the rules",
        "results that are not those of the own ticket: 1",
    },
    "UPDATE draw SET root = sha256('other')": {
        "the list has another root",
        "the ranks are not those of the rules",
    },
    "UPDATE draw SET seed = sha256('other')": {
        "the beacon's value does not verify",
        "the ranks are not those of the rules",
    },
    "UPDATE draw SET beacon_round = beacon_round + 1": {"the beacon's value does not verify"},
    "UPDATE draw SET quota = 19, selected = 19": {
        "the selected have another root",
        "results that disagree with the quota: 1",
    },
    "UPDATE draw SET selected = 19": {"the number of selected is wrong"},
    "UPDATE draw SET result_root = sha256('other')": {"the selected have another root"},
}


async def drawn(town: Town) -> Town:
    await town.enter(crowd(30))
    await town.draw()
    return town


async def test_an_honest_draw_verifies(town: Town) -> None:
    await drawn(town)
    assert await service.verify(town.db, town.round.id, town.beacon) == []


async def test_each_tampering_is_named(town: Town) -> None:
    await drawn(town)
    for tampering, problems in TAMPERINGS.items():
        async with town.db.transaction() as tx:
            await tx.execute("CREATE TABLE kept_draw AS TABLE draw")
            await tx.execute("CREATE TABLE kept_result AS TABLE draw_result")
            await tx.execute("CREATE TABLE kept_preorder AS TABLE preorder")
        assert await town.rows(f"{tampering} RETURNING 1")
        found = await service.verify(town.db, town.round.id, town.beacon)
        assert set(found) >= problems, tampering
        await restore(town)
    assert await service.verify(town.db, town.round.id, town.beacon) == []


async def restore(town: Town) -> None:
    async with town.db.transaction() as tx:
        for table, kept in (
            ("draw", "kept_draw"),
            ("draw_result", "kept_result"),
            ("preorder", "kept_preorder"),
        ):
            await tx.execute(f"DELETE FROM {table}".encode())
            await tx.execute(f"INSERT INTO {table} TABLE {kept}".encode())
            await tx.execute(f"DROP TABLE {kept}".encode())


async def test_another_beacon_than_the_one_committed_to_is_named(town: Town) -> None:
    await drawn(town)
    other = SandboxBeacon(town.clock, secret=b"another secret of somebody else.")
    assert "the beacon is not the one committed to" in await service.verify(
        town.db, town.round.id, other
    )


@pytest.mark.parametrize("quota", [10, 40])
async def test_verification_knows_draws_with_and_without_a_waiting_list(
    town: Town, quota: int
) -> None:
    await town.rows("UPDATE round SET quota = %s", quota)
    await drawn(town)
    assert await service.verify(town.db, town.round.id, town.beacon) == []
