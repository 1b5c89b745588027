"""Mitake as an ASGI application, and the receipts that it pushes; its phones are the sandbox's.

Faults: `slow` {"seconds"} (it has taken the messages, and answers late), `down`, `duplicate` (each
receipt is pushed twice), `big5` (it answers in Big5), `receipt_before_response`, `refuse`
{"statuscode"} (the whole call, `l` for too many connections, say), `undelivered` {"StatusFlag"}.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs
from uuid import uuid4

import httpx2

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.notices.ports import Sms
from emask.rules.calendar import TAIPEI
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre import queries
from emask.sandbox.sms_centre.queries import Kept
from emask.sandbox.wire import Message, Receive, Send, read_body, send_answer

PARTNER: Final = "mitake"
"""Its name in `Mischief`, and the path that it is mounted at in `Wire` without the slash."""

_NUMBER: Final = re.compile(r"09\d{8}")
_BULK: Final = 500
_LONGEST: Final = 16 * 2**20  # bytes, far beyond any bulk
_BULK_FIELDS: Final = 7
_WORDS: Final = {"4": "DELIVRD", "8": "EXPIRED", "9": "DELETED"}


@dataclass(frozen=True, slots=True)
class _Asked:
    client_id: str
    number: str
    response: str
    text: str


class SandboxMitake:
    """The centre: an ASGI application.

    Args:
        db: where it keeps what it has taken; :data:`queries.TABLES` are made there.
        clock: the time it lives by.
        mischief: what is wrong with it at present.
        username: of its one customer, with `password`.
        password: likewise.
        phones: where messages arrive.
        pushes: what receipts are pushed with.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        mischief: Mischief,
        *,
        username: str,
        password: str,
        phones: SandboxSms,
        pushes: httpx2.AsyncClient,
    ) -> None:
        self._db = db
        self._clock = clock
        self._mischief = mischief
        self._account = (username, password)
        self._phones = phones
        self._pushes = pushes

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one call."""
        body = await read_body(receive, longest=_LONGEST)
        faults = await self._mischief.kinds(PARTNER)
        status, text = HTTPStatus.OK, ""
        if "down" in faults:
            status = HTTPStatus.SERVICE_UNAVAILABLE
        else:
            query = _fields(scope["query_string"].decode())
            text = await self._answer(scope["path"].rpartition("/")[2], query, body, faults)
        await stall(faults)
        charset = "big5" if "big5" in faults else "utf-8"
        headers = [(b"content-type", f"text/plain; charset={charset}".encode())]
        await send_answer(send, text.encode(charset), status=status, headers=headers)

    async def push_receipts(self) -> int:
        """Tell how messages have ended, each once the customer has answered; how many are done."""
        faults = await self._mischief.kinds(PARTNER)
        flag = str(faults.get("undelivered", {}).get("StatusFlag", "4"))
        async with self._db.transaction() as tx:
            ended = await queries.end(tx, flag=flag, at=await self._clock.now())
        done = 0
        for message in ended:
            told = [await self._push(message) for _ in range(2 if "duplicate" in faults else 1)]
            if all(told):
                async with self._db.transaction() as tx:
                    done += await queries.mark_pushed(tx, message.msgid)
        return done

    async def _answer(
        self, call: str, query: Mapping[str, str], body: bytes, faults: Mapping[str, Any]
    ) -> str:
        bulk = call == "SmBulkSend"
        # Whoever does not say UTF-8 has sent Big5.
        charset = query.get("Encoding_PostIn" if bulk else "CharsetURL", "Big5")
        text = body.decode("utf-8" if charset == "UTF8" else "cp950", errors="replace")
        fields = dict(query) if bulk else {**query, **_fields(text, charset)}
        if (fields.get("username"), fields.get("password")) != self._account:
            return _error("e", "帳號、密碼錯誤")
        if "refuse" in faults:
            return _error(faults["refuse"]["statuscode"], "暫時無法服務")
        if bulk:
            return await self._take(_many(text), faults)
        if call == "SmSend":
            return await self._take([_one(fields)], faults)
        return await self._told(call, fields)

    async def _told(self, call: str, fields: Mapping[str, str]) -> str:
        """What is told of messages, or of the account."""
        match call:
            case "SmQuery" if "msgid" not in fields:
                return "AccountPoint=100000\r\n"
            case "SmQuery":
                return await self._query(fields["msgid"].split(","))
            case "SmCancel":
                return await self._cancel(fields["msgid"].split(","))
            case _:
                return _error("*", "系統發生錯誤")

    async def _take(self, asked: Sequence[_Asked], faults: Mapping[str, Any]) -> str:
        if len(asked) > _BULK:
            return _error("*", "筆數過多")
        now = await self._clock.now()
        lines: list[str] = []
        arriving: list[Sms] = []
        async with self._db.transaction() as tx:
            await queries.lock(tx)
            for message in asked:
                lines.append(f"[{message.client_id}]")
                if not _NUMBER.fullmatch(message.number):
                    lines += ["statuscode=v", "Error=無效的手機號碼"]
                    continue
                msgid, new = await queries.take(
                    tx,
                    client_id=message.client_id,
                    number=message.number,
                    response=message.response,
                    at=now,
                )
                lines += [f"msgid={msgid}", "statuscode=1", *([] if new else ["Duplicate=Y"])]
                if new:
                    arriving.append(
                        Sms(
                            message_id=f"mitake-{msgid}",
                            number=message.number,
                            text=message.text.replace("\x06", "\n"),
                        )
                    )
        await self._phones.send(arriving)
        if "receipt_before_response" in faults:
            await self.push_receipts()
        return "\r\n".join([*lines, "AccountPoint=100000", ""])

    async def _query(self, msgids: Sequence[str]) -> str:
        async with self._db.transaction() as tx:
            found = await queries.found(tx, msgids)
        return "".join(
            f"{message.msgid}\t{message.flag}\t{_stamp(message.changed_at)}\r\n"
            for message in found
        )

    async def _cancel(self, msgids: Sequence[str]) -> str:
        """Nothing is scheduled here, so nothing is in time."""
        async with self._db.transaction() as tx:
            found = {kept.msgid: kept.flag for kept in await queries.found(tx, msgids)}
        return "".join(f"{msgid}={found.get(msgid, '?')}\r\n" for msgid in msgids)

    async def _push(self, message: Kept) -> bool:
        """Push a receipt; whether it was answered as it must be."""
        stamp = _stamp(message.changed_at)
        receipt = {
            "msgid": message.msgid,
            "dstaddr": message.number,
            "dlvtime": stamp,
            "donetime": stamp,
            "statuscode": "0" if message.flag == "4" else "1",
            "statusstr": _WORDS.get(message.flag, "UNDELIV"),
            "StatusFlag": message.flag,
        }
        try:
            answer = await self._pushes.get(message.response, params=receipt)
        except httpx2.HTTPError:
            return False
        wanted = f"magicid=sms_gateway_rpack\nmsgid={message.msgid}\n"
        return answer.status_code == HTTPStatus.OK and answer.text == wanted


def _one(fields: Mapping[str, str]) -> _Asked:
    client_id = fields.get("clientid", "") or uuid4().hex
    return _Asked(
        client_id, fields.get("dstaddr", ""), fields.get("response", ""), fields.get("smbody", "")
    )


def _many(text: str) -> list[_Asked]:
    asked = []
    for line in text.splitlines():
        fields = line.split("$$", _BULK_FIELDS - 1)
        if len(fields) == _BULK_FIELDS:
            client_id, number, _, _, _, response, body = fields
            asked.append(_Asked(client_id, number, response, body))
    return asked


def _error(code: str, text: str) -> str:
    return f"statuscode={code}\r\nError={text}\r\n"


def _fields(text: str, charset: str = "UTF8") -> dict[str, str]:
    encoding = "utf-8" if charset == "UTF8" else "cp950"
    found = parse_qs(text, keep_blank_values=True, encoding=encoding, errors="replace")
    return {name: values[-1] for name, values in found.items()}


def _stamp(instant: datetime) -> str:
    return instant.astimezone(TAIPEI).strftime("%Y%m%d%H%M%S")
