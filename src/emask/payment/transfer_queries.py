"""The SQL of refunds by transfer: payees' accounts, and files for the bank."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from psycopg.rows import class_row, dict_row

from emask.database.pool import Transaction
from emask.payment.refund_model import FileOfTransfers, TransferWork
from emask.payment.refund_queries import LAST_STEP, REFUND, take_refund

_FILE = "file_id, made_at, made_by, transfers, total, released_at, released_by, ended_at, outcome"


class Key(NamedTuple):
    """Which refund."""

    person_id: UUID
    event_id: UUID


class SealedPayee(NamedTuple):
    """Where a refund goes, as it is kept."""

    bank_code: str
    account: bytes
    given_at: datetime


class SealedTransfer(NamedTuple):
    """A transfer of a file; the amount is NT$."""

    key: Key
    amount: int
    bank_code: str
    account: bytes


async def keep_payee(tx: Transaction, key: Key, payee: SealedPayee) -> None:
    """Keep where a refund is to be sent, in place of what was given before."""
    await tx.execute(
        "INSERT INTO payee_account (person_id, event_id, bank_code, account, given_at)"
        " VALUES (%s, %s, %s, %s, %s) ON CONFLICT (person_id, event_id) DO UPDATE SET"
        " bank_code = excluded.bank_code, account = excluded.account,"
        " given_at = excluded.given_at",
        (*key, *payee),
    )


async def payee(tx: Transaction, key: Key) -> SealedPayee | None:
    """Where a refund is to be sent, or None."""
    cursor = await tx.execute(
        "SELECT bank_code, account, given_at FROM payee_account"
        " WHERE person_id = %s AND event_id = %s",
        key,
    )
    row = await cursor.fetchone()
    return None if row is None else SealedPayee(*row)


async def erase_payee(tx: Transaction, key: Key) -> None:
    """Forget where a refund was to be sent."""
    await tx.execute("DELETE FROM payee_account WHERE person_id = %s AND event_id = %s", key)


async def hold_ready(tx: Transaction) -> tuple[list[Key], int]:
    """The refunds whose accounts are known, held; and their sum."""
    cursor = await tx.execute(
        "SELECT r.person_id, r.event_id, r.amount"
        " FROM refund r JOIN payee_account p USING (person_id, event_id)"
        " WHERE r.way = 'transfer' AND r.state = 'due'"
        " ORDER BY r.due_at, r.person_id, r.event_id FOR UPDATE OF r"
    )
    rows = await cursor.fetchall()
    return [Key(person_id, event_id) for person_id, event_id, _ in rows], sum(
        amount for _, _, amount in rows
    )


async def insert_file(
    tx: Transaction, file_id: UUID, keys: Sequence[Key], *, total: int, made_by: str, at: datetime
) -> None:
    """Make a file of these refunds, and list them in it."""
    await tx.execute(
        "INSERT INTO transfer_file (file_id, made_at, made_by, transfers, total)"
        " VALUES (%s, %s, %s, %s, %s)",
        (file_id, at, made_by, len(keys), total),
    )
    await tx.execute(
        "UPDATE refund r SET state = 'listed', file_id = %s"
        " FROM unnest(%s::uuid[], %s::uuid[]) AS held (person_id, event_id)"
        " WHERE r.person_id = held.person_id AND r.event_id = held.event_id",
        (file_id, [key.person_id for key in keys], [key.event_id for key in keys]),
    )


async def hold_file(tx: Transaction, file_id: UUID) -> FileOfTransfers | None:
    """A file, held for this transaction; None if there is none."""
    async with tx.cursor(row_factory=class_row(FileOfTransfers)) as cursor:
        await cursor.execute(
            f"SELECT {_FILE} FROM transfer_file WHERE file_id = %s FOR UPDATE", (file_id,)
        )
        return await cursor.fetchone()


async def files(tx: Transaction, *, ended: int) -> list[FileOfTransfers]:
    """The files under way, and the `ended` latest that are not, the latest first."""
    async with tx.cursor(row_factory=class_row(FileOfTransfers)) as cursor:
        await cursor.execute(
            f"(SELECT {_FILE} FROM transfer_file WHERE ended_at IS NULL)"
            f" UNION ALL (SELECT {_FILE} FROM transfer_file WHERE ended_at IS NOT NULL"
            "  ORDER BY ended_at DESC LIMIT %s) ORDER BY made_at DESC",
            (ended,),
        )
        return await cursor.fetchall()


async def transfers_of(tx: Transaction, file_id: UUID) -> list[SealedTransfer]:
    """What stands in a file that is under way."""
    cursor = await tx.execute(
        "SELECT r.person_id, r.event_id, r.amount, p.bank_code, p.account"
        " FROM refund r JOIN payee_account p USING (person_id, event_id)"
        " WHERE r.file_id = %s AND r.state = 'listed' ORDER BY r.due_at, r.person_id, r.event_id",
        (file_id,),
    )
    return [
        SealedTransfer(Key(person_id, event_id), amount, bank_code, account)
        for person_id, event_id, amount, bank_code, account in await cursor.fetchall()
    ]


async def release(tx: Transaction, file_id: UUID, *, by: str, at: datetime) -> None:
    """Release a file; the database refuses it to whoever made it."""
    await tx.execute(
        "UPDATE transfer_file SET released_at = %s, released_by = %s WHERE file_id = %s",
        (at, by, file_id),
    )


async def end_sent(tx: Transaction, file_id: UUID, *, at: datetime) -> None:
    """The bank has taken a file: its refunds are done, and their accounts forgotten."""
    await tx.execute(
        "WITH sent AS (UPDATE refund SET state = 'done', done_at = %(at)s"
        "  WHERE file_id = %(file)s AND state = 'listed' RETURNING person_id, event_id),"
        " noted AS (INSERT INTO refund_step (person_id, event_id, step, action, outcome, detail,"
        "  at) SELECT person_id, event_id, coalesce((SELECT max(s.step) FROM refund_step s"
        "   WHERE s.person_id = sent.person_id AND s.event_id = sent.event_id), 0) + 1,"
        "  'transfer', 'done', %(file)s::text, %(at)s FROM sent),"
        " erased AS (DELETE FROM payee_account p USING sent"
        "  WHERE p.person_id = sent.person_id AND p.event_id = sent.event_id)"
        " UPDATE transfer_file SET outcome = 'sent', ended_at = %(at)s WHERE file_id = %(file)s",
        {"file": file_id, "at": at},
    )


async def end_withdrawn(tx: Transaction, file_id: UUID, *, at: datetime) -> None:
    """A file is not sent after all: its refunds are due again."""
    await tx.execute(
        "WITH freed AS (UPDATE refund SET state = 'due', file_id = NULL"
        "  WHERE file_id = %(file)s AND state = 'listed')"
        " UPDATE transfer_file SET outcome = 'withdrawn', ended_at = %(at)s"
        " WHERE file_id = %(file)s",
        {"file": file_id, "at": at},
    )


async def mark_returned(tx: Transaction, key: Key) -> None:
    """What was sent came back: the refund is due again."""
    await tx.execute(
        "UPDATE refund SET state = 'due', done_at = NULL, file_id = NULL"
        " WHERE person_id = %s AND event_id = %s",
        key,
    )


async def steps_so_far(tx: Transaction, key: Key) -> int:
    """How many steps of a refund were noted."""
    cursor = await tx.execute(
        "SELECT count(*) FROM refund_step WHERE person_id = %s AND event_id = %s", key
    )
    row = await cursor.fetchone()
    return row[0] if row else 0


async def last_outcome(tx: Transaction, key: Key) -> str | None:
    """What came of a refund's last step; None before the first."""
    cursor = await tx.execute(
        "SELECT outcome FROM refund_step WHERE person_id = %s AND event_id = %s"
        " ORDER BY step DESC LIMIT 1",
        key,
    )
    row = await cursor.fetchone()
    return None if row is None else str(row[0])


