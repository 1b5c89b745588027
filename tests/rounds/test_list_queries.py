"""Lists that came in: each directory's are told apart."""

import psycopg
import pytest

from emask.database.pool import Database
from emask.rounds.list_queries import Directory, keep_list, lists_kept
from emask.rounds.model import ImportReport

REPORT = ImportReport(added=1, changed=2, moved=3, closed=4, reopened=5, unchanged=6)


async def test_each_directory_has_its_own_lists_the_latest_first(db: Database) -> None:
    async with db.transaction() as tx:
        first, _sites, last = [
            await keep_list(tx, directory, REPORT, actor="mei", digest=bytes(32))
            for directory in (Directory.STORES, Directory.COUNTER_SITES, Directory.STORES)
        ]
        kept = await lists_kept(tx, Directory.STORES, limit=10)
        assert [each.id for each in kept] == [last, first] == [2, 1]
        assert [(each.actor, each.digest, each.report) for each in kept] == [
            ("mei", bytes(32), REPORT)
        ] * 2
        assert await lists_kept(tx, Directory.STORES, limit=1) == kept[:1]
        assert len(await lists_kept(tx, Directory.COUNTER_SITES, limit=10)) == 1


async def test_no_list_is_kept_of_anything_else(db: Database) -> None:
    with pytest.raises(psycopg.errors.CheckViolation):
        async with db.transaction() as tx:
            await tx.execute(
                "INSERT INTO list_import (directory, import_id, at, actor, digest, added, changed,"
                " moved, closed, reopened, unchanged)"
                " VALUES ('people', 1, now(), 'mei', sha256(''), 0, 0, 0, 0, 0, 0)"
            )


async def test_no_change_of_a_store_is_of_a_list_of_sites(db: Database) -> None:
    async with db.transaction() as tx:
        await keep_list(tx, Directory.COUNTER_SITES, REPORT, actor="mei", digest=bytes(32))
        await tx.execute(
            "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
            " VALUES ('SE', '1', '一', '路', '臺北市', '大安區', '106')"
        )
    with pytest.raises(psycopg.errors.ForeignKeyViolation):
        async with db.transaction() as tx:
            await tx.execute(
                "INSERT INTO store_change (import_id, at, actor, chain, store_code, kind, became)"
                " VALUES (1, now(), 'mei', 'SE', '1', 'added', '{}')"
            )
