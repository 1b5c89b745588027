"""What the sandbox's Mitake keeps of messages; their texts are at the phones alone."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from emask.database.pool import Transaction

TABLES = """
CREATE TABLE IF NOT EXISTS sandbox.mitake_message (
    msgid      bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    client_id  text        NOT NULL,
    number     text        NOT NULL,
    response   text        NOT NULL,
    taken_at   timestamptz NOT NULL,
    flag       text        NOT NULL DEFAULT '1',
    changed_at timestamptz NOT NULL,
    pushed     boolean     NOT NULL DEFAULT false
);
CREATE INDEX IF NOT EXISTS mitake_client_id ON sandbox.mitake_message (client_id, taken_at);
CREATE INDEX IF NOT EXISTS mitake_to_push ON sandbox.mitake_message (msgid) WHERE NOT pushed;
"""
_LOCK = 0x4D6974616B65  # one call at a time: two with the same clientid must see one another


class Kept(NamedTuple):
    """A message, as far as it has come."""

    msgid: str
    number: str
    response: str
    flag: str
    changed_at: datetime


async def lock(tx: Transaction) -> None:
    """Wait until no other call is being taken."""
    await tx.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))


async def take(
    tx: Transaction, *, client_id: str, number: str, response: str, at: datetime
) -> tuple[str, bool]:
    """Take a message; its id, and whether it is new: within twelve hours it is the same one."""
    cursor = await tx.execute(
        "SELECT msgid FROM sandbox.mitake_message"
        " WHERE client_id = %s AND taken_at > %s::timestamptz - interval '12 hours'",
        (client_id, at),
    )
    known = await cursor.fetchone()
    if known is not None:
        return str(known[0]), False
    cursor = await tx.execute(
        "INSERT INTO sandbox.mitake_message (client_id, number, response, taken_at, changed_at)"
        " VALUES (%s, %s, %s, %s, %s) RETURNING msgid",
        (client_id, number, response, at, at),
    )
    row = await cursor.fetchone()
    return str(row[0] if row else ""), True


async def found(tx: Transaction, msgids: Sequence[str]) -> list[Kept]:
    """Those of the messages that are known, the newest first."""
    cursor = await tx.execute(
        "SELECT msgid::text, number, response, flag, changed_at FROM sandbox.mitake_message"
        " WHERE msgid::text = ANY(%s) ORDER BY msgid DESC",
        (list(msgids),),
    )
    return [Kept(*row) for row in await cursor.fetchall()]


async def end(tx: Transaction, *, flag: str, at: datetime) -> list[Kept]:
    """End what is under way with a status flag; all whose receipts are still to be pushed."""
    await tx.execute(
        "UPDATE sandbox.mitake_message SET flag = %s, changed_at = %s WHERE flag = '1'", (flag, at)
    )
    cursor = await tx.execute(
        "SELECT msgid::text, number, response, flag, changed_at FROM sandbox.mitake_message"
        " WHERE NOT pushed AND response <> '' ORDER BY msgid"
    )
    return [Kept(*row) for row in await cursor.fetchall()]


async def mark_pushed(tx: Transaction, msgid: str) -> int:
    """Note that a receipt has come home."""
    cursor = await tx.execute(
        "UPDATE sandbox.mitake_message SET pushed = true WHERE msgid = %s::bigint AND NOT pushed",
        (msgid,),
    )
    return cursor.rowcount
