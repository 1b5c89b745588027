"""The logistics centre: how many packs go to which store (B16)."""

from litestar import Response, get

from emask.delivery.packing import packing_list
from emask.rounds.model import Chain
from emask.rounds.service import all_rounds
from emask.web.shell.page import ThisPage


@get("/centre")
async def show_packing(page: ThisPage) -> Response[str]:
    """The packing lists of the centre's own chain, the latest round first."""
    chain = Chain(page.staff.chain or "")
    async with page.system.db.transaction() as tx:
        lists = [
            (each, await packing_list(tx, round_id=each.id, chain=chain))
            for each in reversed(await all_rounds(tx))
            if each.opens_at <= page.now
        ]
    return page.show("store/centre.html", {"chain": chain, "lists": lists})


CENTRE = [show_packing]
