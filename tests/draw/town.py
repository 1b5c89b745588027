"""A round with people on its list, for tests of the draw and of what follows it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Vault
from emask.draw import service as draw
from emask.draw.model import DrawRecord
from emask.payment.service import open_orders
from emask.rounds.service import save_round
from emask.rules.calendar import Round
from emask.sandbox.beacon import SandboxBeacon

STORES = (("SE", "100001"), ("FM", "200001"), ("HL", "300001"), ("OK", "400001"))
MOBILE = "0912345678"
SECRET = b"a secret of the tests, 32 bytes."

_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One pre-order to be on the list."""

    person_id: UUID
    ticket: UUID
    channel: str = "computer"
    store: tuple[str, str] = STORES[0]
    language: str = "zh"
    state: str = "registered"
    placed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Town:
    """What acts on the database of one test; `round` is the one that is drawn."""

    db: Database
    clock: SetClock
    vault: Vault
    round: Round

    @property
    def beacon(self) -> SandboxBeacon:
        return SandboxBeacon(self.clock, secret=SECRET)

    async def build(self) -> None:
        async with self.db.transaction() as tx:
            await save_round(tx, self.round)
            async with tx.cursor() as cursor:
                await cursor.executemany(
                    "INSERT INTO store (chain, store_code, name, address, county, town, zip_code)"
                    " VALUES (%s, %s, '門市', '台北市', '臺北市', '大安區', '106')"
                    " ON CONFLICT DO NOTHING",
                    STORES,
                )

    async def enter(self, entries: Sequence[Entry], round: Round | None = None) -> None:
        """Put pre-orders on a round's list."""
        into = round or self.round
        async with (
            self.db.transaction() as tx,
            tx.cursor() as cursor,
            cursor.copy(
                "COPY preorder (person_id, round_id, ticket, chain, store_code, channel, mobile,"
                " language, state, submission_id, placed_at, changed_at) FROM STDIN"
            ) as copy,
        ):
            for entry in entries:
                mobile = self.vault.seal(MOBILE, person_id=entry.person_id, field="mobile")
                placed_at = entry.placed_at or into.opens_at
                await copy.write_row(
                    (
                        *(entry.person_id, into.id, entry.ticket, *entry.store, entry.channel),
                        *(mobile, entry.language, entry.state, uuid4(), placed_at, placed_at),
                    )
                )

    async def freeze(self) -> DrawRecord:
        await self.clock.set(self.round.closes_at)
        return await draw.freeze(
            self.db, round=self.round, at=self.round.closes_at, beacon=self.beacon
        )

    async def draw(self) -> DrawRecord:
        """Freeze and draw at the instants when these fall due."""
        record = await self.freeze()
        return await self.run_draw(record)

    async def run_draw(self, record: DrawRecord) -> DrawRecord:
        """Draw at the instant that a commitment names."""
        at = self.beacon.instant_of(record.beacon_round)
        await self.clock.set(at)
        return await draw.run_draw(self.db, round=self.round, at=at, beacon=self.beacon)

    async def publish(self) -> None:
        """Publish what was drawn and open the orders."""
        await self.clock.set(self.round.pay_from)
        async with self.db.transaction() as tx:
            await draw.publish(tx, round_id=self.round.id, at=self.round.pay_from)
            await open_orders(tx, round=self.round, at=self.round.pay_from)

    async def results(self) -> list[tuple[bytes, bool]]:
        """Tickets and whether they are selected, by rank."""
        rows = await self.rows(
            "SELECT ticket, selected, rank FROM draw_result WHERE round_id = %s ORDER BY rank",
            self.round.id,
        )
        assert [row[2] for row in rows] == list(range(1, len(rows) + 1))
        return [(row[0].bytes, row[1]) for row in rows]

    async def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        async with self.db.connection() as connection:
            cursor = await connection.execute(query.encode(), parameters)
            return [] if cursor.description is None else await cursor.fetchall()

    async def value(self, query: str, *parameters: object) -> object:
        """The first column of the first row."""
        rows = await self.rows(query, *parameters)
        return rows[0][0]


def somebody(
    *, channel: str = "computer", language: str = "zh", state: str = "registered"
) -> Entry:
    """A new person's entry, the same ones in every run."""
    number = next(_numbers)
    return Entry(
        person_id=made_up("person", number),
        ticket=made_up("ticket", number),
        channel=channel,
        language=language,
        state=state,
    )


def crowd(number: int) -> list[Entry]:
    """`number` people's entries, spread over channels and stores, one a second."""
    opening = datetime.fromisoformat("2020-03-12T09:00+08:00")
    return [
        Entry(
            person_id=made_up("crowd", each),
            ticket=made_up("crowd's ticket", each),
            channel=("computer", "mobile", "counter")[each % 3],
            store=STORES[each % 4],
            placed_at=opening + timedelta(seconds=each),
        )
        for each in range(number)
    ]


def made_up(what: str, number: int) -> UUID:
    return UUID(bytes=sha256(f"{what} {number}".encode()).digest()[:16])
