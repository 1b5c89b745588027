"""ECPay's server telling of payments over HTTP, while the web application is killed on the way.

What is not answered with exactly `1|OK` is told again, a moment later instead of minutes.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, NamedTuple

import httpx2

from emask.cli.bench_payments_plan import Push
from emask.cli.bench_payments_shop import Shop
from emask.cli.bench_site import WebSite
from emask.partners.ecpay.pushes import TAKEN
from emask.partners.ecpay.wire import FORM_TYPE

_CONNECTIONS: Final = 16
_PAUSE: Final = 0.5  # seconds
_MOST_REFUSALS: Final = 20
_ANSWERED_WITHIN: Final = 10  # seconds


class NeverTaken(RuntimeError):
    """A genuine message was refused however often it was told."""


@dataclass(slots=True)
class Told:
    """What came of telling.

    Args:
        answered: messages that are done with.
        again: how many were not taken the first time.
        forged_taken: forgeries that were answered as if they were genuine.
        kills: how often the web application was killed.
        seconds: from the first message to the last answer.
        down: how many of them the web application was dead or about to start.
    """

    answered: int = 0
    again: int = 0
    forged_taken: int = 0
    kills: int = 0
    seconds: float = 0.0
    down: float = 0.0


class _Waiting(NamedTuple):
    push: Push
    told: int = 0
    refused: int = 0


async def tell(shop: Shop, pushes: Sequence[Push], *, kills: int) -> Told:
    """Tell all of it, killing and restarting the web application so many times on the way.

    Raises:
        NeverTaken: a genuine message is refused.
    """
    async with _serving(shop) as site, _client(shop) as client:
        telling = _Telling(client, pushes, kills=kills)
        begun = time.monotonic()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(telling.kill_on_the_way(site))
            for _ in range(_CONNECTIONS):
                tasks.create_task(telling.tell())
        telling.told.seconds = time.monotonic() - begun
    return telling.told


@asynccontextmanager
async def _serving(shop: Shop) -> AsyncIterator[WebSite]:
    site = WebSite(shop.environment, port=shop.port)
    try:
        await site.start()
        yield site
    finally:
        await site.end()


def _client(shop: Shop) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(
        base_url=shop.sandbox.site.origin,
        headers={"content-type": FORM_TYPE},
        timeout=_ANSWERED_WITHIN,
        trust_env=False,
    )


class _Telling:
    """Messages that are still to be told, and when the web application is due to be killed."""

    def __init__(self, client: httpx2.AsyncClient, pushes: Sequence[Push], *, kills: int) -> None:
        self.told = Told()
        self._client = client
        self._messages = deque(_Waiting(push) for push in pushes)
        self._kill_at = deque(len(pushes) * each // (kills + 1) for each in range(1, kills + 1))
        self._kills = kills
        self._due = asyncio.Semaphore(0)

    async def kill_on_the_way(self, site: WebSite) -> None:
        """Kill and restart the web application as often as it is due."""
        for _ in range(self._kills):
            await self._due.acquire()
            begun = time.monotonic()
            await site.kill()
            self.told.kills += 1
            await site.start()
            self.told.down += time.monotonic() - begun

    async def tell(self) -> None:
        """One connection: tell the next message, and put it back if it was not taken."""
        while self._messages:
            message = self._messages.popleft()
            answer = await _answer(self._client, message.push)
            if answer == TAKEN or (answer and not message.push.genuine):
                self._note(message.push, taken=answer == TAKEN)
                continue
            refused = message.refused + (answer is not None)
            if refused >= _MOST_REFUSALS:
                raise NeverTaken
            self.told.again += message.told == 0
            self._messages.append(message._replace(told=message.told + 1, refused=refused))
            await asyncio.sleep(_PAUSE)

    def _note(self, push: Push, *, taken: bool) -> None:
        self.told.answered += 1
        self.told.forged_taken += taken and not push.genuine
        while self._kill_at and self.told.answered >= self._kill_at[0]:
            self._kill_at.popleft()
            self._due.release()


async def _answer(client: httpx2.AsyncClient, push: Push) -> str | None:
    """The text of an answer, empty if its status is not 200; None if there was none."""
    try:
        response = await client.post("/api/payments/ecpay", content=push.body)
    except httpx2.HTTPError:
        return None
    return response.text if response.status_code == httpx2.codes.OK else ""
