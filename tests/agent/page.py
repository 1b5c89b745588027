"""A page of a site, as far as the agent can tell: what browsers send when it asks something."""

import json
from dataclasses import dataclass, field

import httpx2

ASKING = {"Content-Type": "application/json", "x-emask-agent": "1"}


@dataclass
class Page:
    """Asks an agent.

    Args:
        client: reaches the agent; its base address is the agent's.
        origin: of the page.
    """

    client: httpx2.AsyncClient
    origin: str
    headers: dict[str, str] = field(default_factory=dict)

    async def ask(self, path: str, token: str, **more: object) -> httpx2.Response:
        headers = {"Origin": self.origin, **ASKING, **self.headers}
        content = json.dumps({"token": token, **more})
        return await self.client.post(path, content=content, headers=headers)

    async def evidence(self, path: str, token: str) -> str:
        answer = await self.ask(path, token)
        assert answer.status_code == 200, answer.text
        evidence = answer.json()["evidence"]
        assert isinstance(evidence, str)
        return evidence

    async def refusal(self, path: str, token: str) -> tuple[int, str]:
        """Status and code."""
        answer = await self.ask(path, token)
        return answer.status_code, answer.json()["code"]


def page(url: str, origin: str) -> Page:
    """A page with a connection of its own; `async with page(...).client` closes it."""
    return Page(httpx2.AsyncClient(base_url=url, trust_env=False, timeout=30), origin)
