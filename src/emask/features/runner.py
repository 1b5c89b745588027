"""Running scenarios, each in a database of its own, and what came of them."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

from emask.database.throwaway import ThrowawayDatabases
from emask.database.vault import Keys
from emask.features.foresight import last_digits
from emask.features.outcome import Unfulfilled, WrongUse
from emask.features.registry import Step
from emask.features.source import Features, Scenario, feature_files, read_features
from emask.features.vocabulary import VOCABULARY
from emask.features.world import World, open_world
from emask.rules.people import InvalidEntry
from emask.rules.refusals import Refusal


class Verdict(StrEnum):
    """How a scenario ended."""

    PASSED = "passed"
    FAILED = "failed"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one scenario; `line` and the words are of the step at which it ended.

    FAILED is a rule that the system does not keep, WRONG a scenario that cannot be played as it
    is written. `error` is there when the system itself broke.
    """

    scenario: Scenario
    verdict: Verdict
    seconds: float
    line: int
    step: str = ""
    zh: str = ""
    en: str = ""
    error: Exception | None = None

    def __str__(self) -> str:
        return f"{self.scenario.file}:{self.line}: {self.zh} / {self.en}"


def own_features() -> Path:
    """The folder of the Q&A's features, which come with the system."""
    return Path(str(files("emask.features") / "qa"))


def read(paths: Sequence[Path]) -> Features:
    """The scenarios of files and folders, and everything in them that is wrong."""
    found = [file for path in paths for file in feature_files(path)]
    return read_features(found, VOCABULARY)


def play_all(scenarios: Sequence[Scenario], databases: ThrowawayDatabases) -> Iterator[Result]:
    """Play scenarios one after the other, each in a fresh database of the stage."""
    keys = Keys.generate()
    for scenario in scenarios:
        with databases.database() as url:
            yield asyncio.run(play(scenario, url=url, keys=keys))


async def play(scenario: Scenario, *, url: str, keys: Keys) -> Result:
    """Play one scenario over a fresh database of the stage."""
    began = time.monotonic()
    async with open_world(url, keys) as world:
        world.digits = last_digits(scenario.steps)
        for step in scenario.steps:
            ended = await _take(world, scenario, step, began)
            if ended is not None:
                return ended
    return Result(
        scenario=scenario,
        verdict=Verdict.PASSED,
        seconds=time.monotonic() - began,
        line=scenario.line,
    )


async def _take(world: World, scenario: Scenario, step: Step, began: float) -> Result | None:
    """Take one step; a result if the scenario ends with it."""
    line, verdict, error = step.line, Verdict.FAILED, None
    world.acts += step.phrase.acts
    try:
        await step.phrase.run(world, **step.values)
    except Unfulfilled as failure:
        zh, en = failure.zh, failure.en
    except WrongUse as wrong:
        zh, en, line, verdict = wrong.zh, wrong.en, wrong.line or line, Verdict.WRONG
    except Refusal as refusal:
        zh, en = f"遭拒，代碼為 {refusal.code}", f"refused with {refusal.code}"
    except InvalidEntry as entry:
        zh, en = entry.zh, entry.en
    except Exception as broken:  # noqa: BLE001 - one scenario that breaks must not hide the others
        error, name = broken, type(broken).__name__
        zh, en = f"系統發生錯誤 {name}", f"the system broke with {name}"
    else:
        return None
    return Result(
        scenario=scenario,
        error=error,
        verdict=verdict,
        seconds=time.monotonic() - began,
        line=line,
        step=step.text,
        zh=zh,
        en=en,
    )
