"""What the operator has given out: codes and access tokens, in tables that all processes share."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from emask.database.pool import Database

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sandbox.authorisation (
    code           text        PRIMARY KEY,
    mobile         text        NOT NULL,
    redirect_uri   text        NOT NULL,
    nonce          text        NOT NULL,
    code_challenge text        NOT NULL,
    scope          text        NOT NULL,
    amr            text        NOT NULL,
    issued_at      timestamptz NOT NULL
);
CREATE TABLE IF NOT EXISTS sandbox.access_token (
    token      text        PRIMARY KEY,
    mobile     text,
    scope      text        NOT NULL,
    single_use boolean     NOT NULL,
    expires_at timestamptz NOT NULL
);
COMMENT ON COLUMN sandbox.access_token.mobile IS 'Nothing in a token that stands for no user.';
CREATE TABLE IF NOT EXISTS sandbox.client_assertion (
    jti text PRIMARY KEY
);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorisation:
    """What a code stands for; `scope` as it was asked for, `amr` how the phone was recognised."""

    mobile: str
    redirect_uri: str
    nonce: str
    code_challenge: str
    scope: str
    amr: str
    issued_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What an access token opens; three-legged ones stand for a user's line, `mobile`."""

    mobile: str | None
    scope: str
    expires_at: datetime


class Grants:
    """Keeps what was given out; a code, a single-use token and an assertion are taken once."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def give_code(self, code: str, given: Authorisation) -> None:
        """A code, given out anew where it was before."""
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO sandbox.authorisation (code, mobile, redirect_uri, nonce,"
                " code_challenge, scope, amr, issued_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
                " ON CONFLICT (code) DO UPDATE SET redirect_uri = excluded.redirect_uri,"
                " nonce = excluded.nonce, code_challenge = excluded.code_challenge,"
                " issued_at = excluded.issued_at",
                (
                    code,
                    given.mobile,
                    given.redirect_uri,
                    given.nonce,
                    given.code_challenge,
                    given.scope,
                    given.amr,
                    given.issued_at,
                ),
            )

    async def take_code(self, code: str) -> Authorisation | None:
        """What the code stands for; it stands for nothing afterwards."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "DELETE FROM sandbox.authorisation WHERE code = %s RETURNING mobile,"
                " redirect_uri, nonce, code_challenge, scope, amr, issued_at",
                (code,),
            )
            row = await cursor.fetchone()
        if row is None:
            return None
        return Authorisation(
            mobile=row[0],
            redirect_uri=row[1],
            nonce=row[2],
            code_challenge=row[3],
            scope=row[4],
            amr=row[5],
            issued_at=row[6],
        )

    async def give_token(self, token: str, access: Access, *, single_use: bool) -> None:
        """An access token."""
        async with self._db.connection() as connection:
            await connection.execute(
                "INSERT INTO sandbox.access_token (token, mobile, scope, single_use, expires_at)"
                " VALUES (%s, %s, %s, %s, %s)",
                (token, access.mobile, access.scope, single_use, access.expires_at),
            )

    async def use_token(self, token: str) -> Access | None:
        """What the token opens; one for single use opens nothing afterwards."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "WITH taken AS (DELETE FROM sandbox.access_token WHERE token = %(token)s"
                " AND single_use RETURNING mobile, scope, expires_at)"
                " SELECT mobile, scope, expires_at FROM taken UNION ALL"
                " SELECT mobile, scope, expires_at FROM sandbox.access_token"
                " WHERE token = %(token)s AND NOT single_use",
                {"token": token},
            )
            row = await cursor.fetchone()
        return Access(mobile=row[0], scope=row[1], expires_at=row[2]) if row else None

    async def first_use(self, jti: str) -> bool:
        """Whether a client's assertion comes for the first time."""
        async with self._db.connection() as connection:
            cursor = await connection.execute(
                "INSERT INTO sandbox.client_assertion (jti) VALUES (%s) ON CONFLICT DO NOTHING",
                (jti,),
            )
            return cursor.rowcount == 1
