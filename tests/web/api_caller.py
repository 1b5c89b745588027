"""Somebody who calls the API and compares every answer with its description."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import httpx

from emask.programme.system import System
from emask.rules.calendar import Channel
from emask.web.demo.stage import STORE
from emask.web.sandbox_pages.cast import CAST
from web.api_description import Json, mismatches, operation_at

Headers = Mapping[str, str]

NONE: Headers = MappingProxyType({})
PLACING = "/api/v1/preorders"
MINE = f"{PLACING}/2020-1"
PAYMENTS = f"{MINE}/payments"
ORDER = {
    "round_id": "2020-1",
    "chain": STORE.chain,
    "store_code": STORE.code,
    "mobile": "0912345678",
}
PEOPLE = {each.key: each.person for each in CAST}


@dataclass(slots=True)
class ApiCaller:
    """Calls the API; `headers` go with every call."""

    client: httpx.AsyncClient
    system: System
    document: Json
    headers: dict[str, str] = field(default_factory=dict)

    async def token(self, who: str = "ming", channel: Channel = Channel.COMPUTER) -> str:
        """A session of one of the cast."""
        return self.system.sessions.issue(
            person_id=self.system.vault.person_id(PEOPLE[who].id_number),
            channel=channel,
            now=await self.system.clock.now(),
        )

    async def sign_in(self, who: str = "ming", channel: Channel = Channel.COMPUTER) -> None:
        """Carry a session as bearer token."""
        self.headers = {"authorization": f"Bearer {await self.token(who, channel)}"}

    async def place(self, who: str = "ming", channel: Channel = Channel.COMPUTER) -> None:
        """Sign in and pre-order at the demo's store."""
        await self.sign_in(who, channel)
        placed = await self.call("POST", PLACING, json=ORDER)
        assert placed.status_code == 201

    async def pay(self, method: str, headers: Headers = NONE) -> httpx.Response:
        return await self.call("POST", PAYMENTS, headers, json={"method": method})

    async def get(self, path: str, headers: Headers = NONE) -> httpx.Response:
        return await self.call("GET", path, headers)

    async def delete(self, path: str, headers: Headers = NONE) -> httpx.Response:
        return await self.call("DELETE", path, headers)

    async def call(
        self,
        method: str,
        path: str,
        headers: Headers = NONE,
        *,
        json: object = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        """Send a request, with more headers than usual."""
        answer = await self.client.request(
            method, path, json=json, content=content, headers={**self.headers, **headers}
        )
        self._compare(answer)
        return answer

    def _compare(self, answer: httpx.Response) -> None:
        request = answer.request
        operation = operation_at(self.document, request.method, request.url.path)
        if operation is None:
            assert problem(answer)[1] in ("not_found", "wrong_method")
            return
        described = operation["responses"][str(answer.status_code)]
        if "content" not in described:
            assert answer.content == b""
            return
        schema = described["content"][answer.headers["content-type"]]["schema"]
        assert mismatches(self.document, schema, answer.json()) == []
        if answer.is_error:
            assert f"`{answer.json()['code']}`" in described["description"]


def problem(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem document."""
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert told["type"] == f"urn:emask:problem:{told['code']}"
    assert told["status"] == answer.status_code
    assert told["title"]
    assert told["next"]
    return answer.status_code, told["code"]
