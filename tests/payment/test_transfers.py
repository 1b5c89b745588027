"""Refunds by transfer: whose account, which file, and two people for each of them."""

import asyncio
import csv
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from psycopg.errors import CheckViolation

from emask.database.vault import Vault
from emask.payment import refunds, transfer_queries, transfers
from emask.payment.model import Refund
from emask.payment.refund_model import FileOfTransfers, Payee, RefundNotDue, reference_of
from emask.payment.transfers import (
    AlreadyReleased,
    NoSuchFile,
    NothingToTransfer,
    NotReleased,
    SameOperator,
)
from emask.rules.price import Method
from payment.market import Market

POST_OFFICE = Payee(bank_code="700", account="00012345678901")


async def owed(market: Market, amount: int = 21) -> Refund:
    """A transfer that pays nothing, and goes back."""
    person_id = await market.order()
    await market.issue(person_id)
    trade_no = await market.trade(person_id, Method.ATM)
    now = await market.town.clock.now()
    await market.receive(market.till.pay(trade_no, at=now, amount=amount))
    return await refund_of(market, person_id)


async def refund_of(market: Market, person_id: UUID) -> Refund:
    async with market.town.db.transaction() as tx:
        (found,) = await refunds.refunds_of(tx, person_id=person_id, round_id=market.town.round.id)
    return found


async def give(market: Market, refund: Refund, payee: Payee = POST_OFFICE) -> None:
    town = market.town
    await transfers.give_account(
        *(town.db, town.clock, town.vault),
        person_id=refund.person_id,
        event_id=refund.event_id,
        payee=payee,
    )


async def given(market: Market, refund: Refund) -> Payee | None:
    async with market.town.db.transaction() as tx:
        return await transfers.account_given(
            tx, market.town.vault, person_id=refund.person_id, event_id=refund.event_id
        )


async def make(market: Market, operator: str = "wang") -> UUID:
    return await transfers.make_file(market.town.db, market.town.clock, operator=operator)


async def release(market: Market, file_id: UUID, operator: str = "li") -> None:
    await transfers.release(market.town.db, market.town.clock, file_id=file_id, operator=operator)


async def content(market: Market, file_id: UUID) -> list[list[str]]:
    town = market.town
    text = await transfers.file_content(
        *(town.db, town.clock, town.vault), file_id=file_id, operator="li"
    )
    return list(csv.reader(text.decode().splitlines()))


async def send(market: Market, file_id: UUID) -> None:
    await transfers.mark_sent(market.town.db, market.town.clock, file_id=file_id, operator="li")


async def withdraw(market: Market, file_id: UUID) -> None:
    await transfers.withdraw(
        market.town.db, market.town.clock, file_id=file_id, operator="li", reason="too early"
    )


async def come_back(market: Market, refund: Refund) -> None:
    await transfers.mark_returned(
        market.town.db,
        market.town.clock,
        person_id=refund.person_id,
        event_id=refund.event_id,
        operator="li",
    )


async def files(market: Market) -> list[FileOfTransfers]:
    async with market.town.db.transaction() as tx:
        return await transfers.files(tx)


async def acts(market: Market) -> list[str]:
    return [row[0] for row in await market.town.rows("SELECT act FROM audit_log ORDER BY seq")]


async def test_an_account_is_sealed_and_may_be_given_anew_until_it_is_listed(
    market: Market, vault: Vault
) -> None:
    refund = await owed(market)
    assert refund.way == "transfer"
    assert await given(market, refund) is None
    await give(market, refund)
    await give(market, refund, Payee(bank_code="004", account="123456"))
    assert await given(market, refund) == Payee(bank_code="004", account="123456")
    kept = await market.town.value("SELECT account FROM payee_account")
    assert isinstance(kept, bytes)
    assert b"123456" not in kept
    await make(market)
    with pytest.raises(RefundNotDue):
        await give(market, refund)


