"""The SQL of telling a person why."""

from uuid import UUID

from emask.counter.model import Purchase
from emask.counter.queries import CardHolder
from emask.database.pool import Transaction
from emask.rules.calendar import Product


async def holder(tx: Transaction, person_id: UUID) -> CardHolder | None:
    """The person and the state of their card; None if the registry does not know them."""
    cursor = await tx.execute(
        "SELECT p.birth_date, p.name, card.active FROM person p"
        " LEFT JOIN nhi_card card USING (person_id) WHERE p.person_id = %s",
        (person_id,),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    return CardHolder(birth_date=row[0], name=row[1], card_active=row[2])


async def purchases(tx: Transaction, person_id: UUID) -> list[Purchase]:
    """What a person bought at counters, the last first."""
    cursor = await tx.execute(
        "SELECT sold_on, site.name, product, pieces, undone_at IS NOT NULL"
        " FROM counter_sale JOIN counter_site site USING (site_code)"
        " WHERE person_id = %s ORDER BY sold_at DESC, sale_id",
        (person_id,),
    )
    return [
        Purchase(
            bought_on=sold_on,
            site_name=site_name,
            product=Product(product),
            pieces=pieces,
            undone=undone,
        )
        for sold_on, site_name, product, pieces, undone in await cursor.fetchall()
    ]
