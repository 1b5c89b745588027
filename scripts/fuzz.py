"""Feed what reads bytes from outside with made-up input, guided by coverage.

``make fuzz``, or by hand ``scripts/fuzz.py FOLDER [--target NAME] [--inputs N] [--seconds N]``.
Exit status 1 if a reader failed or hung, the input then lies in FOLDER; also if it got too few.
"""

import argparse
import logging
import os
import random
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

TESTS: Final = Path(__file__).parent.parent / "tests"
NAMES: Final = ("card", "evidence", "signature", "list", "answer", "csv", "parquet")
_INSTRUMENTED: Final = ["emask.identity", "emask.partners", "emask.rounds", "emask.rules"]
_PATIENCE: Final = 10  # seconds for one input
_MOST_MEMORY: Final = 4_096  # MiB
_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - TemporaryDirectory makes a folder of its own
_EXECUTED: Final = re.compile(r"stat::number_of_executed_units:\s+(\d+)")
_SHOWN: Final = 40  # last lines of a log


def main() -> int:
    """Run each target in a process of its own."""
    asked = _arguments()
    if asked.inside:
        return fuzz(asked.inside, asked.folder, asked.inputs, asked.seconds)
    asked.folder.mkdir(parents=True, exist_ok=True)
    outcomes = [
        watch(name, asked.folder, asked.inputs, asked.seconds) for name in asked.target or NAMES
    ]
    return 0 if all(outcomes) else 1


def watch(name: str, folder: Path, inputs: int, seconds: int) -> bool:
    """Whether a target took all its inputs without a fault; says so in a line."""
    began = time.monotonic()
    command = [
        *(sys.executable, __file__, "--inside", name),
        *("--inputs", str(inputs), "--seconds", str(seconds), str(folder)),
    ]
    log = folder / f"{name}.log"
    memory = _MEMORY if _MEMORY.is_dir() else None
    # A target ends without clearing up: what it leaves goes with this folder.
    with (
        tempfile.TemporaryDirectory(prefix="emask-fuzz-", dir=memory) as left,
        log.open("wb") as file,
    ):
        status = subprocess.run(
            command, stdout=file, stderr=file, check=False, env={**os.environ, "TMPDIR": left}
        ).returncode
    text = log.read_text(errors="replace")
    found = _EXECUTED.search(text)
    count = int(found[1]) if found else 0
    verdict = f"failed, see {log}" if status else "no fault" if count >= inputs else "too few"
    took = time.monotonic() - began
    sys.stdout.write(f"{name:<10}{count:>10,} inputs{took:>6.0f} s  {verdict}\n")
    sys.stdout.flush()
    if status:
        sys.stderr.write("\n".join(text.splitlines()[-_SHOWN:]) + "\n")
    return status == 0 and count >= inputs


def fuzz(name: str, folder: Path, inputs: int, seconds: int) -> int:
    """Feed one target in this process, which ends with it."""
    logging.disable()  # of what the readers complain about there would be no end
    import atheris  # noqa: PLC0415 - only here, where it replaces how modules are loaded

    sys.path.insert(0, str(TESTS))
    with atheris.instrument_imports(include=_INSTRUMENTED):
        from fuzzing.targets import TARGETS  # noqa: PLC0415 - likewise
    target = TARGETS[name]

    def edited(data: bytes, most: int, seed: int) -> bytes:
        """Half of the time bytes change in place: lengths and offsets stay right."""
        chance = random.Random(seed)  # noqa: S311 - nothing secret is made up here
        if not data or chance.randrange(2):
            return bytes(atheris.Mutate(data, most))
        changed = bytearray(data)
        for _ in range(chance.choice((1, 1, 2, 4, 8))):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        return bytes(changed)

    with tempfile.TemporaryDirectory() as seeds:
        for number, seed in enumerate(target.seeds()):
            (Path(seeds) / str(number)).write_bytes(seed)
        options = {
            "runs": inputs,
            "max_total_time": seconds,
            "max_len": target.longest,
            "timeout": _PATIENCE,
            "rss_limit_mb": _MOST_MEMORY,
            "artifact_prefix": f"{folder}/{name}-",
            "print_final_stats": 1,
        }
        atheris.Setup(
            [sys.argv[0], *(f"-{option}={value}" for option, value in options.items()), seeds],
            target.read,
            custom_mutator=edited,
        )
        atheris.Fuzz()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where inputs at fault and logs are written")
    parser.add_argument(
        "--target", choices=NAMES, action="append", help="may be given again; else all"
    )
    parser.add_argument("--inputs", type=int, default=100_000, help="for each target")
    parser.add_argument("--seconds", type=int, default=240, help="for each target, at most")
    parser.add_argument("--inside", choices=NAMES, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