async def test_nobody_gives_an_account_for_another_s_refund_or_for_a_card(market: Market) -> None:
    refund = await owed(market)
    stranger = await market.order()
    town = market.town
    with pytest.raises(RefundNotDue):
        await transfers.give_account(
            *(town.db, town.clock, town.vault),
            person_id=stranger,
            event_id=refund.event_id,
            payee=POST_OFFICE,
        )
    trade_no = await market.trade(stranger)
    await market.receive(market.till.pay(trade_no, at=await town.clock.now(), amount=5))
    with pytest.raises(RefundNotDue):
        await give(market, await refund_of(market, stranger))


async def test_a_file_holds_what_is_due_and_known(market: Market) -> None:
    known, unknown, late = await owed(market, 21), await owed(market, 20), await owed(market, 19)
    await give(market, known)
    await give(market, late, Payee(bank_code="004", account="123456"))
    file_id = await make(market)
    with pytest.raises(NothingToTransfer):
        await make(market)
    (file,) = await files(market)
    assert (file.file_id, file.transfers, file.total, file.made_by) == (file_id, 2, 40, "wang")
    assert (await refund_of(market, unknown.person_id)).state == "due"
    async with market.town.db.transaction() as tx:
        listed = await transfers.listed_in(tx, file_id)
    assert {each.refund.event_id for each in listed} == {known.event_id, late.event_id}

    with pytest.raises(NotReleased):
        await content(market, file_id)
    await release(market, file_id)
    head, *rows, total = await content(market, file_id)
    assert head == ["bank_code", "account", "amount", "reference"]
    assert sorted(rows) == [
        ["004", "123456", "19", reference_of(late.event_id)],
        ["700", "00012345678901", "21", reference_of(known.event_id)],
    ]
    assert total == ["total", "2", "40", reference_of(file_id)]
    assert await acts(market) == [
        "make_transfer_file",
        "release_transfer_file",
        "download_transfer_file",
    ]
    assert (await market.money()).balanced


async def test_two_people_are_needed(market: Market) -> None:
    await give(market, await owed(market))
    file_id = await make(market, "wang")
    with pytest.raises(SameOperator):
        await release(market, file_id, "wang")
    with pytest.raises(NotReleased):
        await send(market, file_id)
    await release(market, file_id, "li")
    with pytest.raises(AlreadyReleased):
        await release(market, file_id, "chen")
    (file,) = await files(market)
    assert (file.made_by, file.released_by) == ("wang", "li")


async def test_the_database_refuses_a_release_by_the_maker_whatever_the_code_does(
    market: Market,
) -> None:
    await give(market, await owed(market))
    file_id, now = await make(market, "wang"), await market.town.clock.now()
    with pytest.raises(CheckViolation):
        async with market.town.db.transaction() as tx:
            await transfer_queries.release(tx, file_id, by="wang", at=now)
    with pytest.raises(CheckViolation):
        async with market.town.db.transaction() as tx:
            await transfer_queries.end_sent(tx, file_id, at=now)  # sent without a release

    # the negative control: without that constraint, nothing but the code would refuse it
    (name,) = (
        row[0]
        for row in await market.town.rows(
            "SELECT conname FROM pg_constraint WHERE conrelid = 'transfer_file'::regclass"
            " AND pg_get_constraintdef(oid) LIKE '%%released_by <> made_by%%'"
        )
    )
    await market.town.rows(f"ALTER TABLE transfer_file DROP CONSTRAINT {name}")
    async with market.town.db.transaction() as tx:
        await transfer_queries.release(tx, file_id, by="wang", at=now)
    (file,) = await files(market)
    assert file.released_by == file.made_by


async def test_what_is_sent_is_done_and_its_account_forgotten(market: Market) -> None:
    refund = await owed(market)
    await give(market, refund)
    file_id = await make(market)
    await release(market, file_id)
    await send(market, file_id)
    done = await refund_of(market, refund.person_id)
    assert (done.state, done.done_at) == ("done", await market.town.clock.now())
    async with market.town.db.transaction() as tx:
        assert await transfers.sent_with(tx, f" {reference_of(done.event_id).lower()}") == done
    assert await market.town.rows("SELECT FROM payee_account") == []
    assert await market.town.rows("SELECT action, outcome, detail FROM refund_step") == [
        ("transfer", "done", str(file_id))
    ]
    summary = await market.money()
    assert (summary.refunds_due, summary.refunds_done, summary.balanced) == (0, 21, True)
    for again in (send, withdraw, release, content):
        with pytest.raises(NoSuchFile):
            await again(market, file_id)


