"""Mitake's short messages over HTTP, in UTF-8 (its specification v2.14).

Errors come with status 200 and a letter. What was sent under a `clientid` within twelve hours is
not sent again, so a call that was not answered is made once more under the same ones. Whatever
that second call says, only what it takes is certain: the first one may have brought the rest.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice
from typing import Final, NamedTuple, Self, TypeVar

import httpx2

from emask.notices.ports import Delivery, Handed, Receipt, Sms, SmsNotTaken
from emask.partners.sms.mitake_answers import (
    BadAnswer,
    Sections,
    delivery_of,
    read_query,
    read_sections,
    read_values,
)
from emask.partners.sms.outcomes import in_order

_LOG: Final = logging.getLogger(__name__)
_BULK: Final = 500
_REMEMBERS: Final = timedelta(hours=11)
_QUERIED: Final = 100
_TRIES: Final = 2
_AT_CARRIER: Final = frozenset("0124")
_NEVER: Final = frozenset("v56")  # the number or the text will not do
_BUSY: Final = (httpx2.codes.TOO_MANY_REQUESTS, httpx2.codes.SERVICE_UNAVAILABLE)
_NEWLINE: Final = "\x06"

MITAKE: Final = "mitake"
"""How the outbox calls it."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class MitakeAccount:
    """Whose messages are sent.

    Attributes:
        base_url: without a slash at its end; `/api/mtk/` follows.
        receipts_url: where Mitake pushes receipts to, with a path that only it knows; or none.
        seconds: how long one call may take.
    """

    base_url: str
    username: str
    password: str = field(repr=False)
    receipts_url: str = field(default="", repr=False)
    seconds: float = 10


class Mitake:
    """Sends messages through Mitake; an `SmsProvider`, and an `SmsSender` by itself.

    Args:
        client: with at most 15 connections, which is all that Mitake allows.
        account: whose messages they are.
    """

    def __init__(self, client: httpx2.AsyncClient, account: MitakeAccount) -> None:
        self._client = client
        self._account = account
        hide_passwords()

    @property
    def name(self) -> str:
        """How the outbox calls it."""
        return MITAKE

    @property
    def remembers(self) -> timedelta:
        """An hour less than Mitake says: its clock is not ours."""
        return _REMEMBERS

    @property
    def at_once(self) -> int:
        """As many as one call takes."""
        return _BULK

    @property
    def providers(self) -> Sequence[Self]:
        """Itself."""
        return (self,)

    async def ready(self) -> Sequence[Self]:
        """Itself, at any time."""
        return (self,)

    async def aclose(self) -> None:
        """Nothing is its own to close."""

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        """Hand messages over, 500 a call; see :class:`emask.notices.ports.SmsProvider`.

        Raises:
            NotAllTaken: some are to be handed over again.
            SmsNotTaken: it took none.
        """
        taken: dict[str, Handed] = {}
        for batch in _batches(messages, _BULK):
            handed = frozenset(message.message_id for message in batch)
            try:
                answer = await self._hand_over(batch)
                taken |= _taken(_sections(answer))
            except _NoAnswer:
                in_order(messages, taken, handed)
            except SmsNotTaken:
                in_order(messages, taken)
            else:
                if answer.repeated and handed - taken.keys():
                    in_order(messages, taken, handed - taken.keys())
        return in_order(messages, taken)

    async def query(self, provider_ids: Sequence[str]) -> list[Receipt]:
        """How far messages have come; nothing of those that Mitake does not know.

        Raises:
            SmsNotTaken: Mitake does not answer.
        """
        receipts: list[Receipt] = []
        for batch in _batches(provider_ids, _QUERIED):
            answer = await self._call("SmQuery", {"msgid": ",".join(batch)})
            receipts += read_query(answer.text)
        return receipts

    async def cancel(self, provider_ids: Sequence[str]) -> dict[str, Delivery]:
        """Take back what is scheduled; how far each has come, CANCELLED where that was in time.

        Raises:
            SmsNotTaken: Mitake does not answer.
        """
        found: dict[str, Delivery] = {}
        for batch in _batches(provider_ids, _QUERIED):
            values = read_values((await self._call("SmCancel", {"msgid": ",".join(batch)})).text)
            found |= {msgid: delivery_of(values.get(msgid, "?")) for msgid in batch}
        return found

    async def balance(self) -> int:
        """How many points are left on the account.

        Raises:
            SmsNotTaken: Mitake does not answer, or refuses.
        """
        points = read_values((await self._call("SmQuery", {})).text).get("AccountPoint", "")
        if not points.isdecimal():
            raise SmsNotTaken("Mitake tells no balance")
        return int(points)

    async def _hand_over(self, batch: Sequence[Sms]) -> "_Answer":
        return await (self._send_one(batch[0]) if len(batch) == 1 else self._send_bulk(batch))

    async def _send_one(self, message: Sms) -> "_Answer":
        fields = {
            "dstaddr": message.number,
            "smbody": _body(message.text),
            "clientid": message.message_id,
            "response": self._account.receipts_url,
        }
        return await self._call("SmSend", fields, query={"CharsetURL": "UTF8"})

    async def _send_bulk(self, batch: Sequence[Sms]) -> "_Answer":
        lines = [
            "$$".join(
                (
                    message.message_id,
                    message.number,
                    "",  # dlvtime: at once
                    "",  # vldtime: a day
                    "",  # destname: nobody is named
                    self._account.receipts_url,
                    _body(message.text),
                )
            )
            for message in batch
        ]
        query = {**self._credentials, "Encoding_PostIn": "UTF8"}
        return await self._call("SmBulkSend", "\r\n".join(lines), query=query)

    async def _call(
        self, name: str, content: Mapping[str, str] | str, *, query: Mapping[str, str] | None = None
    ) -> "_Answer":
        url = f"{self._account.base_url}/api/mtk/{name}"
        for number in range(_TRIES):
            request = (
                self._client.build_request(
                    "POST",
                    url,
                    params=query,
                    content=content.encode(),
                    headers={"content-type": "text/plain; charset=utf-8"},
                )
                if isinstance(content, str)
                else self._client.build_request(
                    "POST", url, params=query, data={**self._credentials, **content}
                )
            )
            try:
                text = await self._answer(name, request)
            except SmsNotTaken:
                if number == 0:
                    raise
                break
            if text is not None:
                return _Answer(text, repeated=number > 0)
        raise _NoAnswer(f"Mitake does not answer {name}")

    async def _answer(self, name: str, request: httpx2.Request) -> str | None:
        """The answer; None if nobody knows whether Mitake has done it."""
        try:
            async with asyncio.timeout(self._account.seconds):
                response = await self._client.send(request, follow_redirects=False)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            failure = type(error).__name__
        except (httpx2.HTTPError, TimeoutError) as error:
            _LOG.warning("mitake: %s: %s", name, type(error).__name__)
            return None
        else:
            if response.status_code == httpx2.codes.OK:
                # Nothing that counts is Chinese; what is may be in Big5 for all that was agreed.
                return response.content.decode("ascii", errors="replace")
            failure = str(response.status_code)
            if response.status_code not in _BUSY:
                _LOG.warning("mitake: %s: %s", name, failure)
                return None
        _LOG.warning("mitake: %s: %s", name, failure)
        raise SmsNotTaken(f"Mitake does not take {name}: {failure}")

    @property
    def _credentials(self) -> dict[str, str]:
        return {"username": self._account.username, "password": self._account.password}


