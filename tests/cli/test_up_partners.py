"""What the sandbox's partners tell by themselves while `emask up` serves them."""

import asyncio
import logging
from typing import cast

import pytest

from emask.cli.up_partners import telling
from emask.database.clock import SystemClock
from emask.sandbox.system import Sandbox


class Partners:
    """Tells, and fails the first time."""

    def __init__(self) -> None:
        self.times = 0
        self.thrice = asyncio.Event()

    async def tell_due(self, _: object) -> int:
        self.times += 1
        if self.times == 1:
            raise OSError("the database is away")
        if self.times == 3:
            self.thrice.set()
        return 0


async def test_they_go_on_telling_after_a_failure(caplog: pytest.LogCaptureFixture) -> None:
    partners = Partners()
    with caplog.at_level(logging.WARNING):
        async with telling(cast("Sandbox", partners), SystemClock(), every=0):
            await asyncio.wait_for(partners.thrice.wait(), 10)
    assert "did not tell: OSError" in caplog.text
    told = partners.times
    await asyncio.sleep(0.05)
    assert partners.times == told
