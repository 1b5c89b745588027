"""The example client calls the application itself."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from joserfc.jwk import ECKey

import counter_client
from counter_client import CounterClient, Problem
from emask.counter.clients import NewClient, add_client, read_public_keys
from emask.programme.system import System
from emask.web.app import create_app
from emask.web.demo.stage import PHARMACY
from web.pharmacy import CLIENT, somebody


class Unsteady(httpx2.AsyncBaseTransport):
    """A network that loses the first answer to each of so many requests, but not what it did."""

    def __init__(self, system: System) -> None:
        self._application = httpx2.ASGITransport(create_app(system))
        self.losing = 0

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self._application.handle_async_request(request)
        if self.losing and "/counter/" in request.url.path:
            self.losing -= 1
            raise httpx2.ReadError("lost")
        return answer


@pytest.fixture
def network(system: System) -> Unsteady:
    return Unsteady(system)


@pytest.fixture
async def pharmacy(
    system: System, network: Unsteady, tmp_path: Path
) -> AsyncIterator[CounterClient]:
    private, public = tmp_path / "key.json", tmp_path / "public.json"
    assert counter_client.main(["new-key", str(private), str(public)]) == 0
    assert private.stat().st_mode & 0o077 == 0
    new = NewClient(
        client_id=CLIENT,
        site_code=PHARMACY.site_code,
        name="櫃台",
        jwks=read_public_keys(public.read_text()),
    )
    await add_client(system.db, system.clock, new, by="operator")
    key = ECKey.import_key(json.loads(private.read_text()))
    async with httpx2.AsyncClient(transport=network, base_url=system.site.origin) as http:
        yield CounterClient(http, CLIENT, key, language="en", patience=0)


async def test_a_day_at_the_counter(pharmacy: CounterClient, system: System) -> None:
    who = await somebody(system)
    begun = await pharmacy.enter_stock("adult_mask", 200)
    may = await pharmacy.eligibility(who, "adult_mask")
    assert (may.allowed, may.pieces, may.birth_year) == (True, 3, 1983)
    sale = await pharmacy.sell(who, "adult_mask")
    assert (await pharmacy.stock())["adult_mask"] == begun["adult_mask"] - 3
    with pytest.raises(Problem, match="interval_not_over"):
        await pharmacy.sell(who, "adult_mask")
    undone = await pharmacy.undo(sale.sale_id, "wrong product")
    assert undone.undone_at is not None
    assert await pharmacy.sales() == [undone]
    assert (await pharmacy.count_stock("adult_mask", 190))["adult_mask"] == 190


async def test_a_lost_answer_sells_nothing_twice(
    pharmacy: CounterClient, network: Unsteady, system: System
) -> None:
    who, before = await somebody(system), (await pharmacy.stock())["adult_mask"]
    network.losing = 1
    sale = await pharmacy.sell(who, "adult_mask")
    assert [each.sale_id for each in await pharmacy.sales()] == [sale.sale_id]
    assert (await pharmacy.stock())["adult_mask"] == before - 3


async def test_a_network_that_stays_away_is_told(
    pharmacy: CounterClient, network: Unsteady
) -> None:
    network.losing = 9
    with pytest.raises(httpx2.ReadError):
        await pharmacy.stock()


def test_what_it_does_not_know_it_explains(capsys: pytest.CaptureFixture[str]) -> None:
    assert counter_client.main(["help"]) == 2
    assert "new-key" in capsys.readouterr().err
