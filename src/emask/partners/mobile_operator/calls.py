"""Calls to the operator: each within its time and with a correlation id, answered in form."""

import asyncio
import logging
import re
from collections.abc import Mapping
from typing import Final, TypeVar
from uuid import uuid4

import httpx2
import msgspec

from emask.partners.mobile_operator.answers import ErrorAnswer
from emask.rules.refusals import OperatorUnreachable

_LOG: Final = logging.getLogger(__name__)
_NOT_IN_FORM: Final = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_CODE: Final = re.compile(r"[A-Za-z0-9_.]{1,80}")

T = TypeVar("T")


class Refused(Exception):
    """The operator refuses a call, by a code of its own; the message names the call alone."""

    def __init__(self, call: str, *, status: int, code: str) -> None:
        super().__init__(f"{call}: {status} {code or 'without a code'}")
        self.status = status
        self.code = code


class Calls:
    """The calls about one phone, with one correlation id.

    Args:
        client: what they are made with.
        seconds: how long a call may take.
    """

    def __init__(self, client: httpx2.AsyncClient, *, seconds: float) -> None:
        self._client = client
        self._seconds = seconds
        self.correlator = str(uuid4())

    async def get(self, url: str, form: type[T]) -> T:
        """A document. Raises Refused and OperatorUnreachable, as the others do."""
        return await self._answer(self._client.build_request("GET", url), form)

    async def post_form(self, url: str, fields: Mapping[str, str], form: type[T]) -> T:
        """Post to the OpenID provider."""
        return await self._answer(self._client.build_request("POST", url, data=dict(fields)), form)

    async def post_json(self, url: str, body: Mapping[str, str], *, token: str, form: type[T]) -> T:
        """Post to an API."""
        request = self._client.build_request(
            "POST", url, json=dict(body), headers={"authorization": f"Bearer {token}"}
        )
        return await self._answer(request, form)

    async def _answer(self, request: httpx2.Request, form: type[T]) -> T:
        response = await self._send(request)
        if response.status_code != httpx2.codes.OK:
            refused = Refused(
                self._named(request), status=response.status_code, code=_code(response.content)
            )
            _LOG.info("%s", refused)
            raise refused
        try:
            return msgspec.json.decode(response.content, type=form)
        except _NOT_IN_FORM:
            _LOG.warning("%s: no answer in the agreed form", self._named(request))
            raise OperatorUnreachable from None

    async def _send(self, request: httpx2.Request) -> httpx2.Response:
        request.headers["x-correlator"] = self.correlator
        try:
            async with asyncio.timeout(self._seconds):
                return await self._client.send(request, follow_redirects=False)
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError) as error:
            _LOG.warning("%s: %s", self._named(request), type(error).__name__)
            raise OperatorUnreachable from None

    def _named(self, request: httpx2.Request) -> str:
        """For whoever runs the service: which call, never whom it was about."""
        return f"{request.url.path} (x-correlator {self.correlator})"


def _code(content: bytes) -> str:
    """The code of an error; nothing of what has not the form of one."""
    try:
        told = msgspec.json.decode(content, type=ErrorAnswer)
    except _NOT_IN_FORM:
        return ""
    code = told.code or told.error
    return code if _CODE.fullmatch(code) else ""
