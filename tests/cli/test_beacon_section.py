"""The public beacon in the file of real partners: what draws go by, and never at a set clock."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app
from emask.cli.partners_file import (
    PartnersFileWrong,
    beacon_from,
    configured_partners,
    parse_partners_file,
)
from emask.database.clock import Clock, SetClock, SystemClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.draw.ports import Beacon
from emask.identity.site import Site
from emask.partners.beacon import QUICKNET
from emask.sandbox.system import Sandbox
from partners.relays import PATH_42, ROUND_42, relay, told

PUBLIC = '[beacon]\nrelays = ["https://one.beacon.example", "https://two.beacon.example"]\n'
HERE = '[beacon]\nrelays = ["http://127.0.0.1:9", "http://localhost:9"]\n'


def trial(**changed: str) -> str:
    """Another chain than quicknet."""
    facts = {"name": "mask-trial", "hash": "5" * 64, "public_key": "8" * 192} | changed
    chain = "".join(f'{key} = "{value}"\n' for key, value in facts.items())
    return f"{PUBLIC}[beacon.chain]\n{chain}genesis_time = 1700000000\nperiod = 30\n"


def beacon_of(content: str, clock: Clock | None = None) -> Beacon:
    section = parse_partners_file(content.encode()).beacon
    assert section is not None
    client = httpx2.AsyncClient(trust_env=False)
    return beacon_from(section, client, clock or SystemClock())


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[str], Path]:
    def kept(content: str) -> Path:
        path = tmp_path / "partners.toml"
        path.touch(0o600)
        path.write_text(content)
        return path

    return kept


async def test_quicknet_is_asked_at_the_relays_of_the_file() -> None:
    async with relay(b"") as (bad, _), relay(told(ROUND_42)) as (good, paths):
        beacon = beacon_of(f'[beacon]\nrelays = ["{bad}", "{good}"]\nseconds = 2.5\n')
        assert await beacon.value_of(42) == ROUND_42
    assert paths == [PATH_42]
    assert (beacon.name, beacon.public_key) == (QUICKNET.name, QUICKNET.public_key)


def test_another_chain_is_told_of_whole() -> None:
    beacon = beacon_of(trial())
    assert (beacon.name, beacon.public_key) == ("mask-trial", b"\x88" * 96)
    began = datetime.fromtimestamp(1700000000, UTC)
    assert beacon.instant_of(beacon.round_after(began)) == began + timedelta(seconds=30)


def test_relays_elsewhere_are_outside() -> None:
    assert parse_partners_file(PUBLIC.encode()).reaches_outside
    assert not parse_partners_file(HERE.encode()).reaches_outside


FAULTS = [
    ("[beacon]\n", "missing: beacon.relays"),
    ("[beacon]\nrelays = []\n", "not as it has to be: beacon.relays"),
    ('[beacon]\nrelays = ["http://one.example"]\n', "not as it has to be: beacon.relays"),
    (PUBLIC + "seconds = 0\n", "not as it has to be: beacon.seconds"),
    (PUBLIC + "[beacon.chain]\n", "missing: beacon.chain.name"),
    (trial(name="sandbox"), "not as it has to be: beacon.chain.name"),
    (trial(name="drand-quicknet"), "not as it has to be: beacon.chain.name"),
    (trial(name="two words"), "not as it has to be: beacon.chain.name"),
    (trial(hash="52db"), "not as it has to be: beacon.chain.hash"),
    (trial(public_key="83cf"), "not as it has to be: beacon.chain.public_key"),
]


@pytest.mark.parametrize(("content", "said"), FAULTS, ids=[said for _, said in FAULTS])
def test_what_is_wrong_is_told_by_its_place(content: str, said: str) -> None:
    with pytest.raises(PartnersFileWrong) as refused:
        parse_partners_file(content.encode())
    assert refused.value.en == said


async def test_without_the_section_draws_go_by_the_sandbox_s(
    keep: Callable[[str], Path], db: Database, clock: SetClock, keys: Keys
) -> None:
    sandbox = Sandbox.over(db, clock, keys).partners
    site = Site(origin="https://mask.example")
    client = httpx2.AsyncClient(trust_env=False)

    def beacon(content: str) -> Beacon:
        configured = configured_partners(
            keep(content), sandbox, client, db=db, clock=SystemClock(), keys=keys, site=site
        )
        return configured.beacon

    assert beacon(PUBLIC).name == "drand-quicknet"
    mitake = '[mitake]\nbase_url = "https://sms.example"\nusername = "1"\npassword = "made-up"\n'
    assert beacon(mitake) is sandbox.beacon


def run(database_url: str, path: Path, language: str, *arguments: str) -> Result:
    environment = {
        "EMASK_DATABASE_URL": database_url,
        "EMASK_KEYS": str(path.parent / "keys.json"),
        "EMASK_PARTNERS_FILE": str(path),
        "EMASK_LANG": language,
    }
    return CliRunner().invoke(app, list(arguments), env=environment)


@pytest.mark.parametrize("content", [PUBLIC, HERE])
def test_a_set_clock_keeps_the_sandbox_s_beacon(
    keep: Callable[[str], Path], database_url: str, content: str
) -> None:
    path = keep(content)
    assert run(database_url, path, "en", "rounds", "list").exit_code == 0  # by the machine's clock
    assert run(database_url, path, "en", "clock", "set", "2020-03-12 09:00").exit_code == 0
    ended = run(database_url, path, "en", "rounds", "list")
    assert ended.exit_code == 2
    assert "no [beacon] with a set clock: quicknet began on 23 August 2023" in ended.stderr
    assert "quicknet 始於 2023 年" in run(database_url, path, "", "rounds", "list").stderr
