"""NewebPay behind payment's port."""

from datetime import date, datetime
from urllib.parse import urlencode

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.partners.newebpay import NewebPayGateway
from emask.payment.ports import (
    CardAction,
    CardRefund,
    CardState,
    ForgedMessage,
    Gateway,
    MessageKind,
    NoAnswer,
    Paused,
    Question,
    Reply,
    UnreadableFile,
)
from emask.rules.calendar import TAIPEI
from emask.rules.words import Method
from emask.sandbox.wire import caller
from partners.newebpay import ADDRESSES, ISSUED, MERCHANT, NOW, PAID, TRADE_NO, purchase, push, told
from sandbox.newebpay_shop import Shop

GATEWAY: Gateway = NewebPayGateway(MERCHANT, httpx2.AsyncClient())
QUESTION = Question(trade_no=TRADE_NO, amount=22, method=Method.CREDIT_CARD, opened_at=NOW)


@pytest.fixture
async def shop(db: Database, clock: SetClock) -> Shop:
    return await Shop.stand(db, clock)


def body(fields: dict[str, str]) -> bytes:
    return urlencode(fields).encode()


def answering(status: str) -> NewebPayGateway:
    """A gateway whose server refuses."""
    content = f'{{"Status": "{status}", "Message": "", "Result": []}}'
    transport = httpx2.MockTransport(lambda _: httpx2.Response(200, text=content))
    return NewebPayGateway(MERCHANT, httpx2.AsyncClient(transport=transport))


def test_what_it_is() -> None:
    assert (GATEWAY.name, GATEWAY.cashier) == ("newebpay", "http://partners")
    assert GATEWAY.taken == Reply(status=200, content="OK")
    assert GATEWAY.not_genuine.status == 400


def test_a_trade_begins_with_a_form() -> None:
    form = GATEWAY.checkout(purchase(), ADDRESSES, at=NOW)
    assert form.action == "http://partners/newebpay/MPG/mpg_gateway"


def test_messages() -> None:
    paid = GATEWAY.read(body(push(told("SUCCESS", PAID))), at=NOW)
    assert (paid.kind, paid.simulated) == (MessageKind.PAID, False)
    assert paid.gateway_trade_no == "20032009000012345"
    issued = GATEWAY.read(body(push(told("SUCCESS", ISSUED))), at=NOW)
    assert (issued.kind, issued.valued_at) == (MessageKind.ACCOUNT_ISSUED, NOW)


@pytest.mark.parametrize(
    "forged", [b"", b"\xff", body(push(told("SUCCESS", PAID)) | {"TradeSha": "0" * 64})]
)
def test_what_is_not_signed_is_forged_and_brings_nothing(forged: bytes) -> None:
    with pytest.raises(ForgedMessage):
        GATEWAY.read(forged, at=NOW)
    assert GATEWAY.read_returned(forged, at=NOW) is None


def test_the_browser_brings_the_account_and_never_money() -> None:
    issued = body(push(told("SUCCESS", ISSUED)))
    assert GATEWAY.read_returned(issued, at=NOW) == GATEWAY.read(issued, at=NOW)
    for brought in (told("SUCCESS", PAID), told("MPG03009", PAID)):
        assert GATEWAY.read_returned(body(push(brought)), at=NOW) is None


async def test_a_query_tells_of_the_money_and_the_card(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    async with caller(shop.wire) as client:
        standing = await NewebPayGateway(MERCHANT, client).ask(QUESTION, at=NOW)
    assert [each.message_id for each in standing.messages] == [shop.pushes[0].message_id]
    assert (standing.card, standing.card_reckoned) == (CardState.AUTHORISED, False)


async def test_a_query_tells_of_the_account(shop: Shop) -> None:
    brought = await shop.bring_account()
    async with caller(shop.wire) as client:
        standing = await NewebPayGateway(MERCHANT, client).ask(QUESTION, at=NOW)
    assert [*standing.messages] == [GATEWAY.read_returned(body(brought), at=NOW)]
    assert standing.card is None


async def test_a_card_is_given_back(shop: Shop) -> None:
    await shop.pay(Method.CREDIT_CARD)
    number = shop.pushes[0].gateway_trade_no
    refund = CardRefund(trade_no=TRADE_NO, gateway_trade_no=number, paid=22, back=22)
    step = GATEWAY.next_step(refund, CardState.AUTHORISED)
    assert step == (CardAction.ABANDON, CardState.GIVEN_BACK)
    async with caller(shop.wire) as client:
        gateway = NewebPayGateway(MERCHANT, client)
        await gateway.take_step(refund, CardAction.ABANDON, at=NOW)
        assert (await gateway.ask(QUESTION, at=NOW)).card is CardState.GIVEN_BACK


async def test_a_refusal_is_no_answer_and_a_lock_a_pause() -> None:
    with pytest.raises(NoAnswer, match="TRA10054"):
        await answering("TRA10054").ask(QUESTION, at=NOW)
    with pytest.raises(Paused) as paused:
        await answering("TRA10071").ask(QUESTION, at=NOW)
    assert paused.value.until == datetime(2020, 3, 20, 13, 0, tzinfo=TAIPEI)


async def test_there_is_no_file() -> None:
    assert await GATEWAY.settled(date(2020, 3, 20), at=NOW) is None
    with pytest.raises(UnreadableFile):
        GATEWAY.read_settled(b"")
