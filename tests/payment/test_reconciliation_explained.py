"""Differences that somebody has explained, and until when they stay so."""

import pytest

from draw.town import Town
from emask.database.audit_log import first_broken_link
from emask.payment.reconciliation import NoSuchDifference, explain
from emask.payment.reconciliation_model import Reason
from payment.books import DAY, Books, FakeGateway


@pytest.fixture
def books(town: Town) -> Books:
    return Books(town=town, gateway=FakeGateway())


async def explained(books: Books, trade_no: str, reason: Reason = Reason.NOT_IN_FILE) -> None:
    await explain(
        books.town.db,
        books.town.clock,
        gateway="ecpay",
        day=DAY,
        trade_no=trade_no,
        reason=reason,
        operator="operator",
        explanation=" listed a day later ",
    )


async def test_an_explanation_stays_as_long_as_the_amounts_that_it_explains(books: Books) -> None:
    trade_no = await books.paid()
    await books.held_against()
    with pytest.raises(NoSuchDifference):
        await explained(books, trade_no, Reason.WRONG_AMOUNT)
    await explained(books, trade_no)
    with pytest.raises(NoSuchDifference):
        await explained(books, trade_no)
    again = await books.held_against()
    assert again.sound
    assert again.differences[0].explanation == "listed a day later"
    assert again.differences[0].explained_by == "operator"

    await books.take(books.told(trade_no, number="G2"))
    other = await books.held_against()
    assert not other.sound
    assert other.differences[0].explanation is None


async def test_explaining_is_in_the_audit_log(books: Books) -> None:
    trade_no = await books.paid()
    await books.held_against()
    with pytest.raises(ValueError, match="empty"):
        await explain(
            books.town.db,
            books.town.clock,
            gateway="ecpay",
            day=DAY,
            trade_no=trade_no,
            reason=Reason.NOT_IN_FILE,
            operator="operator",
            explanation=" ",
        )
    await explained(books, trade_no)
    logged = await books.town.rows("SELECT actor, act, subject, detail FROM audit_log")
    assert logged == [
        (
            "operator",
            "explain_difference",
            f"ecpay/2020-03-19/{trade_no}",
            {
                "reason": "not_in_file",
                "file_amount": 0,
                "ledger_amount": 22,
                "explanation": "listed a day later",
            },
        )
    ]
    async with books.town.db.transaction() as tx:
        assert await first_broken_link(tx) is None
