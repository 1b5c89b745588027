"""Statements on the tables of the sandbox's certificates."""

from typing import Final

from emask.database.pool import Transaction

TABLES: Final = """
CREATE TABLE IF NOT EXISTS sandbox.certificate (
    serial_number text    PRIMARY KEY,
    condition     text    NOT NULL DEFAULT 'good'
                  CHECK (condition IN ('good', 'expired', 'revoked', 'untrusted')),
    wrong_pins    integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE sandbox.certificate IS 'Citizen certificates that are not as new.';

CREATE TABLE IF NOT EXISTS sandbox.card_key (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    pkcs8     bytea   NOT NULL
);
COMMENT ON TABLE sandbox.card_key IS 'The RSA key on every made-up certificate card.';
"""


async def condition(tx: Transaction, serial_number: str) -> str:
    """What is the matter with a certificate."""
    cursor = await tx.execute(
        "SELECT condition FROM sandbox.certificate WHERE serial_number = %s", (serial_number,)
    )
    row = await cursor.fetchone()
    return row[0] if row else "good"


async def set_condition(tx: Transaction, serial_number: str, condition: str) -> None:
    """Note what is the matter with a certificate."""
    await tx.execute(
        "INSERT INTO sandbox.certificate (serial_number, condition) VALUES (%s, %s)"
        " ON CONFLICT (serial_number) DO UPDATE SET condition = excluded.condition",
        (serial_number, condition),
    )


async def revoked(tx: Transaction) -> list[str]:
    """The serial numbers of all that are revoked."""
    cursor = await tx.execute(
        "SELECT serial_number FROM sandbox.certificate WHERE condition = 'revoked'"
        " ORDER BY serial_number"
    )
    return [row[0] for row in await cursor.fetchall()]


async def count_pin(tx: Transaction, serial_number: str, *, wrong: bool, tries: int) -> int:
    """Count a PIN that was tried: how many in a row were wrong. A locked card stays locked."""
    cursor = await tx.execute(
        "INSERT INTO sandbox.certificate AS kept (serial_number, wrong_pins)"
        " VALUES (%(serial)s, %(wrong)s) ON CONFLICT (serial_number) DO UPDATE"
        " SET wrong_pins = CASE WHEN kept.wrong_pins >= %(tries)s THEN kept.wrong_pins"
        " WHEN %(wrong)s = 0 THEN 0 ELSE kept.wrong_pins + 1 END RETURNING wrong_pins",
        {"serial": serial_number, "wrong": int(wrong), "tries": tries},
    )
    row = await cursor.fetchone()
    return int(row[0]) if row else 0


async def kept_key(tx: Transaction) -> bytes | None:
    """The key on the cards, PKCS#8; None before it was made."""
    cursor = await tx.execute("SELECT pkcs8 FROM sandbox.card_key")
    row = await cursor.fetchone()
    return bytes(row[0]) if row else None


async def keep_key(tx: Transaction, pkcs8: bytes) -> bytes:
    """Keep a key unless there is one already: the one that is kept."""
    cursor = await tx.execute(
        "INSERT INTO sandbox.card_key AS kept (pkcs8) VALUES (%s)"
        " ON CONFLICT (singleton) DO UPDATE SET pkcs8 = kept.pkcs8 RETURNING pkcs8",
        (pkcs8,),
    )
    row = await cursor.fetchone()
    return bytes(row[0]) if row else pkcs8
