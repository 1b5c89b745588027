"""The director's side of the worker processes."""

import asyncio
import multiprocessing
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from pathlib import Path

from emask.database.vault import Keys
from emask.rehearsal.company import Tally
from emask.rehearsal.plan import Plan
from emask.rehearsal.worker import Call, Share, work

_PEOPLE_PER_WORKER = 5_000
_MOST_WORKERS = 4
_PATIENCE = 20.0  # seconds for a worker to end by itself


class WorkerLost(Exception):
    """A worker process broke; what it last said is on standard error."""


class Troupe:
    """Workers that play a scene together, each with its part of the cast."""

    def __init__(self, directors: list[Connection], progress: Callable[[int], None]) -> None:
        self._directors = directors
        self._progress = progress

    async def play(self, call: Call) -> Tally:
        """Let every worker play; returns when all have. Raises WorkerLost."""
        for director in self._directors:
            director.send(call)
        tallies = await asyncio.gather(*map(self._end_of_scene, self._directors))
        return sum(tallies, Tally())

    async def _end_of_scene(self, director: Connection) -> Tally:
        while True:
            try:
                said = await asyncio.to_thread(director.recv)
            except (EOFError, ConnectionError):
                raise WorkerLost from None
            if isinstance(said, Counter):
                return said
            self._progress(said)


@contextmanager
def troupe(
    plan: Plan, *, url: str, keys: Keys, folder: Path, progress: Callable[[int], None]
) -> Iterator[Troupe]:
    """Start the workers, as many as the cast and the machine ask for; end them afterwards.

    `progress` is called with numbers of acts as they are done.
    """
    workers = max(1, min(os.cpu_count() or 1, _MOST_WORKERS, plan.people // _PEOPLE_PER_WORKER))
    context = multiprocessing.get_context("spawn")
    directors: list[Connection] = []
    processes: list[SpawnProcess] = []
    for worker in range(workers):
        ours, theirs = context.Pipe()
        share = Share(plan=plan, url=url, keys=keys, folder=folder, worker=worker, workers=workers)
        process = context.Process(target=work, args=(theirs, share), name=f"worker-{worker}")
        process.start()
        theirs.close()
        directors.append(ours)
        processes.append(process)
    try:
        yield Troupe(directors, progress)
    finally:
        for director in directors:
            director.close()
        for process in processes:
            process.join(_PATIENCE)
            if process.is_alive():
                process.terminate()
                process.join()
