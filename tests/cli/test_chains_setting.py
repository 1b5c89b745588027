"""How made-up chains tell: on their wire unless the environment or a file of real partners says."""

from collections.abc import Callable

import httpx2
import pytest
from typer.testing import Result

from emask.cli.installation import doubles
from emask.cli.partners_file import real_partners
from emask.cli.partners_sections import PartnersFile
from emask.cli.settings import ChainsTell, settings
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.notices.ports import Receipt
from emask.sandbox.system import Sandbox


@pytest.mark.parametrize(
    ("said", "meant"),
    [("", ChainsTell.WIRE), ("wire", ChainsTell.WIRE), ("files", ChainsTell.FILES)],
)
def test_what_nobody_sets_is_the_wire(
    monkeypatch: pytest.MonkeyPatch, said: str, meant: ChainsTell
) -> None:
    monkeypatch.setenv("EMASK_CHAINS", said)
    assert settings().chains is meant


def test_anything_else_is_refused(emask: Callable[..., Result]) -> None:
    refused = emask("rounds", "list", EMASK_CHAINS="pigeons", EMASK_LANG="en")
    assert refused.exit_code == 2
    assert "EMASK_CHAINS is wire or files: pigeons" in refused.output


async def hear(_: Receipt) -> None:
    """Nobody listens."""


async def test_the_doubles_carry_on_the_wire_alone_and_never_beside_real_partners(
    db: Database, clock: SetClock, keys: Keys
) -> None:
    sandbox = Sandbox.over(db, clock, keys)
    assert doubles(sandbox, ChainsTell.FILES).carrier is None
    made_up = doubles(sandbox, ChainsTell.WIRE)
    assert made_up.carrier is sandbox.chains.carrier
    async with httpx2.AsyncClient() as client:
        beside_real = real_partners(made_up, PartnersFile(), client, hear=hear, receipts_url="")
    assert beside_real.carrier is None