async def without_account(tx: Transaction, person_id: UUID, round_id: str) -> set[UUID]:
    """The events of a person whose refunds go by transfer, to an account not yet given."""
    cursor = await tx.execute(
        "SELECT r.event_id FROM refund r LEFT JOIN payee_account p USING (person_id, event_id)"
        " WHERE r.person_id = %s AND r.round_id = %s AND r.way = 'transfer'"
        " AND r.state = 'due' AND p.given_at IS NULL",
        (person_id, round_id),
    )
    return {row[0] for row in await cursor.fetchall()}


async def transfer_work(tx: Transaction) -> list[TransferWork]:
    """The refunds by transfer that are due, the oldest first."""
    return await _transfers(
        tx, "r.way = 'transfer' AND r.state = 'due' ORDER BY r.due_at, r.person_id, r.event_id"
    )


async def listed_in(tx: Transaction, file_id: UUID) -> list[TransferWork]:
    """The refunds that a file under way is made of."""
    return await _transfers(
        tx,
        "r.file_id = %s AND r.state = 'listed' ORDER BY r.due_at, r.person_id, r.event_id",
        file_id,
    )


async def sent_with(tx: Transaction, reference: str) -> list[TransferWork]:
    """The refunds that were sent under a reference: one, as good as always."""
    return await _transfers(
        tx,
        "r.way = 'transfer' AND r.state = 'done'"
        " AND left(upper(replace(r.event_id::text, '-', '')), 20) = %s",
        reference,
    )


async def _transfers(tx: Transaction, condition: str, *values: UUID | str) -> list[TransferWork]:
    async with tx.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(
            f"SELECT {REFUND}, p.given_at, last.outcome IS NOT DISTINCT FROM 'returned' AS returned"
            f" FROM refund r {LAST_STEP} LEFT JOIN payee_account p"
            " ON p.person_id = r.person_id AND p.event_id = r.event_id"
            f" WHERE {condition}",
            values,
        )
        rows = await cursor.fetchall()
    return [TransferWork(refund=take_refund(row), **row) for row in rows]
