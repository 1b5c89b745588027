"""A worker process: its share of the cast, playing the scenes that it is told."""

import asyncio
import gc
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from multiprocessing import parent_process
from multiprocessing.connection import Connection, wait
from pathlib import Path

import psycopg
import uvloop
from argon2 import PasswordHasher

from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.registry import add_people
from emask.notices.service import drain
from emask.preorder.intake import IntakeFull
from emask.programme.system import open_system
from emask.rehearsal.acknowledged import Acknowledged
from emask.rehearsal.actor import cast
from emask.rehearsal.clock import HeldClock
from emask.rehearsal.company import LANES, Company, Tally
from emask.rehearsal.plan import Fate, Plan
from emask.rehearsal.queries import open_stores, selling_sites
from emask.rehearsal.scenes import SCENES
from emask.sandbox.system import Sandbox
from emask.sandbox.visitor import Doors

_TOLD_EVERY = 250  # acts between two words to the director
_NOTICES_AT_ONCE = 2_000

# A rehearsal signs in hundreds to see that it works; what hashing costs is measured elsewhere.
_CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """Which part of which rehearsal a worker plays, and where."""

    plan: Plan
    url: str
    keys: Keys
    folder: Path
    worker: int
    workers: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A word of the director: play a scene, or send what notices are due, at an instant."""

    scene: str
    round_id: str
    at: datetime


ENTER = "enter"
"""The call to enter one's actors into the registry."""
SEND = "send"
"""The call to send what notices are due."""


def work(director: Connection, share: Share) -> None:
    """Serve the director until it hangs up. The process's entry point."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the director ends the rehearsal
    threading.Thread(target=_die_with_the_director, daemon=True).start()
    database_lost = False
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_serve(director, share))
    except* (psycopg.OperationalError, IntakeFull):
        database_lost = True  # the director meets the same and tells it once
    if database_lost:
        sys.exit(1)


async def _serve(director: Connection, share: Share) -> None:
    acts = 0

    def told() -> None:
        nonlocal acts
        acts += 1
        if acts % _TOLD_EVERY == 0:
            director.send(_TOLD_EVERY)

    async with _company(share, told) as company:
        rounds = {round.id: round for round in share.plan.rounds}
        while True:
            try:
                call: Call = await asyncio.to_thread(director.recv)
            except EOFError:
                return
            company.clock.hold(call.at)
            if call.scene == ENTER:
                tally = await _enter(company)
            elif call.scene == SEND:
                tally = await _send(company)
            else:
                tally = await SCENES[call.scene](company, rounds[call.round_id])
            director.send(tally)


@asynccontextmanager
async def _company(share: Share, told: Callable[[], None]) -> AsyncIterator[Company]:
    vault = Vault(share.keys)
    clock = HeldClock()
    with Acknowledged(share.folder, worker=share.worker) as acknowledged:
        async with Database(share.url, size=LANES + 1) as db:
            sandbox = Sandbox.over(db, clock, share.keys)
            # Straight to the phones: the sandboxed centre takes half a millisecond a message, 80 s
            # for the 150,000 that 50,000 people get, and whoever sends is measured elsewhere.
            partners = replace(sandbox.partners, sms=sandbox.sms)
            async with open_system(db, clock=clock, keys=share.keys, partners=partners) as system:
                identity = replace(system.identity, passwords=_CHEAP)
                async with db.transaction() as tx:
                    stores = await open_stores(tx)
                    sites = await selling_sites(tx)
                actors = cast(share.plan, vault, worker=share.worker, workers=share.workers)
                company = Company(
                    plan=share.plan,
                    fate=Fate(share.plan.seed),
                    system=system,
                    sandbox=sandbox,
                    doors=Doors(identity=identity, sessions=system.sessions, sandbox=sandbox),
                    clock=clock,
                    actors={actor.person_id: actor for actor in actors},
                    stores=stores,
                    sites=sites,
                    acknowledged=acknowledged,
                    told=told,
                )
                gc.freeze()  # the cast stays to the end: no use in looking through it again
                yield company


async def _enter(company: Company) -> Tally:
    people = (actor.person for actor in company.actors.values())
    return Tally(people=await add_people(company.system.db, company.system.vault, people))


async def _send(company: Company) -> Tally:
    system = company.system
    sent = await drain(
        system.db, company.clock, system.vault, system.partners.sms, batch=_NOTICES_AT_ONCE
    )
    return Tally(sms=sent)


def _die_with_the_director() -> None:
    director = parent_process()
    if director is not None:
        wait([director.sentinel])
        os._exit(1)
