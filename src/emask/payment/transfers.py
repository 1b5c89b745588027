"""Money that goes back by transfer: to whose account, in which file, released by two people.

An account is sealed, shown to nobody, and forgotten as soon as the bank has taken its transfer.
A file is made by one operator and released by another before anybody can have it.
"""

import csv
from collections.abc import Sequence
from datetime import datetime
from io import StringIO
from typing import Final
from uuid import UUID, uuid4

from emask.database import audit_log
from emask.database.clock import Clock
from emask.database.outbox import enqueue
from emask.database.pool import Database, Transaction
from emask.database.vault import Vault
from emask.payment import refund_queries, transfer_queries
from emask.payment.model import Refund
from emask.payment.refund_model import (
    FileOfTransfers,
    Payee,
    RefundNotDue,
    StepOutcome,
    TransferWork,
    reference_of,
)
from emask.payment.transfer_queries import Key, SealedPayee, SealedTransfer
from emask.rules.entries import compact

_FIELD: Final = "refund account"
_ACTION: Final = "transfer"
_RETURNED: Final = "refund_returned"


class NothingToTransfer(LookupError):
    """No refund is due whose account is known."""


class NoSuchFile(LookupError):
    """There is no such file, or it is over."""


class SameOperator(PermissionError):
    """Whoever made a file never releases it."""


class NotReleased(PermissionError):
    """The file waits for the second operator."""


class AlreadyReleased(Exception):
    """The file has been released before."""


async def give_account(
    db: Database, clock: Clock, vault: Vault, *, person_id: UUID, event_id: UUID, payee: Payee
) -> None:
    """Keep where a person wants a refund sent; until it is listed it may be given anew.

    Raises:
        RefundNotDue: it is none of the person's by transfer, or it is on its way.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        refund = await refund_queries.hold_refund(tx, person_id, event_id)
        if refund is None or (refund.way, refund.state) != ("transfer", "due"):
            raise RefundNotDue
        sealed = vault.seal(payee.account, person_id=person_id, field=_FIELD)
        await transfer_queries.keep_payee(
            tx, Key(person_id, event_id), SealedPayee(payee.bank_code, sealed, now)
        )


async def account_given(
    tx: Transaction, vault: Vault, *, person_id: UUID, event_id: UUID
) -> Payee | None:
    """Where a person wanted a refund sent, for that person alone; None if that is not known."""
    kept = await transfer_queries.payee(tx, Key(person_id, event_id))
    if kept is None:
        return None
    account = vault.open(kept.account, person_id=person_id, field=_FIELD)
    return Payee(bank_code=kept.bank_code, account=account)


async def was_returned(tx: Transaction, *, person_id: UUID, event_id: UUID) -> bool:
    """Whether the last word on a refund is that a bank has sent it back."""
    return await transfer_queries.last_outcome(tx, Key(person_id, event_id)) == (
        StepOutcome.RETURNED
    )


async def accounts_wanted(tx: Transaction, *, person_id: UUID, round_id: str) -> set[UUID]:
    """The events whose refunds wait for an account of the person."""
    return await transfer_queries.without_account(tx, person_id, round_id)


async def make_file(db: Database, clock: Clock, *, operator: str) -> UUID:
    """Make a file of all refunds that are due and whose accounts are known.

    Raises:
        NothingToTransfer: there are none.
    """
    now, file_id = await clock.now(), uuid4()
    async with db.transaction() as tx:
        keys, total = await transfer_queries.hold_ready(tx)
        if not keys:
            raise NothingToTransfer
        await transfer_queries.insert_file(tx, file_id, keys, total=total, made_by=operator, at=now)
        await _log(tx, "make_transfer_file", file_id, len(keys), total, by=operator, at=now)
    return file_id


async def release(db: Database, clock: Clock, *, file_id: UUID, operator: str) -> None:
    """Release a file that another operator made.

    Raises:
        NoSuchFile, SameOperator, AlreadyReleased.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        file = await _under_way(tx, file_id)
        if file.released_by is not None:
            raise AlreadyReleased
        if file.made_by == operator:
            raise SameOperator
        await transfer_queries.release(tx, file_id, by=operator, at=now)
        await _log_file(tx, "release_transfer_file", file, by=operator, at=now)


