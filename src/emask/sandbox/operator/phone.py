"""What the browser on a phone does: follow the operator's address and come back."""

from urllib.parse import parse_qsl, urlsplit

import httpx2

from emask.identity.ports import Return


class NotSentBack(Exception):
    """The operator did not send the phone back to where it came from."""


async def go_through(client: httpx2.AsyncClient, url: str) -> tuple[str, Return]:
    """Follow an authorisation address from the client's source address; state and what came back.

    Raises:
        NotSentBack: the operator answers with a page, or not at all.
    """
    try:
        answer = await client.get(url, follow_redirects=False)
    except httpx2.HTTPError:
        raise NotSentBack from None
    if answer.status_code != httpx2.codes.FOUND:
        raise NotSentBack
    brought = dict(parse_qsl(urlsplit(answer.headers["location"]).query))
    returned = Return(code=brought.get("code", ""), error=brought.get("error", ""))
    return brought.get("state", ""), returned
