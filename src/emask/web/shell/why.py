"""The same "why" on every screen: what may be bought at a counter today, and from when on."""

from uuid import UUID

from emask.counter.why import Why, why
from emask.database.pool import Transaction
from emask.identity.registry import id_number_of
from emask.rounds.service import NoPolicy
from emask.rules.calendar import day_in_taipei
from emask.rules.people import last_digit
from emask.web.shell.page import Page


async def why_today(page: Page, tx: Transaction, person_id: UUID) -> Why | None:
    """What a person of the registry is told; None while no policy is in force.

    Raises:
        UnknownPerson: nobody in the registry has this id.
    """
    id_number = await id_number_of(tx, page.system.vault, person_id)
    try:
        return await why(
            tx,
            person_id=person_id,
            last_digit=last_digit(id_number),
            day=day_in_taipei(page.now),
        )
    except NoPolicy:
        return None
