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
    "SELECT pg_try_advisory_xact_lock(hashtextextended(%(client)s || ' ' || %(key)s, 0))"
    " FROM api_client WHERE client_id = %(client)s AND ended_at IS NULL"
)


async def begin_call(tx: Transaction, client_id: str, key: str) -> bool | None:
    """Hold a client's key; False if another call holds it, None if the client has ended."""
    cursor = await tx.execute(BEGIN_CALL, {"client": client_id, "key": key})
    row = await cursor.fetchone()
    return row[0] if row else None


async def kept_call(tx: Transaction, client_id: str, key: str) -> tuple[bytes, Told] | None:
    """The fingerprint of what was called with a key before, and the answer; None if nothing was."""
    cursor = await tx.execute(
        "SELECT fingerprint, status, media_type, language, body FROM idempotent_call"
        " WHERE client_id = %s AND key = %s",
        (client_id, key),
    )
    row = await cursor.fetchone()
    if row is None:
        return None
    fingerprint, status, media_type, language, body = row
    told = Told(status=status, media_type=media_type, language=language, body=body)
    return fingerprint, told


async def keep_call(
    tx: Transaction, client_id: str, key: str, *, fingerprint: bytes, told: Told, at: datetime
) -> None:
    """Keep an answer beside its effect."""
    await tx.execute(
        "INSERT INTO idempotent_call"
        " (client_id, key, fingerprint, status, media_type, language, body, called_at)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *(client_id, key, fingerprint),
            *(told.status, told.media_type, told.language, told.body, at),
        ),
    )


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
