"""Try the partner API by its own description, with many cases.

``make contract``, or by hand ``scripts/contract.py [--cases N] [--seed N] [FOLDER]``. Exit status 1
if an answer is a fault of the server's or is not described; what schemathesis said of each run is
left in FOLDER. A demo of its own is served for it on loopback and is gone afterwards.
"""

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from http import HTTPStatus
from pathlib import Path
from typing import Final

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from web.contract import Trial, opened_demo, try_contract

_EACH: Final = 400  # cases of one operation in one run
_PEOPLE: Final = 400


def main() -> int:
    """Run until there were cases enough."""
    asked = _arguments()
    logging.disable()  # a refused request is none of a log's business here
    asked.folder.mkdir(parents=True, exist_ok=True)
    return asyncio.run(_run(asked.folder, asked.cases, asked.seed))


async def _run(folder: Path, cases: int, seed: int) -> int:
    began, total, sound = time.monotonic(), Trial(), True
    while total.cases < cases:
        more = ("--seed", str(seed), "--generation-database", "none")
        async with opened_demo() as system:
            with tempfile.TemporaryDirectory(prefix="emask-contract-") as left:
                trial = await try_contract(
                    system, Path(left), examples=_EACH, people=_PEOPLE, arguments=more
                )
        total.answers.update(trial.answers)
        sound &= trial.sound
        (folder / f"seed-{seed}.txt").write_text(trial.said)
        verdict = "sound" if trial.sound else f"faults, see {folder}/seed-{seed}.txt"
        _say(f"seed {seed}: {trial.cases:,} requests, {verdict}")
        if not trial.cases:
            return 1
        seed += 1
    for (route, status), number in sorted(total.answers.items()):
        _say(f"{number:>8,}  {status}  {route}")
    took = time.monotonic() - began
    statuses = total.statuses().items()
    faults = sum(
        number for status, number in statuses if status >= HTTPStatus.INTERNAL_SERVER_ERROR
    )
    _say(f"{total.cases:,} requests in {took:.0f} s, {faults} answered with 5xx")
    return 0 if sound and not faults else 1


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path("contract-findings"))
    parser.add_argument("--cases", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
