"""What goes wrong at the sandbox's partners, on demand: slow, down, stale, forged."""

import asyncio
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from psycopg.types.json import Jsonb

from emask.database.pool import Database

_STALL: Final = 10  # seconds

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.mischief (
    partner text  NOT NULL,
    kind    text  NOT NULL,
    detail  jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (partner, kind)
);
"""


class Mischief:
    """Switches faults of a partner on and off; kept in the database, so every process has them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def begin(self, partner: str, kind: str, detail: Mapping[str, Any] | None = None) -> None:
        """From now on the partner has this fault."""
        async with self._db.transaction() as tx:
            await tx.execute(
                "INSERT INTO sandbox.mischief (partner, kind, detail) VALUES (%s, %s, %s)"
                " ON CONFLICT (partner, kind) DO UPDATE SET detail = excluded.detail",
                (partner, kind, Jsonb(dict(detail or {}))),
            )

    async def end(self, partner: str) -> None:
        """The partner behaves again."""
        async with self._db.transaction() as tx:
            await tx.execute("DELETE FROM sandbox.mischief WHERE partner = %s", (partner,))

    async def kinds(self, partner: str) -> dict[str, Any]:
        """The faults that the partner has now, each with its detail."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "SELECT kind, detail FROM sandbox.mischief WHERE partner = %s", (partner,)
            )
            return dict(await cursor.fetchall())

    async def forbids(
        self, partner: str, faults: Mapping[str, Any], *, at: datetime, pause: timedelta
    ) -> bool:
        """Whether the partner has had enough of calls (`forbidden`).

        The pause begins with the first call that it refuses.
        """
        fault = faults.get("forbidden")
        if fault is None:
            return False
        if "until" not in fault:
            await self.begin(partner, "forbidden", {"until": (at + pause).isoformat()})
            return True
        return at < datetime.fromisoformat(fault["until"])


async def stall(faults: Mapping[str, Any]) -> None:
    """Wait as long as a `slow` partner does: so many `seconds`, or ten."""
    if "slow" in faults:
        await asyncio.sleep(float(faults["slow"].get("seconds", _STALL)))
