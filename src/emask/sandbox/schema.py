"""The tables of the doubles: what a real partner would keep on its own side."""

from emask.database.pool import Database
from emask.sandbox import (
    certificates,
    chains,
    ecpay,
    mischief,
    newebpay,
    operator,
    phone,
    sms_centre,
)

_LOCK = 0x73616E64626F78  # one installer at a time: IF NOT EXISTS alone lets two collide

_TABLES = """
CREATE SCHEMA IF NOT EXISTS sandbox;

CREATE TABLE IF NOT EXISTS sandbox.sms (
    seq        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    message_id text   NOT NULL UNIQUE,
    number     text   NOT NULL,
    text       text   NOT NULL
);
CREATE INDEX IF NOT EXISTS sms_number ON sandbox.sms (number);
"""


async def install(db: Database) -> None:
    """Create the doubles' tables where they are missing."""
    async with db.transaction() as tx:
        await tx.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
        for tables in (
            _TABLES,
            mischief.TABLES,
            certificates.TABLES,
            operator.TABLES,
            phone.TABLES,
            ecpay.TABLES,
            chains.TABLES,
            newebpay.TABLES,
            sms_centre.TABLES,
        ):
            await tx.execute(tables)