class _Answer(NamedTuple):
    """What a call was answered; `repeated` says that an earlier one was not."""

    text: str
    repeated: bool


class _NoAnswer(SmsNotTaken):
    """Mitake may have done what it was asked, or not."""


class _Hidden(logging.Filter):
    """Cuts the query off addresses that name a password: bulk sending has it there."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let everything pass, without passwords."""
        if isinstance(record.args, tuple):
            record.args = tuple(
                argument.copy_with(query=None)
                if isinstance(argument, httpx2.URL) and "password" in argument.params
                else argument
                for argument in record.args
            )
        return True


_HIDDEN: Final = _Hidden()


def hide_passwords() -> None:
    """Keep passwords in addresses out of what the HTTP client logs."""
    logging.getLogger("httpx2").addFilter(_HIDDEN)


def _sections(answer: _Answer) -> Sections:
    """What is said of each message. Raises SmsNotTaken and _NoAnswer."""
    try:
        return read_sections(answer.text)
    except BadAnswer as bad:
        _LOG.warning("mitake: no message was taken, statuscode %s", bad.code)
        refusal = _NoAnswer if answer.repeated else SmsNotTaken
        raise refusal(f"Mitake refuses: {bad.code}") from None


def _taken(sections: Sections) -> dict[str, Handed]:
    taken = {}
    for message_id, values in sections.items():
        code = values.get("statuscode", "")
        if code in _NEVER:
            taken[message_id] = Handed(None, code)
        elif code in _AT_CARRIER and values.get("msgid"):
            taken[message_id] = Handed(values["msgid"])
        else:
            _LOG.warning("mitake: a message was not taken, statuscode %s", code[:1])
    return taken


def _body(text: str) -> str:
    return _NEWLINE.join(text.splitlines())


def _batches(values: Sequence[T], size: int) -> Iterator[list[T]]:
    rest = iter(values)
    while batch := list(islice(rest, size)):
        yield batch
