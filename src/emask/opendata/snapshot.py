"""The published files, kept in memory: whoever reads them asks no database."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from hashlib import sha256
from time import monotonic
from types import MappingProxyType
from typing import Final, NamedTuple, Self, TypeAlias

from prometheus_client import Counter, Gauge

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.opendata import queries
from emask.opendata.catalogue import (
    CSV,
    EVERY,
    GEOJSON,
    INDEX,
    JSON,
    MASKDATA,
    POINTS,
    STATISTICS,
    STORES_CSV,
    STORES_JSON,
    Entry,
    dataset_at,
    index_json,
)
from emask.opendata.feed import SiteStock, maskdata_csv, points_json
from emask.opendata.schemas import schemas
from emask.opendata.statistics import (
    RoundFigures,
    figures_of,
    statistics_json,
    stores_csv,
    stores_json,
)

Files: TypeAlias = Mapping[str, "PublishedFile"]

FIGURES_SHARE: Final = 0.01
"""The part of the time, at most, in which figures of rounds are read: they can be millions."""

_LONGEST: Final = 600.0
"""Seconds after which they are read again, however long that takes."""

_PATIENCE: Final = 120.0
"""Seconds after which a reading that hangs is given up and begun anew."""

_LOG: Final = logging.getLogger(__name__)
_FAILED: Final = Counter(
    "emask_open_data_refreshes_failed",
    "Readings of the open data that failed; what was read before stays published",
    ["part"],
)
_READ: Final = Gauge(
    "emask_open_data_read_timestamp_seconds",
    "When the published open data were last read from the database",
    ["part"],
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedFile:
    """A file as it is handed out.

    Args:
        path: its address on the site.
        media_type: what it is.
        body: its bytes.
        gzipped: the same packed.
        etag: of the body, with its quotation marks; the same bytes have the same everywhere.
        gzipped_etag: of the packed bytes.
        changed_at: when the contents were first seen to be these, by the database's clock.
    """

    path: str
    media_type: str
    body: bytes
    gzipped: bytes
    etag: str
    gzipped_etag: str
    changed_at: datetime

    @classmethod
    def of(cls, path: str, media_type: str, body: bytes, *, at: datetime) -> Self:
        """The file of these contents."""
        packed = gzip.compress(body, mtime=0)
        return cls(
            path=path,
            media_type=media_type,
            body=body,
            gzipped=packed,
            etag=_etag(body),
            gzipped_etag=_etag(packed),
            changed_at=at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """All that is published at one time.

    Args:
        files: by path.
        sites: the active sites that the files of stock were made of, in the order of their codes.
        read_at: when the stock was read, by the database's clock; None before it ever was.
    """

    files: Files = field(default_factory=lambda: MappingProxyType({}))
    sites: Sequence[SiteStock] = ()
    read_at: datetime | None = None


class OpenData:
    """The snapshot that is published now; nothing is before the first refresh."""

    def __init__(self) -> None:
        self.snapshot = Snapshot()
        self._stock: Files = {}
        self._figures: Files = {}

    async def refresh(self, db: Database, clock: Clock) -> None:
        """Read everything anew."""
        await self.refresh_stock(db)
        await self.refresh_figures(db, clock)

    async def refresh_stock(self, db: Database) -> None:
        """Read what sites have left."""
        async with db.transaction() as tx:
            at = await queries.read_at(tx)
            sites = await queries.stock(tx)
        self._stock = await asyncio.to_thread(_stock_files, sites, self._stock, at)
        self._publish(replace(self.snapshot, sites=tuple(sites), read_at=at), at)

    async def refresh_figures(self, db: Database, clock: Clock) -> None:
        """Read what came of rounds."""
        now = await clock.now()
        async with db.transaction() as tx:
            at = await queries.read_at(tx)
            rounds = await queries.closed_rounds(tx, now)
            stores = await queries.store_counts(tx, [each.round_id for each in rounds])
        self._figures = await asyncio.to_thread(
            lambda: _figures_files(figures_of(rounds, stores, now=now), self._figures, at)
        )
        self._publish(self.snapshot, at)

    def _publish(self, snapshot: Snapshot, at: datetime) -> None:
        known = self.snapshot.files
        data = {**self._stock, **self._figures}
        forms = [_renewed(known, *each, at) for each in schemas()]
        index = _renewed(known, INDEX, JSON, index_json(_entries(data)), at)
        files = {**data, **{each.path: each for each in (*forms, index)}}
        self.snapshot = replace(snapshot, files=MappingProxyType(files))


@asynccontextmanager
async def kept_fresh(
    open_data: OpenData, db: Database, clock: Clock, *, every: float = EVERY
) -> AsyncIterator[None]:
    """Read everything, then go on doing so while the block runs: stock every so many seconds.

    A reading that fails is counted, and what was read before stays published. Figures of rounds
    are read as often unless that takes so long that it would be more than their share of the time.
    """
    parts = [
        _Part("stock", lambda: open_data.refresh_stock(db), at_most=1),
        _Part("figures", lambda: open_data.refresh_figures(db, clock), at_most=FIGURES_SHARE),
    ]
    pauses = [await part.read(every) for part in parts]
    tasks = [
        asyncio.create_task(part.keep_reading(every, pause), name=f"open data: {part.name}")
        for part, pause in zip(parts, pauses, strict=True)
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Part(NamedTuple):
    """What is read together, and which share of the time that may take at most."""

    name: str
    refresh: Callable[[], Awaitable[None]]
    at_most: float

    async def read(self, every: float) -> float:
        """Read it; how many seconds to wait before the next reading."""
        began = monotonic()
        try:
            async with asyncio.timeout(_PATIENCE):
                await self.refresh()
        except Exception as error:  # noqa: BLE001 - whatever it was, readers keep what there is
            _FAILED.labels(self.name).inc()
            _LOG.warning("open data not read: %s, %s", self.name, type(error).__name__)
        else:
            _READ.labels(self.name).set_to_current_time()
        took = monotonic() - began
        return max(every - took, min(_LONGEST, took / self.at_most - took))

    async def keep_reading(self, every: float, pause: float) -> None:
        while True:
            await asyncio.sleep(pause)
            pause = await self.read(every)


def _stock_files(sites: Sequence[SiteStock], known: Files, at: datetime) -> Files:
    made = (
        (MASKDATA, CSV, maskdata_csv(sites)),
        (POINTS, GEOJSON, points_json(sites)),
    )
    return {each[0]: _renewed(known, *each, at) for each in made}


def _figures_files(figures: Sequence[RoundFigures], known: Files, at: datetime) -> Files:
    made = [
        (STORES_CSV, CSV, stores_csv(figures)),
        (STORES_JSON, JSON, stores_json(figures)),
        *((STATISTICS.of_round(each.round_id), JSON, statistics_json(each)) for each in figures),
    ]
    return {each[0]: _renewed(known, *each, at) for each in made}


def _renewed(known: Files, path: str, media_type: str, body: bytes, at: datetime) -> PublishedFile:
    """The file that is known already if its contents are still the same."""
    before = known.get(path)
    if before is not None and before.body == body:
        return before
    return PublishedFile.of(path, media_type, body, at=at)


def _entries(files: Files) -> list[Entry]:
    return [
        Entry(
            path=file.path,
            media_type=file.media_type,
            title=dataset_at(file.path).title,
            form=dataset_at(file.path).form,
            etag=file.etag,
            bytes=len(file.body),
        )
        for file in files.values()
    ]


def _etag(body: bytes) -> str:
    return f'"{sha256(body).hexdigest()[:32]}"'
