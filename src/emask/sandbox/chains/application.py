"""All chains behind one ECPay, as an ASGI application; slow, forbidding or careless on demand.

Faults: `slow` {"seconds": 10}, `forbidden` (whoever calls from a server gets 403 for thirty
minutes of the clock, from the first call on), and those of :mod:`emask.sandbox.chains.servers` and
:mod:`emask.sandbox.chains.pushing`.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.partners.logistics.calls import (
    CANCEL,
    CHANGE_STORE_B2C,
    CHANGE_STORE_C2C,
    CREATE,
    LABELS,
    PAUSE,
    QUERY,
    STORE_LIST,
    STORE_MAP,
)
from emask.partners.logistics.changes import C2C_LABELS
from emask.partners.logistics.kinds import Logistics
from emask.sandbox.chains.browsers import Browsers
from emask.sandbox.chains.life import Timetable
from emask.sandbox.chains.parcels import Parcels
from emask.sandbox.chains.playing import Playing
from emask.sandbox.chains.pushing import PARTNER
from emask.sandbox.chains.servers import Refusal, Servers
from emask.sandbox.ecpay.exchange import Answer, Request
from emask.sandbox.mischief import Mischief, stall
from emask.sandbox.wire import Application, Message, Receive, Send, read_body, send_content

_LONGEST: Final = 65_536
_FOR_BROWSERS: Final = frozenset({STORE_MAP})

Handler = Callable[[Request], Awaitable[Answer]]


def create_chains(
    logistics: Logistics,
    *,
    timetable: Timetable,
    clock: Clock,
    db: Database,
    mischief: Mischief,
) -> Application:
    """The chains, with one merchant's two accounts.

    Args:
        logistics: as the merchant knows itself, secrets and all.
        timetable: how long parcels take.
        clock: the time that parcels and pauses live by.
        db: where they keep what is their own.
        mischief: what is wrong with them at present.
    """
    routes = _routes(logistics, timetable, db)

    async def chains(scope: Message, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        request = Request(
            content_type=headers.get(b"content-type", b"").decode("latin-1"),
            body=await read_body(receive, longest=_LONGEST),
            at=await clock.now(),
            faults=await mischief.kinds(PARTNER),
        )
        path = scope["path"]
        handler = routes.get(path) if scope["method"] == "POST" else None
        answer = await _answer(handler, path, request, mischief)
        await send_content(
            send, answer.body.encode(), status=answer.status, content_type=answer.content_type
        )

    return chains


def _routes(logistics: Logistics, timetable: Timetable, db: Database) -> Mapping[str, Handler]:
    parcels = Parcels(db)
    servers = Servers(logistics, timetable, parcels, Playing(db, timetable))
    browsers = Browsers(logistics, parcels)
    return {
        CREATE: servers.create,
        QUERY: servers.query,
        STORE_LIST: servers.stores,
        CHANGE_STORE_B2C: servers.change_store,
        CHANGE_STORE_C2C: servers.change_store,
        CANCEL: servers.cancel,
        STORE_MAP: browsers.show_map,
        **dict.fromkeys((LABELS, *C2C_LABELS.values()), browsers.show_labels),
    }


async def _answer(
    handler: Handler | None, path: str, request: Request, mischief: Mischief
) -> Answer:
    await stall(request.faults)
    if handler is None:
        return Answer(status=404)
    if path not in _FOR_BROWSERS and await mischief.forbids(
        PARTNER, request.faults, at=request.at, pause=PAUSE
    ):
        return Answer(status=403)
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.answer
    except (KeyError, ValueError):
        return Answer(status=400)
