"""The keys that others verify the site with, at their well-known addresses."""

from typing import Any, Final

from litestar import Response, get
from litestar.datastructures import CacheControlHeader

from emask.web.shell.page import WebRequest, system_of

WELL_KNOWN: Final = "/.well-known/"

_A_MINUTE: Final = CacheControlHeader(public=True, max_age=60)


@get("/.well-known/emask-card-agent", cache_control=_A_MINUTE, exclude_from_csrf=True)
async def tell_card_agent(request: WebRequest) -> Response[dict[str, Any]]:
    """What card agents verify our tokens with: the key, and the time by the site's clock."""
    system = system_of(request)
    now = await system.clock.now()
    key = system.site_keys.agent.as_dict(private=False)
    return Response({"keys": [key], "now": int(now.timestamp())})


@get("/.well-known/jwks.json", cache_control=_A_MINUTE, exclude_from_csrf=True)
async def tell_keys(request: WebRequest) -> Response[dict[str, Any]]:
    """The public halves of all our keys, as a JWK Set."""
    system = system_of(request)
    return Response(system.site_keys.published())


OPEN = [tell_card_agent, tell_keys]
