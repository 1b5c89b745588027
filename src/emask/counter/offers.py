"""What a counter proposes to whoever stands before it, before anybody chooses (B1, B9)."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from emask.counter import visit_queries as queries
from emask.counter.model import Answer, Paper
from emask.counter.service import check
from emask.database.clock import Clock
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.rounds.service import policy_on
from emask.rules.calendar import CounterPolicy, Product, day_in_taipei
from emask.rules.eligibility import check_counter_person
from emask.rules.people import is_child, last_digit, normalise_id
from emask.rules.refusals import ChildNotEligible, ProductNotForAdult, Refusal


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product and whether this person may have it here and now."""

    product: Product
    answer: Answer


async def offers_to(
    db: Database,
    clock: Clock,
    vault: Vault,
    *,
    site_code: str,
    id_number: str,
    paper: Paper = Paper.NHI_CARD,
) -> tuple[Offer, ...]:
    """What the holder of a card may buy, the product of their own age first; reads only.

    Never empty: where nothing may be bought, it is the first product with its refusal.

    Raises:
        UnknownSite, InvalidEntry: as in :func:`emask.counter.service.check`.
    """
    number = normalise_id(id_number)
    day = day_in_taipei(await clock.now())
    async with db.connection() as tx:
        born = await queries.birth_date(tx, vault.person_id(number))
        policy = await policy_on(tx, day)
    offers = [
        Offer(
            product=product,
            answer=await check(
                db,
                clock,
                vault,
                site_code=site_code,
                id_number=number,
                product=product,
                paper=paper,
            ),
        )
        for product in _products(policy, born, day=day, digit=last_digit(number))
    ]
    return tuple(offer for offer in offers if offer.answer.allowed) or (offers[0],)


async def acted_for(tx: Transaction, visit_id: UUID) -> dict[Product, int]:
    """For how many others a visitor has bought, by what was bought."""
    adults, children = await queries.acted_for(tx, visit_id)
    return {Product.ADULT_MASK: adults, Product.CHILD_MASK: children}


def _products(
    policy: CounterPolicy, born: date | None, *, day: date, digit: int
) -> tuple[Product, ...]:
    """What somebody born then may have at all, whatever else stands in the way today."""
    if born is None:
        return (Product.ADULT_MASK,)
    child_first = is_child(born, policy.child_born_from)
    order = tuple(Product)[::-1] if child_first else tuple(Product)
    meant = tuple(
        product
        for product in order
        if _for_this_age(policy, born, product=product, day=day, digit=digit)
    )
    return meant or order[:1]


def _for_this_age(
    policy: CounterPolicy, born: date, *, product: Product, day: date, digit: int
) -> bool:
    try:
        check_counter_person(
            policy, birth_date=born, product=product, day=day, id_number_last_digit=digit
        )
    except (ChildNotEligible, ProductNotForAdult):
        return False
    except Refusal:  # a day of others' last digits, say: not a matter of age
        return True
    return True
