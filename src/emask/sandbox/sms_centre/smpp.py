"""An SMPP 3.4 centre on loopback; its phones are the sandbox's.

Faults: `slow` {"seconds"}, `silent` (it takes a part and does not answer), `refuse`
{"status", "times"} (each part so many times, ESME_RTHROTTLED by default), `undelivered` {"stat"},
`duplicate` (each receipt comes twice), `receipt_before_response`, `receipts_later` (at a bind after
this fault has ended).
"""

import asyncio
import re
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any, Final

import smpp34

from emask.database.clock import Clock
from emask.notices.ports import Sms
from emask.partners.sms.segments import Alphabet
from emask.rules.calendar import TAIPEI
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre.gate import Gate, free_port

SMPP: Final = "smpp"
"""Its name in `Mischief`."""

_NUMBER: Final = re.compile(r"8869\d{8}")
_WITH_HEADER: Final = 0x40
_RECEIPT: Final = 0x04
_PART_ID: Final = 0x001E  # receipted_message_id
_STATE: Final = 0x0427  # message_state
_OK: Final = 0x00
_INVALID_NUMBER: Final = 0x0B
_THROTTLED: Final = 0x58
_STATES: Final = {"DELIVRD": 2, "EXPIRED": 3, "DELETED": 4, "UNDELIV": 5, "REJECTD": 8}
_HEADER_LENGTH: Final = 6


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part as the phone sees it: which one of how many, of which message."""

    message: tuple[str, int]
    number: int
    total: int
    text: str


class SandboxSmpp:
    """The centre, which runs from :meth:`start` to :meth:`stop`.

    Args:
        clock: the time that its receipts tell.
        mischief: what is wrong with it at present.
        system_id: of its one customer, with `password`.
        password: likewise; `smpp34` checks none, so a gate before it does.
        phones: where messages arrive, once all of their parts have come.
    """

    def __init__(
        self,
        clock: Clock,
        mischief: Mischief,
        *,
        system_id: str,
        password: str,
        phones: SandboxSms,
    ) -> None:
        self._clock = clock
        self._mischief = mischief
        self._phones = phones
        inner = free_port()
        self._server = smpp34.Server("127.0.0.1", inner, system_id="emask")
        self._gate = Gate(inner, system_id=system_id, password=password)
        self._sessions: dict[str, smpp34.Esme] = {}
        self._pieces: dict[tuple[str, int], dict[int, str]] = {}
        self._refused: Counter[tuple[str, bytes]] = Counter()
        self._ids = count(1)
        self._due: list[tuple[smpp34.SubmitSmEvent, str]] = []
        self._held: list[smpp34.SubmitSmEvent] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self, port: int = 0) -> int:
        """Listen on loopback, on any free port by default; the port."""
        await self._server.start()
        self._begin(self._serve())
        return await self._gate.start(port)

    async def stop(self) -> None:
        """End all sessions, and listen no more."""
        await self._gate.stop()
        for task in self._tasks.copy():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await self._server.stop()

    def cut(self) -> None:
        """End all sessions as a broken line does; whoever binds again is welcome."""
        self._gate.cut()

    async def _serve(self) -> None:
        while True:
            event = await self._server.next()
            match event:
                case smpp34.Esme():
                    self._sessions[event.session_id] = event
                    self._begin(self._tell_due())
                case smpp34.Unbound():
                    self._sessions.pop(event.session_id, None)
                case smpp34.SubmitSmEvent():
                    self._begin(self._take(event))

    def _begin(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _take(self, event: smpp34.SubmitSmEvent) -> None:
        faults = await self._mischief.kinds(SMPP)
        await stall(faults)
        refusal = self._refusal(event, faults)
        if refusal:
            event.reject(refusal)
            return
        part_id = f"{next(self._ids):08x}"
        await self._arrive(event, part_id)
        if "silent" in faults:
            self._held.append(event)  # let go, it would be refused
            return
        if event.registered_delivery & 1:
            self._due.append((event, part_id))
        if "receipt_before_response" in faults:
            await self._tell_due()
        event.accept(part_id)
        await self._tell_due()

    def _refusal(self, event: smpp34.SubmitSmEvent, faults: Mapping[str, Any]) -> int:
        if not _NUMBER.fullmatch(event.destination_addr):
            return _INVALID_NUMBER
        if "refuse" in faults:
            fault = faults["refuse"]
            part = (event.destination_addr, event.short_message)
            self._refused[part] += 1
            if self._refused[part] <= int(fault.get("times", 1)):
                return int(fault.get("status", _THROTTLED))
        return _OK

    async def _arrive(self, event: smpp34.SubmitSmEvent, part_id: str) -> None:
        piece = _piece(event)
        pieces = self._pieces.setdefault(piece.message, {})
        pieces[piece.number] = piece.text
        if len(pieces) == piece.total:
            del self._pieces[piece.message]
            text = "".join(pieces[number] for number in sorted(pieces))
            number = f"0{event.destination_addr.removeprefix('886')}"
            message = Sms(message_id=f"smpp-{id(self):x}-{part_id}", number=number, text=text)
            await self._phones.send([message])

    async def _tell_due(self) -> None:
        """Tell what is due over whichever session there is; else it stays due."""
        faults = await self._mischief.kinds(SMPP)
        if "receipts_later" in faults:
            return
        stat = str(faults.get("undelivered", {}).get("stat", "DELIVRD"))
        now = await self._clock.now()
        due, self._due = self._due, []
        for event, part_id in due:
            receipt = _receipt(part_id, stat, now)
            for _ in range(2 if "duplicate" in faults else 1):
                if not await self._told(event, part_id, stat, receipt):
                    self._due.append((event, part_id))
                    break

    async def _told(
        self, event: smpp34.SubmitSmEvent, part_id: str, stat: str, receipt: bytes
    ) -> bool:
        for session in list(self._sessions.values()):
            with suppress(smpp34.SmppError):
                answer = await session.deliver_sm(
                    event.source_addr,
                    receipt,
                    source_addr=event.destination_addr,
                    esm_class=_RECEIPT,
                    tlvs=[
                        smpp34.Tlv(_PART_ID, part_id.encode() + b"\0"),
                        smpp34.Tlv(_STATE, bytes([_STATES.get(stat, 7)])),
                    ],
                )
                if answer.is_success:
                    return True
        return False


def _piece(event: smpp34.SubmitSmEvent) -> _Piece:
    octets, reference, total, number = event.short_message, -1, 1, 1
    if event.esm_class & _WITH_HEADER:
        reference, total, number = octets[3:_HEADER_LENGTH]
        octets = octets[_HEADER_LENGTH:]
    text = Alphabet(event.data_coding).text(octets)
    return _Piece((event.destination_addr, reference), number, total, text)


def _receipt(part_id: str, stat: str, at: datetime) -> bytes:
    stamp = at.astimezone(TAIPEI).strftime("%y%m%d%H%M")
    delivered = int(stat == "DELIVRD")
    return (
        f"id:{part_id} sub:001 dlvrd:{delivered:03} submit date:{stamp} done date:{stamp}"
        f" stat:{stat} err:000 text:"
    ).encode()