async def test_a_withdrawn_file_lets_its_refunds_be_due_again(market: Market) -> None:
    refund = await owed(market)
    await give(market, refund)
    file_id = await make(market)
    await release(market, file_id)
    await withdraw(market, file_id)
    again = await refund_of(market, refund.person_id)
    assert (again.state, again.file_id) == ("due", None)
    await give(market, refund)
    assert await make(market) != file_id
    assert {file.outcome for file in await files(market)} == {None, "withdrawn"}
    with pytest.raises(NoSuchFile):
        await withdraw(market, uuid4())


async def test_what_a_bank_returns_is_asked_for_anew(market: Market) -> None:
    refund = await owed(market)
    with pytest.raises(RefundNotDue):
        await come_back(market, refund)
    for _ in range(2):
        await give(market, refund)
        file_id = await make(market)
        await release(market, file_id)
        await send(market, file_id)
        await market.town.clock.set(await market.town.clock.now() + timedelta(days=1))
        await come_back(market, refund)
        due = await refund_of(market, refund.person_id)
        assert (due.state, due.done_at, due.file_id) == ("due", None, None)
        assert await given(market, refund) is None
    told = await market.town.rows(
        "SELECT payload FROM outbox WHERE kind = 'refund_returned' AND person_id = %s",
        refund.person_id,
    )
    assert told == [({"total": 21},), ({"total": 21},)]
    async with market.town.db.transaction() as tx:
        (work,) = await transfers.transfer_work(tx)
        assert await transfers.sent_with(tx, reference_of(refund.event_id)) is None
    assert (work.refund, work.returned, work.given_at) == (due, True, None)
    assert (await market.money()).balanced


async def test_no_account_is_in_the_audit_log(market: Market) -> None:
    refund = await owed(market)
    await give(market, refund)
    file_id = await make(market)
    await release(market, file_id)
    await content(market, file_id)
    await send(market, file_id)
    await come_back(market, refund)
    log = str(await market.town.rows("SELECT act, subject, detail::text FROM audit_log"))
    assert POST_OFFICE.account not in log
    assert "download_transfer_file" in log


async def test_a_refund_is_listed_once_however_many_make_files(market: Market) -> None:
    for _ in range(5):
        await give(market, await owed(market))
    made = await asyncio.gather(
        *(make(market, f"operator {each}") for each in range(4)), return_exceptions=True
    )
    assert len([each for each in made if isinstance(each, UUID)]) == 1
    assert len([each for each in made if isinstance(each, NothingToTransfer)]) == 3
    (file,) = await files(market)
    assert file.transfers == 5


async def test_without_holding_them_refunds_would_be_listed_twice(market: Market) -> None:
    """The negative control: two who have read what is ready, and none of whom holds it."""
    await give(market, await owed(market))
    async with market.town.db.transaction() as tx:
        keys, total = await transfer_queries.hold_ready(tx)  # let go at once
    now = await market.town.clock.now()
    for operator in ("wang", "li"):
        async with market.town.db.transaction() as tx:
            await transfer_queries.insert_file(
                tx, uuid4(), keys, total=total, made_by=operator, at=now
            )
    assert sum(file.transfers for file in await files(market)) == 2  # of one refund


async def test_who_gives_an_account_while_a_file_is_made_is_in_it_or_told_so(
    market: Market,
) -> None:
    refund = await owed(market)
    await give(market, refund)
    anew = Payee(bank_code="004", account="123456")
    file_id, answer = await asyncio.gather(
        make(market), give(market, refund, anew), return_exceptions=True
    )
    assert isinstance(file_id, UUID)
    await release(market, file_id)
    (_, row, _) = await content(market, file_id)
    expected = POST_OFFICE if isinstance(answer, RefundNotDue) else anew
    assert row[:2] == [expected.bank_code, expected.account]
