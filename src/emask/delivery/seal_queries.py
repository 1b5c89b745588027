"""The SQL of the seal on a round's hand-overs."""

from datetime import datetime
from typing import NamedTuple

from emask.database.pool import Transaction

SEAL = "seal_collections"
"""The act under which the audit log keeps it."""


class Digest(NamedTuple):
    """How many hand-overs stand, and the SHA-256 of all, those taken back too, in hexadecimal."""

    packs: int
    sha256: str


async def digest(tx: Transaction, round_id: str, *, before: datetime) -> Digest:
    """What the tables say of a round's hand-overs before an instant, store by store."""
    cursor = await tx.execute(
        "SELECT coalesce(sum(packs), 0)::bigint,"
        " encode(sha256(coalesce(string_agg(rows, '' ORDER BY chain, store_code), '')), 'hex')"
        " FROM (SELECT chain, store_code, count(*) FILTER (WHERE undone_at IS NULL) AS packs,"
        "  sha256(convert_to(string_agg(jsonb_build_array(person_id, nth, chain, store_code,"
        "   extract(epoch FROM collected_at), document, by_proxy, c.clerk,"
        "   extract(epoch FROM undone_at), reason, u.clerk)::text, ''"
        "   ORDER BY person_id, nth), 'UTF8')) AS rows"
        "  FROM collection c LEFT JOIN collection_undone u USING (person_id, round_id, nth)"
        "  WHERE round_id = %s AND collected_at < %s GROUP BY chain, store_code)"
        " AS of_store",
        (round_id, before),
    )
    row = await cursor.fetchone()
    if row is None:
        raise LookupError("an aggregate returned no row")
    return Digest(*row)


async def sealed_digest(tx: Transaction, round_id: str) -> Digest | None:
    """What the audit log says of them; None while they are not sealed."""
    cursor = await tx.execute(
        "SELECT (detail ->> 'packs')::bigint, detail ->> 'sha256' FROM audit_log"
        " WHERE act = %s AND subject = %s",
        (SEAL, round_id),
    )
    row = await cursor.fetchone()
    return Digest(*row) if row else None
