"""The scene of every day: pharmacies and health centres sell (B7, B9, B18)."""

from emask.counter.service import sell, undo_sale
from emask.rehearsal.actor import Actor
from emask.rehearsal.company import Company, Tally
from emask.rehearsal.plan import BUYS_AT_COUNTER_A_DAY, UNDOES_SALE, day_matter
from emask.rules.calendar import Product, Round
from emask.rules.people import is_child


async def buy(company: Company, round: Round) -> Tally:
    """Some of everybody go to a counter today; rules and stock refuse some of them."""
    today = day_matter("buy", await company.today())

    async def act(actor: Actor) -> str:
        child = is_child(actor.person.birth_date, round.child_born_from)
        site = company.fate.one_of(actor.serial, f"site/{today}", len(company.sites))
        sale = await sell(
            company.system.db,
            company.clock,
            company.system.vault,
            site_code=company.sites[site],
            id_number=actor.person.id_number,
            product=Product.CHILD_MASK if child else Product.ADULT_MASK,
            sold_by="pharmacist",
            by_proxy=child,
        )
        if company.fate.share(actor.serial, f"undo/{today}") >= UNDOES_SALE:
            return "sold"
        await undo_sale(
            company.system.db,
            company.clock,
            person_id=sale.person_id,
            sale_id=sale.sale_id,
            reason="mistyped",
            by="pharmacist",
        )
        return "undone"

    cast = (
        actor
        for actor in company.actors.values()
        if company.fate.share(actor.serial, today) < BUYS_AT_COUNTER_A_DAY
    )
    return await company.play(cast, act)
