"""Messages through an SMPP 3.4 centre.

The centre knows nothing of our ids: what it has taken is remembered here, part by part, so that
a message that comes again goes on where it stood. A new process has forgotten.
"""

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

import smpp34

from emask.notices.ports import Handed, Receipt, Sms, SmsNotTaken
from emask.partners.sms.outcomes import in_order
from emask.partners.sms.segments import alphabet_of, parts_of
from emask.partners.sms.smpp_link import SmppAccount, SmppLink
from emask.partners.sms.smpp_receipts import ReceiptJoiner, read_receipt

_LOG: Final = logging.getLogger(__name__)
_REMEMBERED: Final = 100_000
_RECEIPT: Final = 0x04
_WITH_HEADER: Final = 0x40
_INTERNATIONAL: Final = 1
_HEADER: Final = bytes([5, 0, 3])
_SLOWER: Final = (0x58, 0x14)  # ESME_RTHROTTLED, ESME_RMSGQFUL
_PART_ID: Final = 0x001E  # receipted_message_id
_STATE: Final = 0x0427  # message_state
_NEVER: Final = (0x0B, 0x01)  # ESME_RINVDSTADR, ESME_RINVMSGLEN

SMPP: Final = "smpp"
"""How the outbox calls it."""

Hearer = Callable[[Receipt], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Part:
    number: str
    header: bytes
    octets: bytes
    data_coding: int


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the centre has of a message."""

    reference: int
    part_ids: list[str] = field(default_factory=list)

    def header(self, total: int) -> bytes:
        """What joins the next part to the others on the phone (3GPP TS 23.040, 9.2.3.24.1)."""
        if total == 1:
            return b""
        return _HEADER + bytes([self.reference, total, len(self.part_ids) + 1])


class _Unanswered(SmsNotTaken):
    """The centre may have taken the part, or not."""


class _Refused(Exception):
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Smpp(AbstractAsyncContextManager["Smpp"]):
    """Sends messages through a centre; an `SmsProvider`, and an `SmsSender` by itself.

    It is bound while its context is open, or from the first :meth:`ready` until :meth:`aclose`.

    Args:
        account: whose messages they are.
        hear: told once of each message when it has ended, by the id that :meth:`send` gave.
    """

    def __init__(self, account: SmppAccount, *, hear: Hearer) -> None:
        self._account = account
        self._hear = hear
        self._link = SmppLink(account, self._part_heard)
        self._joiner = ReceiptJoiner()
        self._sent: OrderedDict[str, _Sent] = OrderedDict()
        self._reference = 0
        self._sending = 0

    async def __aenter__(self) -> Self:
        await self._link.open()
        return self

    async def aclose(self) -> None:
        """End the session with the centre, if there is one."""
        await self._link.close()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        return SMPP

    @property
    def remembers(self) -> timedelta:
        """The centre knows no message again."""
        return timedelta()

    @property
    def at_once(self) -> int:
        """As many as may be under way: what was handed over and not answered is soon few."""
        return self._account.window

    @property
    def providers(self) -> Sequence[Self]:
        """Itself."""
        return (self,)

    async def ready(self) -> Sequence[Self]:
        """Itself, bound from now on: receipts come in as long as it is."""
        await self._link.open()
        return (self,)

    async def query(self, provider_ids: Sequence[str]) -> list[Receipt]:
        """Nothing: of what has ended a centre has told, and may have forgotten."""
        del provider_ids
        return []

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        """Hand messages over; see :class:`emask.notices.ports.SmsProvider`.

        The id of a message is that of its first part.

        Raises:
            NotAllTaken: some are to be handed over again.
            SmsNotTaken: the centre is away.
        """
        if not messages:
            return []
        await self._link.session()
        taken: dict[str, Handed] = {}
        unanswered: set[str] = set()
        waiting = iter({message.message_id: message for message in messages}.values())
        self._sending += 1
        try:
            async with asyncio.TaskGroup() as workers:
                for _ in range(min(self._account.window, len(messages))):
                    workers.create_task(self._work(waiting, taken, unanswered))
        finally:
            self._sending -= 1
        await self._tell_strangers()
        return in_order(messages, taken, frozenset(unanswered))

    async def _work(
        self, waiting: Iterator[Sms], taken: dict[str, Handed], unanswered: set[str]
    ) -> None:
        """Hand over one message after another, until one fails: then nobody begins another."""
        for message in waiting:
            try:
                taken[message.message_id] = Handed(await self._hand_over(message))
            except _Refused as refused:
                taken[message.message_id] = Handed(None, f"{refused.status:#04x}")
            except _Unanswered:
                unanswered.add(message.message_id)
                _leave(waiting)
            except SmsNotTaken:
                _leave(waiting)

    async def _hand_over(self, message: Sms) -> str:
        alphabet, parts = alphabet_of(message.text), parts_of(message.text)
        sent = self._sent_of(message.message_id)
        while len(sent.part_ids) < len(parts):
            part = _Part(
                number=f"886{message.number.removeprefix('0')}",
                header=sent.header(len(parts)),
                octets=alphabet.octets(parts[len(sent.part_ids)]),
                data_coding=int(alphabet),
            )
            sent.part_ids.append(await self._submit(part))
            if len(sent.part_ids) == len(parts):
                joined = self._joiner.expect(sent.part_ids)
                if joined is not None:
                    await self._tell(joined)
        return sent.part_ids[0]

    async def _submit(self, part: _Part) -> str:
        """Submit a part, more slowly if the centre wants so; its id."""
        for pause in (*self._account.pauses, None):
            answer = await self._answer(part)
            if answer.is_success and answer.message_id:
                return answer.message_id
            if answer.command_status in _NEVER:
                raise _Refused(answer.command_status)
            if answer.command_status not in _SLOWER or pause is None:
                break
            await asyncio.sleep(pause)
        _LOG.warning("smpp: a message was not taken, status %#04x", answer.command_status)
        raise SmsNotTaken(f"the SMPP centre answers {answer.command_status:#04x}")

    async def _answer(self, part: _Part) -> smpp34.SubmitSmResp:
        session = await self._link.session()
        try:
            async with asyncio.timeout(self._account.seconds):
                return await session.submit_sm(
                    part.number,
                    part.header + part.octets,
                    source_addr=self._account.source,
                    source_addr_ton=self._account.source_ton,
                    source_addr_npi=self._account.source_npi,
                    dest_addr_ton=_INTERNATIONAL,
                    dest_addr_npi=0,
                    esm_class=_WITH_HEADER if part.header else 0,
                    registered_delivery=1,
                    data_coding=part.data_coding,
                )
        except (smpp34.SmppError, TimeoutError) as error:
            _LOG.warning("smpp: submit_sm: %s", type(error).__name__)
        raise _Unanswered("the SMPP centre does not answer")

    def _sent_of(self, message_id: str) -> _Sent:
        sent = self._sent.get(message_id)
        if sent is None:
            self._reference = (self._reference + 1) % 256
            sent = self._sent[message_id] = _Sent(self._reference)
            while len(self._sent) > _REMEMBERED:
                self._sent.popitem(last=False)
        return sent

    async def _part_heard(self, event: smpp34.DeliverSmEvent) -> None:
        if not event.esm_class & _RECEIPT:
            return  # somebody has answered a notice: nobody reads that
        parameters = {tlv.tag: tlv for tlv in event.tlvs}
        part_id = parameters.get(_PART_ID)
        state = parameters.get(_STATE)
        receipt = read_receipt(
            event.short_message.decode("ascii", errors="replace"),
            part_id=None if part_id is None else part_id.as_string(),
            state=None if state is None else state.as_int(),
            ids=self._account.receipt_ids,
        )
        if receipt is None:
            _LOG.warning("smpp: a receipt in no form that we know")
            return
        joined = self._joiner.hear(receipt)
        if joined is not None:
            await self._tell(joined)
        await self._tell_strangers()

    async def _tell_strangers(self) -> None:
        if not self._sending:
            for receipt in self._joiner.strangers():
                await self._tell(receipt)

    async def _tell(self, receipt: Receipt) -> None:
        try:
            await self._hear(receipt)
        except Exception as error:  # noqa: BLE001 - sending must not end because of a receipt
            _LOG.warning("smpp: a receipt was lost: %s", type(error).__name__)


def _leave(waiting: Iterator[Sms]) -> None:
    for _ in waiting:
        pass
