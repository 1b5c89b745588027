"""The SQL of who stands at a counter."""

from datetime import date
from uuid import UUID

from emask.database.pool import Transaction


async def birth_date(tx: Transaction, person_id: UUID) -> date | None:
    """When a person was born; None for nobody that the registry knows."""
    cursor = await tx.execute("SELECT birth_date FROM person WHERE person_id = %s", (person_id,))
    row = await cursor.fetchone()
    return row[0] if row else None


async def acted_for(tx: Transaction, visit_id: UUID) -> tuple[int, int]:
    """For how many other adults and children a visitor has bought."""
    cursor = await tx.execute(
        "SELECT adults, children FROM proxy_visit WHERE visit_id = %s", (visit_id,)
    )
    return await cursor.fetchone() or (0, 0)
