"""Before signing in: what this is, whether it is for you, and where else to buy."""

from enum import StrEnum

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.draw.service import record_of
from emask.rounds.service import current_round, load_round, next_round, policy_on
from emask.rules.calendar import Product, day_in_taipei
from emask.web.shell.page import Page, SentForm, ThisPage


class ForWhom(StrEnum):
    """What sign-in cannot tell: whom the masks are for (B1, B5)."""

    ADULT = "adult"
    CHILD = "child"

    @property
    def product(self) -> Product:
        return Product.ADULT_MASK if self is ForWhom.ADULT else Product.CHILD_MASK


@get("/")
async def start(page: ThisPage) -> Response[str]:
    """The start page: who, how much, until when, what is needed."""
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
        coming = await next_round(tx, now_on) if now_on else None
    facts = {
        "round": now_on,
        "phase": now_on.phase(page.now) if now_on else None,
        "next_round": coming,
    }
    return page.show("citizen/start.html", facts)


@get("/check")
async def ask_for_whom(page: ThisPage) -> Response[str]:
    """Adult or child masks?"""
    return page.show("citizen/check.html", {"offered": await _offered(page)})


@post("/check", status_code=HTTP_200_OK)
async def check_for_whom(page: ThisPage, form: SentForm) -> Response[str] | Redirect:
    """On to signing in, or to where the other kind of mask is sold (B5)."""
    choice = form.choose("for_whom", ForWhom, page.say("選擇要預購成人口罩或兒童口罩"))
    offered = await _offered(page)
    if choice is None:
        return page.show(
            "citizen/check.html",
            {"form": form, "offered": offered},
            status=HTTP_422_UNPROCESSABLE_ENTITY,
        )
    if choice.product is offered:
        return page.go("/identify")
    return page.go("/child-masks" if choice is ForWhom.CHILD else "/ways-to-buy")


@get("/child-masks")
async def tell_of_child_masks(page: ThisPage) -> Response[str]:
    """Where child masks are sold: a place to go, not an error."""
    async with page.system.db.transaction() as tx:
        policy = await policy_on(tx, day_in_taipei(page.now))
    return page.show("citizen/child_masks.html", {"policy": policy})


@get("/rounds/{round_id:str}/draw")
async def tell_draw(page: ThisPage, round_id: FromPath[str]) -> Response[str]:
    """The public draw: what was promised before it, and what came of it."""
    async with page.system.db.transaction() as tx:
        drawn = await load_round(tx, round_id)
        record = await record_of(tx, round_id)
    return page.show("citizen/draw.html", {"round": drawn, "record": record})


@get("/ways-to-buy")
async def tell_ways_to_buy(page: ThisPage) -> Response[str]:
    """Every channel and its rule (B17, B18)."""
    async with page.system.db.transaction() as tx:
        policy = await policy_on(tx, day_in_taipei(page.now))
    return page.show("citizen/ways_to_buy.html", {"policy": policy})


@get("/accessibility")
async def tell_accessibility(page: ThisPage) -> Response[str]:
    """The accessibility statement."""
    return page.show("citizen/accessibility.html", {})


async def _offered(page: Page) -> Product:
    """The kind of mask that the present round is about."""
    async with page.system.db.transaction() as tx:
        now_on = await current_round(tx, page.now)
    return now_on.product if now_on else Product.ADULT_MASK


PUBLIC = [
    start,
    ask_for_whom,
    check_for_whom,
    tell_of_child_masks,
    tell_draw,
    tell_ways_to_buy,
    tell_accessibility,
]
