"""Directing a rehearsal: the database, the workers, the scenes in the order of time, the result."""

import time
from collections import defaultdict
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from emask.counter.service import receive_stock
from emask.counter.sites import import_sites, save_sites
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.draw.ports import Beacon
from emask.payment.service import money_of
from emask.programme.audit import Finding, audit
from emask.programme.funnel import funnel_of
from emask.programme.money import MoneyChores, reconcile_past_days
from emask.programme.service import advance_to
from emask.programme.system import System, open_system
from emask.rehearsal.acknowledged import acknowledged_in_vain
from emask.rehearsal.company import Tally
from emask.rehearsal.plan import Plan
from emask.rehearsal.queries import refresh_statistics
from emask.rehearsal.result import Result, RoundResult
from emask.rehearsal.timeline import Scene, timeline
from emask.rehearsal.troupe import Troupe, troupe
from emask.rehearsal.worker import ENTER, SEND, Call
from emask.rounds.catalogue import built_in_policies
from emask.rounds.model import ImportReport
from emask.rounds.service import save_policies, save_round
from emask.rounds.stores import import_stores, save_stores
from emask.rules.calendar import Product
from emask.sandbox.network import made_up_sites, made_up_stores
from emask.sandbox.schema import install
from emask.sandbox.system import Sandbox

STORES = 400
"""Made-up stores, where no file is given."""
SITES = 200
"""Made-up counters, where no file is given."""
_STOCK = 50_000  # pieces of each product at each of them


class BadFile(Exception):
    """A file of stores or counters has lines at fault, and nothing of it was taken."""

    def __init__(self, path: Path, report: ImportReport) -> None:
        super().__init__(path.name)
        self.path = path
        self.report = report


class Audience(Protocol):
    """Whoever watches how far the rehearsal is."""

    def scene(self, number: int, total: int, name: str) -> None:
        """A scene begins."""
        ...

    def acts(self, number: int) -> None:
        """So many more acts of the scene are done."""
        ...


async def rehearse(plan: Plan, *, url: str, keys: Keys, folder: Path, audience: Audience) -> Result:
    """Play the whole plan on a migrated, empty database and audit what came of it.

    Args:
        plan: what is played.
        url: the database.
        keys: the installation's keys; the workers get them too.
        folder: where the workers keep what was acknowledged to them.
        audience: hears how far it is.

    Raises:
        BadFile: a file of stores or counters cannot be used.
        WorkerLost: a worker process broke.
    """
    began = time.monotonic()
    async with Database(url, size=4) as db:
        scenes = timeline(plan.rounds, days_fast=plan.days_fast)
        clock = SetClock(db)
        await clock.set(scenes[0].at - timedelta(hours=1))
        await _prepare(db, plan)
        partners = Sandbox.over(db, clock, keys).partners
        async with open_system(db, clock=clock, keys=keys, partners=partners) as system:
            with troupe(plan, url=url, keys=keys, folder=folder, progress=audience.acts) as players:
                outcomes = await _play(system, players, scenes, audience)
            audience.scene(len(scenes), len(scenes), "audit")
            reconciled = await reconcile_past_days(system)
            return Result(
                people=plan.people,
                seed=plan.seed,
                rounds=[await _of_round(db, round_id) for round_id in plan.round_ids],
                outcomes=outcomes,
                findings=[
                    *await audit_rehearsal(db, partners.beacon, folder),
                    _books_agree(reconciled),
                ],
                seconds=time.monotonic() - began,
            )


async def audit_rehearsal(db: Database, beacon: Beacon, folder: Path) -> list[Finding]:
    """Every invariant, and that what was acknowledged to the workers is there."""
    missing = await acknowledged_in_vain(db, folder)
    acknowledged = Finding(
        invariant="acknowledged_stands",
        ok=missing == 0,
        detail="" if missing == 0 else f"{missing} acknowledged pre-orders are not there",
    )
    return [*await audit(db, beacon), acknowledged]


def _books_agree(reconciled: MoneyChores) -> Finding:
    """The gateway's files tell of the same money as the ledger, and could all be had."""
    amiss = reconciled.unexplained + reconciled.failed
    return Finding(
        invariant="gateway_files_agree",
        ok=amiss == 0,
        detail=f"{amiss} rows or days differ" if amiss else f"{reconciled.reconciled} days",
    )


async def _prepare(db: Database, plan: Plan) -> None:
    await install(db)
    if plan.stores is not None:
        _require_clean(plan.stores, await import_stores(db, plan.stores))
    if plan.counter_sites is not None:
        _require_clean(plan.counter_sites, await import_sites(db, plan.counter_sites))
    async with db.transaction() as tx:
        await save_policies(tx, built_in_policies())
        for round in plan.rounds:
            await save_round(tx, round)
        if plan.stores is None:
            await save_stores(tx, made_up_stores(STORES))
        if plan.counter_sites is None:
            sites = made_up_sites(SITES)
            await save_sites(tx, sites)
            for site in sites:
                for product in Product:
                    await receive_stock(
                        tx, site_code=site.site_code, product=product, pieces=_STOCK
                    )


def _require_clean(path: Path, report: ImportReport) -> None:
    if report.errors:
        raise BadFile(path, report)


async def _play(
    system: System, players: Troupe, scenes: list[Scene], audience: Audience
) -> Mapping[str, Tally]:
    """Everything that falls due and every scene, in the order of time."""
    outcomes: dict[str, Tally] = defaultdict(Tally)

    async def send(system: System) -> None:
        outcomes[SEND] += await _call(system, players, SEND, "")

    audience.scene(0, len(scenes), ENTER)
    outcomes[ENTER] += await _call(system, players, ENTER, "")
    await refresh_statistics(system.db)
    for number, scene in enumerate(scenes):
        await advance_to(system, scene.at, send=send)
        audience.scene(number, len(scenes), scene.name)
        outcomes[scene.name] += await _call(system, players, scene.name, scene.round_id)
        if scene.name.startswith("register"):
            await refresh_statistics(system.db)
    await send(system)
    return outcomes


async def _call(system: System, players: Troupe, scene: str, round_id: str) -> Tally:
    return await players.play(Call(scene=scene, round_id=round_id, at=await system.clock.now()))


async def _of_round(db: Database, round_id: str) -> RoundResult:
    async with db.transaction() as tx:
        return RoundResult(
            round_id=round_id,
            funnel=await funnel_of(tx, round_id),
            money=await money_of(tx, round_id),
        )
