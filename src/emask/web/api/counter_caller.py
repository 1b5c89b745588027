"""Who calls the partner API: a client with a token, within its quota."""

from dataclasses import dataclass, field
from typing import Any, Final

from litestar.handlers import BaseRouteHandler
from litestar.types import Message, Scope

from emask.counter.clients_tokens import Caller, ClientTokens, TokenEnded
from emask.database.clock import Clock, SystemClock
from emask.programme.system import System
from emask.web.api.counter_problems import TOKEN_ENDED, TOO_MANY_REQUESTS
from emask.web.api.quota import Buckets, Left, Quota
from emask.web.intake_problems import Unacceptable
from emask.web.shell.page import Connection, WebRequest

CALLS: Final = Quota(name="client", calls=600, seconds=60)
"""Of one client: a busy pharmacy sells once in three seconds, and looks twice before it does."""
TOKENS: Final = Quota(name="address", calls=120, seconds=60)
"""Asked for from one address: a token is good for ten minutes, and a chain may share an address."""

DOOR: Final = "partner_door"
"""Where a request brings it along, as it does its system."""

_CALLER: Final = "counter_caller"
_LEFT: Final = "counter_quota_left"


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerDoor:
    """What the partner API stands on: the system, and what is its own.

    Proofs and tokens live by the machine's own clock, whatever day the scheme's clock shows: a
    partner's machine knows no other.
    """

    system: System
    tokens: ClientTokens
    clock: Clock = field(default_factory=SystemClock)
    calls: Buckets = field(default_factory=lambda: Buckets(CALLS))
    asked: Buckets = field(default_factory=lambda: Buckets(TOKENS))

    @classmethod
    def of(cls, system: System) -> "PartnerDoor":
        """The door of a system, with the quotas that are granted."""
        return cls(system=system, tokens=ClientTokens(system.keys))


def door_of(connection: Connection) -> PartnerDoor:
    """The door that a call came by."""
    door: PartnerDoor = connection.state[DOOR]
    return door


def caller_of(request: WebRequest) -> Caller:
    """The client that the guard has let in."""
    caller: Caller = request.state[_CALLER]
    return caller


async def needs_client(connection: Connection, handler: BaseRouteHandler) -> None:  # noqa: ARG001 - a guard's
    """Let in who carries a token and has calls left.

    Raises:
        Unacceptable: nobody known, or too often.
    """
    door = door_of(connection)
    scheme, _, token = connection.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        raise Unacceptable(TOKEN_ENDED)
    try:
        caller = door.tokens.read(token.strip(), now=await door.clock.now())
    except TokenEnded:
        raise Unacceptable(TOKEN_ENDED) from None
    grant(connection, door.calls.take(caller.client_id))
    connection.state[_CALLER] = caller


def grant(connection: Connection, left: Left) -> None:
    """Have the answer tell what is left. Raises Unacceptable if nothing was."""
    connection.state[_LEFT] = left
    if left.wait:
        raise Unacceptable(TOO_MANY_REQUESTS)


async def tell_quota(message: Message, scope: Scope) -> None:
    """Add what the caller has left to an answer, whatever else it says."""
    left: Any = scope.get("state", {}).get(_LEFT)
    if message["type"] == "http.response.start" and isinstance(left, Left):
        told = [(name.encode(), value.encode()) for name, value in left.headers().items()]
        message["headers"] = [*message["headers"], *told]
