"""A counter without a line: what it goes by, its page as a browser keeps it, and what it sold."""

from typing import Any, Final

import msgspec
from litestar import Response, get, post
from litestar.exceptions import ClientException
from litestar.status_codes import HTTP_200_OK, HTTP_410_GONE

from emask.counter.model import UnknownSite
from emask.counter.offline import MOST_AT_ONCE, ListOfAnotherSite, SealedSale, reconcile
from emask.counter.offline_list import ListBroken, OfflineKeys, issue_list
from emask.counter.sites import found_site
from emask.programme.system import System
from emask.rules.refusals import SiteInactive
from emask.web.counter.screen import empty_screen, offline_facts, site_code
from emask.web.shell.assets import BUILT
from emask.web.shell.page import ThisPage, WebRequest

_MOST_BYTES: Final = 4 * 1024 * 1024
"""Of `MOST_AT_ONCE` sealed sales, a kilobyte each, with room to spare."""


class _Upload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    signed: str
    sales: list[SealedSale]


@get("/counter/offline-list")
async def tell_list(page: ThisPage) -> Response[dict[str, str]]:
    """A fresh list for the site, good for a day; none for one that takes part no longer."""
    async with page.system.db.transaction() as tx:
        found = await found_site(tx, site_code(page))
        if found is None:
            raise UnknownSite
        if not found.active:
            return Response({"code": SiteInactive.code}, status_code=HTTP_410_GONE)
        issued = await issue_list(
            tx, page.system.vault, _keys(page.system), site=found.site, now=page.now
        )
    return Response({"signed": issued.signed, "digests": issued.digests})


@post("/counter/offline-sales", status_code=HTTP_200_OK, request_max_body_size=_MOST_BYTES)
async def take_offline_sales(page: ThisPage, request: WebRequest) -> Response[dict[str, Any]]:
    """What was sold on a list meanwhile. The answer tells which sales have come, and no more.

    Whoever stands in line now has nothing to do with those that were none.
    """
    try:
        upload = msgspec.json.decode(await request.body(), type=_Upload)
        if len(upload.sales) > MOST_AT_ONCE:
            raise ClientException
        reconciled = await reconcile(
            page.system.db,
            page.system.clock,
            page.system.vault,
            _keys(page.system),
            site_code=site_code(page),
            signed_list=upload.signed,
            sales=upload.sales,
            by=page.staff.username,
        )
    except (msgspec.DecodeError, ListBroken, ListOfAnotherSite) as broken:
        raise ClientException from broken
    outcomes = {
        str(sale_id): "confirmed" if refusal is None else "conflict"
        for sale_id, refusal in reconciled.outcomes.items()
    }
    short = {product.value: pieces for product, pieces in reconciled.short.items()}
    return Response({"outcomes": outcomes, "short": short})


@get("/counter/offline")
async def show_shell(page: ThisPage) -> Response[str]:
    """The page as a browser keeps it for days without a line: nothing of anybody stands in it."""
    return page.show(
        "counter/counter.html",
        {"site": None, "screen": empty_screen(page), "shell": True, **offline_facts(page)},
    )


@get("/counter/worker.js", media_type="text/javascript", sync_to_thread=False)
def tell_worker(page: ThisPage) -> Response[bytes]:
    """The program by which a browser shows its kept page for the counter's address."""
    file = BUILT / "counter_worker.js"
    return Response(
        file.read_bytes() if file.exists() else b"",
        media_type="text/javascript",
        headers={"service-worker-allowed": page.url("/counter"), "cache-control": "no-cache"},
    )


def _keys(system: System) -> OfflineKeys:
    keys = system.site_keys
    return OfflineKeys(lists=keys.lists, queue=keys.queue, salts=keys.salts)


PUBLIC = [show_shell, tell_worker]
STAFF = [tell_list, take_offline_sales]
