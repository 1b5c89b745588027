"""The SQL of pharmacies' software: clients, the proofs they used, what their calls were told."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from psycopg.types.json import Jsonb

from emask.database.pool import Transaction

# ---------------------------------------------------------------- clients


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """Software that acts for a site, known by its public keys (a JWK Set)."""

    client_id: str
    site_code: str
    name: str
    jwks: dict[str, Any]
    added_at: datetime
    ended_at: datetime | None


async def add(
    tx: Transaction, *, client_id: str, site_code: str, name: str, jwks: object, at: datetime
) -> bool:
    """Add a client; False if there is or was one of this id."""
    cursor = await tx.execute(
        "INSERT INTO api_client (client_id, site_code, name, jwks, added_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
        (client_id, site_code, name, Jsonb(jwks), at),
    )
    return cursor.rowcount == 1


async def replace_keys(tx: Transaction, client_id: str, jwks: object) -> bool:
    """Change a client's keys; False unless there is one that has not ended."""
    cursor = await tx.execute(
        "UPDATE api_client SET jwks = %s WHERE client_id = %s AND ended_at IS NULL",
        (Jsonb(jwks), client_id),
    )
    return cursor.rowcount == 1


async def end(tx: Transaction, client_id: str, *, at: datetime) -> bool:
    """End a client; False unless there is one that has not ended."""
    cursor = await tx.execute(
        "UPDATE api_client SET ended_at = %s WHERE client_id = %s AND ended_at IS NULL",
        (at, client_id),
    )
    return cursor.rowcount == 1


_CLIENT: Final = "SELECT client_id, site_code, name, jwks, added_at, ended_at FROM api_client"


async def client(tx: Transaction, client_id: str) -> Client | None:
    """The client of an id, or None if there is none that has not ended."""
    cursor = await tx.execute(f"{_CLIENT} WHERE client_id = %s AND ended_at IS NULL", (client_id,))
    row = await cursor.fetchone()
    return _client(row) if row else None


async def clients(tx: Transaction) -> list[Client]:
    """All of them, by id."""
    cursor = await tx.execute(f"{_CLIENT} ORDER BY client_id")
    return [_client(row) for row in await cursor.fetchall()]


def _client(row: tuple[Any, ...]) -> Client:
    client_id, site_code, name, jwks, added_at, ended_at = row
    return Client(
        client_id=client_id,
        site_code=site_code,
        name=name,
        jwks=jwks,
        added_at=added_at,
        ended_at=ended_at,
    )


# ---------------------------------------------------------------- proofs

USE_ASSERTION: Final = (
    "INSERT INTO api_client_assertion (client_id, jti, expires_at) VALUES (%s, %s, %s)"
    " ON CONFLICT DO NOTHING"
)


async def use_assertion(
    tx: Transaction, client_id: str, jti: bytes, *, expires_at: datetime
) -> bool:
    """Note a proof as used; False if it was."""
    cursor = await tx.execute(USE_ASSERTION, (client_id, jti, expires_at))
    return cursor.rowcount == 1


# ---------------------------------------------------------------- calls


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a call was answered, to the byte."""

    status: int
    media_type: str
    language: str
    body: bytes


# Held until the transaction ends: a second call with the same key learns of the first at once.
BEGIN_CALL: Final = (
    "SELECT pg_try_advisory_xact_lock(hashtextextended(client_id || ' ' || %(key)s, 0)),"
    " fingerprint, status, media_type, language, body"
    " FROM api_client"
    " LEFT JOIN (SELECT * FROM idempotent_call WHERE key = %(key)s) AS kept USING (client_id)"
    " WHERE client_id = %(client)s AND ended_at IS NULL"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """Whether a call holds its key, and what was told with it before, about which contents."""

    held: bool
    fingerprint: bytes | None
    told: Told | None


async def begin_call(tx: Transaction, client_id: str, key: str) -> Begun | None:
    """Hold a client's key, unless another call does; None if the client has ended."""
    cursor = await tx.execute(BEGIN_CALL, {"client": client_id, "key": key})
    row = await cursor.fetchone()
    if row is None:
        return None
    held, fingerprint, status, media_type, language, body = row
    if fingerprint is None:
        return Begun(held=held, fingerprint=None, told=None)
    told = Told(status=status, media_type=media_type, language=language, body=body)
    return Begun(held=held, fingerprint=fingerprint, told=told)


KEEP_CALL: Final = (
    "INSERT INTO idempotent_call"
    " (client_id, key, fingerprint, status, media_type, language, body, called_at)"
    " VALUES (%s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING"
)


async def keep_call(
    tx: Transaction, client_id: str, key: str, *, fingerprint: bytes, told: Told, at: datetime
) -> bool:
    """Keep an answer beside its effect; False if one is kept already."""
    cursor = await tx.execute(
        KEEP_CALL,
        (
            *(client_id, key, fingerprint),
            *(told.status, told.media_type, told.language, told.body, at),
        ),
    )
    return cursor.rowcount == 1


async def person_of_sale(tx: Transaction, site_code: str, sale_id: UUID) -> UUID | None:
    """To whom a site sold in this sale; None if it has no such sale."""
    cursor = await tx.execute(
        "SELECT person_id FROM counter_sale WHERE site_code = %s AND sale_id = %s",
        (site_code, sale_id),
    )
    row = await cursor.fetchone()
    return row[0] if row else None


async def delete_older(tx: Transaction, calls_before: datetime, proofs_before: datetime) -> int:
    """Delete what calls were told before one instant and proofs that expired before another."""
    calls = await tx.execute("DELETE FROM idempotent_call WHERE called_at < %s", (calls_before,))
    proofs = await tx.execute(
        "DELETE FROM api_client_assertion WHERE expires_at < %s", (proofs_before,)
    )
    return calls.rowcount + proofs.rowcount
