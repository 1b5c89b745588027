"""How what chains tell reaches the site: over HTTP, or in the process that has it to tell."""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

import httpx2

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.delivery.consignments import take_statuses
from emask.delivery.ports import Carrier, ForgedMessage, StatusMessage
from emask.partners.ecpay.wire import FORM_TYPE
from emask.partners.logistics.pushes import TAKEN

_CONNECTIONS: Final = 8
_PAUSE: Final = 0.5  # seconds
_MOST_REFUSALS: Final = 20


class WronglyAnswered(RuntimeError):
    """A genuine message was refused however often it was told, or a forgery was taken."""


class Message(NamedTuple):
    """One message, and whether a chain would send it."""

    body: bytes
    genuine: bool = True


class Hearer(Protocol):
    """Takes messages in."""

    async def hear(self, messages: Sequence[Message]) -> None:
        """Returns when all of them are taken, or refused if they are forged."""
        ...


class InProcess:
    """Verifies messages, and keeps all of them in one statement."""

    def __init__(self, db: Database, clock: Clock, carrier: Carrier) -> None:
        self._db = db
        self._clock = clock
        self._carrier = carrier

    async def hear(self, messages: Sequence[Message]) -> None:
        """At once."""
        read = [self._read(each) for each in messages]
        await take_statuses(self._db, [each for each in read if each], at=await self._clock.now())

    def _read(self, message: Message) -> StatusMessage | None:
        try:
            return self._carrier.read(message.body)
        except ForgedMessage:
            return None


class OverHttp:
    """Posts each message to the site, some at a time, again if there was no answer."""

    def __init__(self, client: httpx2.AsyncClient, address: str, *, pause: float = _PAUSE) -> None:
        self._client = client
        self._address = address
        self._pause = pause

    async def hear(self, messages: Sequence[Message]) -> None:
        """One by one. Raises WronglyAnswered."""
        waiting = deque(messages)
        async with asyncio.TaskGroup() as tasks:
            for _ in range(_CONNECTIONS):
                tasks.create_task(self._post_all(waiting))

    async def _post_all(self, waiting: deque[Message]) -> None:
        while waiting:
            await self._post(waiting.popleft())

    async def _post(self, message: Message) -> None:
        refused = 0
        while refused < _MOST_REFUSALS:
            answer = await self._answer(message)
            if answer is not None:
                if (answer == TAKEN.content) is message.genuine:
                    return
                refused += 1 if message.genuine else _MOST_REFUSALS
            await asyncio.sleep(self._pause)
        raise WronglyAnswered

    async def _answer(self, message: Message) -> str | None:
        """What was answered; None if nobody did, or none that has to do with the message."""
        try:
            response = await self._client.post(
                self._address, content=message.body, headers={"content-type": FORM_TYPE}
            )
        except httpx2.HTTPError:
            return None
        return response.text if response.status_code == TAKEN.status else None
