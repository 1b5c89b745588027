"""Where a request comes from: the connection's other end, or what a trusted proxy says of it."""

from collections.abc import Iterable
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from emask.web.shell.security import Application, Receive, Scope, Send

Networks = tuple[IPv4Network | IPv6Network, ...]

_ONE_SITE: Final = 64
"""Leading bits of an IPv6 address that name a household or a phone; the rest it may choose."""

_ONE_HOLDER: Final = 48
"""Those that name whom a provider gave many such sites to."""

_BEHIND: Final = "emask.behind_proxy"


def read_networks(text: str) -> Networks:
    """Addresses and networks, separated by commas, as ``EMASK_TRUSTED_PROXIES`` lists them.

    Raises:
        ValueError: one of them is neither.
    """
    return tuple(ip_network(each.strip()) for each in text.split(",") if each.strip())


class ClientAddress:
    """Gives a request the address of its client, where proxies of ours stand in between.

    Only they may speak through ``X-Forwarded-For``, each for the one before it; what anybody else
    writes there is ignored.
    """

    def __init__(self, app: Application, proxies: Networks) -> None:
        self._app = app
        self._proxies = proxies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on as if it had come straight from the client."""
        if self._proxies and scope["type"] == "http" and scope.get("client"):
            host, port = scope["client"]
            client = (self._behind(host, scope["headers"]), port)
            scope = {**scope, "client": client, _BEHIND: self._is_proxy(host)}
        await self._app(scope, receive, send)

    def _behind(self, host: str, headers: Iterable[tuple[bytes, bytes]]) -> str:
        """From the nearest on, the first that is no proxy of ours."""
        lines = [value.decode("latin-1") for name, value in headers if name == b"x-forwarded-for"]
        told = [each.strip() for each in ",".join(lines).split(",")]
        while told and self._is_proxy(host) and (before := _bare(told.pop())):
            host = before
        return host

    def _is_proxy(self, host: str) -> bool:
        address = _bare(host)
        return bool(address) and any(ip_address(address) in network for network in self._proxies)


def source_of(scope: Scope) -> str:
    """What is told apart as one source of requests: an IPv4 address, or the site of an IPv6 one."""
    host, _ = scope.get("client") or ("", 0)
    address = _bare(host)
    if ":" in address:
        return str(IPv6Network((address, _ONE_SITE), strict=False))
    return address or host


def network_of(scope: Scope) -> str:
    """The network around an IPv6 source that one holder may have to themselves; else empty."""
    host, _ = scope.get("client") or ("", 0)
    address = _bare(host)
    return str(IPv6Network((address, _ONE_HOLDER), strict=False)) if ":" in address else ""


def told_by_a_stranger(scope: Scope) -> bool:
    """Whether a request tells whom it is forwarded for, and no proxy of ours says so."""
    return not scope.get(_BEHIND) and any(
        name == b"x-forwarded-for" for name, _ in scope["headers"]
    )


def _bare(host: str) -> str:
    """An address in its one spelling, without port or brackets; empty for anything else."""
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ip_address(host)
    except ValueError:
        return ""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return str(mapped or address)
