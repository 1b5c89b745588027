"""A clock that can be set makes no demo: only over a sandbox is everybody made up."""

from dataclasses import replace

import httpx
import pytest

from emask.programme.system import Partners, System
from emask.web.app import create_app

DEMO = ["/zh/demo", "/zh/sandbox/phone", "/zh/sandbox/partners"]


def without_sandbox(system: System) -> System:
    """The same partners, known for nothing but partners."""
    partners = system.partners
    return replace(
        system,
        partners=Partners(
            identity=partners.identity,
            beacon=partners.beacon,
            gateways=partners.gateways,
            sms=partners.sms,
        ),
    )


def browser(system: System) -> httpx.AsyncClient:
    transport = httpx.ASGITransport(create_app(system))
    return httpx.AsyncClient(transport=transport, base_url=system.site.origin)


@pytest.mark.parametrize("path", DEMO)
async def test_real_partners_and_a_set_clock_are_no_demo(system: System, path: str) -> None:
    async with browser(without_sandbox(system)) as client:
        assert (await client.get(path)).status_code == 404
    async with browser(system) as client:
        assert (await client.get(path)).status_code in (200, 303)