async def file_content(
    db: Database, clock: Clock, vault: Vault, *, file_id: UUID, operator: str
) -> bytes:
    """A released file as the bank takes it: CSV, one transfer a line, at last number and sum.

    Raises:
        NoSuchFile, NotReleased.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        file = await _released(tx, file_id)
        content = _csv(vault, file, await transfer_queries.transfers_of(tx, file_id))
        await _log_file(tx, "download_transfer_file", file, by=operator, at=now)
    return content


async def mark_sent(db: Database, clock: Clock, *, file_id: UUID, operator: str) -> None:
    """The bank has taken a file: its refunds are done, their accounts are forgotten.

    Raises:
        NoSuchFile, NotReleased.
    """
    now = await clock.now()
    async with db.transaction() as tx:
        file = await _released(tx, file_id)
        await transfer_queries.end_sent(tx, file_id, at=now)
        await _log_file(tx, "note_transfer_file_sent", file, by=operator, at=now)


async def withdraw(
    db: Database, clock: Clock, *, file_id: UUID, operator: str, reason: str
) -> None:
    """Do not send a file after all: its refunds are due again. Raises NoSuchFile."""
    now = await clock.now()
    async with db.transaction() as tx:
        file = await _under_way(tx, file_id)
        await transfer_queries.end_withdrawn(tx, file_id, at=now)
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="withdraw_transfer_file",
            subject=str(file_id),
            detail={"transfers": file.transfers, "total": file.total, "reason": reason},
        )


async def mark_returned(
    db: Database, clock: Clock, *, person_id: UUID, event_id: UUID, operator: str
) -> None:
    """The bank could not pay a transfer out: due again, and its person is asked anew.

    Raises:
        RefundNotDue: it was not sent by transfer.
    """
    now, key = await clock.now(), Key(person_id, event_id)
    async with db.transaction() as tx:
        refund = await refund_queries.hold_refund(tx, person_id, event_id)
        if refund is None or (refund.way, refund.state) != ("transfer", "done"):
            raise RefundNotDue
        step = await transfer_queries.steps_so_far(tx, key) + 1
        await refund_queries.note_step(
            tx,
            key,
            step=step,
            action=_ACTION,
            outcome=StepOutcome.RETURNED,
            detail=str(refund.file_id),
            at=now,
        )
        await transfer_queries.mark_returned(tx, key)
        await transfer_queries.erase_payee(tx, key)
        await _ask_anew(tx, refund, step=step, at=now)
        await audit_log.record(
            tx,
            at=now,
            actor=operator,
            act="note_refund_returned",
            subject=str(person_id),
            detail={"event": str(event_id), "amount": refund.amount, "file": str(refund.file_id)},
        )


async def transfer_work(tx: Transaction) -> list[TransferWork]:
    """The refunds by transfer that are due, the oldest first."""
    return await transfer_queries.transfer_work(tx)


async def files(tx: Transaction, *, ended: int = 10) -> list[FileOfTransfers]:
    """The files under way, and the `ended` latest that are not, the latest first."""
    return await transfer_queries.files(tx, ended=ended)


async def listed_in(tx: Transaction, file_id: UUID) -> list[TransferWork]:
    """The refunds that a file under way is made of."""
    return await transfer_queries.listed_in(tx, file_id)


async def sent_with(tx: Transaction, reference: str) -> Refund | None:
    """The refund that was sent under a reference, as banks name it; None if there is not one."""
    found = await transfer_queries.sent_with(tx, compact(reference))
    return found[0].refund if len(found) == 1 else None


async def _under_way(tx: Transaction, file_id: UUID) -> FileOfTransfers:
    """A file that is not over, held. Raises NoSuchFile."""
    file = await transfer_queries.hold_file(tx, file_id)
    if file is None or file.ended_at is not None:
        raise NoSuchFile
    return file


async def _released(tx: Transaction, file_id: UUID) -> FileOfTransfers:
    """Likewise one that was released. Raises NoSuchFile and NotReleased."""
    file = await _under_way(tx, file_id)
    if file.released_at is None:
        raise NotReleased
    return file


async def _ask_anew(tx: Transaction, refund: Refund, *, step: int, at: datetime) -> None:
    await enqueue(
        tx,
        person_id=refund.person_id,
        kind=_RETURNED,
        reference=f"{refund.round_id}:{refund.event_id}:{step}",
        payload={"total": refund.amount},
        at=at,
    )


def _csv(vault: Vault, file: FileOfTransfers, transfers: Sequence[SealedTransfer]) -> bytes:
    out = StringIO()
    rows = csv.writer(out)
    rows.writerow(["bank_code", "account", "amount", "reference"])
    for key, amount, bank_code, sealed in transfers:
        account = vault.open(sealed, person_id=key.person_id, field=_FIELD)
        rows.writerow([bank_code, account, amount, reference_of(key.event_id)])
    total = sum(each.amount for each in transfers)
    if (len(transfers), total) != (file.transfers, file.total):
        raise RuntimeError("a file of transfers does not hold what it was made of")
    rows.writerow(["total", len(transfers), total, reference_of(file.file_id)])
    return out.getvalue().encode()


async def _log_file(
    tx: Transaction, act: str, file: FileOfTransfers, *, by: str, at: datetime
) -> None:
    await _log(tx, act, file.file_id, file.transfers, file.total, by=by, at=at)


async def _log(
    tx: Transaction, act: str, file_id: UUID, transfers: int, total: int, *, by: str, at: datetime
) -> None:
    await audit_log.record(
        tx,
        at=at,
        actor=by,
        act=act,
        subject=str(file_id),
        detail={"transfers": transfers, "total": total},
    )
