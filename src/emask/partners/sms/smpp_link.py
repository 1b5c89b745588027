"""A bound session with an SMPP centre, bound anew whenever it has ended.

Of `smpp34` it must be known that a refused bind looks like one without an answer, that a session
which ends fails what is under way with ESME_RSYSERR, that a client binds once only, and that it is
unbinding that ends a session: a client which is stopped leaves it open.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import smpp34

from emask.notices.ports import SmsNotTaken
from emask.partners.sms.smpp_receipts import ReceiptIds

_LOG: Final = logging.getLogger(__name__)
_SHORTEST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 30.0
_LONGEST_NAME: Final = 15
_LONGEST_PASSWORD: Final = 8
_STRANGE: Final = 5  # an alphanumeric type of number


@dataclass(frozen=True, slots=True, kw_only=True)
class SmppAccount:
    """Whose messages are sent, and how.

    Attributes:
        source: the sender that the phone shows, by default a name; see `source_ton`.
        window: how many submissions may be under way at once.
        seconds: how long a bind, or the answer to one submission, may take.
        pauses: how long to wait, in seconds, each time that the centre wants us slower.
        receipt_ids: how the centre writes ids in the text of receipts.

    Raises:
        ValueError: name or password is longer than SMPP has room for.
    """

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    source: str
    source_ton: int = _STRANGE
    source_npi: int = 0
    tls: bool = True
    window: int = 10
    seconds: float = 10
    pauses: tuple[float, ...] = (0.5, 1, 2, 4)
    receipt_ids: ReceiptIds = ReceiptIds.SAME

    def __post_init__(self) -> None:
        # SMPP 3.4, 4.1.1; what is longer makes smpp34 panic, and looks like no answer.
        if len(self.system_id) > _LONGEST_NAME or len(self.password) > _LONGEST_PASSWORD:
            raise ValueError("an SMPP system_id has up to 15 letters, a password up to 8")


class SmppLink:
    """The session, and what comes in over it.

    Args:
        account: whose session it is.
        hear: what is done with each message of the centre.
    """

    def __init__(
        self, account: SmppAccount, hear: Callable[[smpp34.DeliverSmEvent], Awaitable[None]]
    ) -> None:
        self._account = account
        self._hear = hear
        self._lock = asyncio.Lock()
        self._client: smpp34.Client | None = None
        self._session: smpp34.Smsc | None = None
        self._listening: asyncio.Task[None] | None = None
        self._pause = _SHORTEST_PAUSE
        self._not_before = 0.0

    async def open(self) -> None:
        """Bind, and stay bound until :meth:`close`; a centre that is away is tried again."""
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen())

    async def close(self) -> None:
        """End the session."""
        if self._listening is not None:
            self._listening.cancel()
            with suppress(asyncio.CancelledError):
                await self._listening
            self._listening = None
        await self._drop()

    async def session(self) -> smpp34.Smsc:
        """The session, bound now if it is not.

        After a bind that failed there is a pause, longer each time, in which nobody tries.

        Raises:
            SmsNotTaken: the centre is away, or refuses us; smpp34 does not tell which.
        """
        async with self._lock:
            if self._session and self._client and await self._client.is_alive():
                return self._session
            await self._drop()
            if asyncio.get_running_loop().time() < self._not_before:
                raise SmsNotTaken("the SMPP centre did not bind us a moment ago")
            return await self._bind()

    async def _bind(self) -> smpp34.Smsc:
        account = self._account
        client = smpp34.Client(
            account.host,
            account.port,
            account.system_id,
            account.password,
            bind_type="TRX",
            tls=account.tls,
            window_size=account.window,
            connect_timeout_ms=int(account.seconds * 1000),
        )
        try:
            self._session = await client.connect()
        except smpp34.SmppError as error:
            failure = str(error)
        else:
            self._client = client
            self._pause = _SHORTEST_PAUSE
            return self._session
        await client.stop()
        self._pause = min(2 * self._pause, _LONGEST_PAUSE)
        self._not_before = asyncio.get_running_loop().time() + self._pause
        _LOG.warning("smpp: not bound: %s", failure)
        raise SmsNotTaken("the SMPP centre does not bind us")

    async def _drop(self) -> None:
        if self._session is not None:
            with suppress(smpp34.SmppError, TimeoutError):
                async with asyncio.timeout(self._account.seconds):
                    await self._session.unbind()
        if self._client is not None:
            await self._client.stop()
        self._client = self._session = None

    async def _listen(self) -> None:
        while True:
            try:
                session = await self.session()
            except SmsNotTaken:
                await asyncio.sleep(self._pause)
                continue
            while isinstance(event := await session.next(), smpp34.DeliverSmEvent):
                await self._hear(event)
            _LOG.warning("smpp: the session has ended")
