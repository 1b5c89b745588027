"""ECPay behind payment's port."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import httpx2
import pytest

from emask.partners.ecpay import EcpayGateway
from emask.partners.ecpay.wire import form_body
from emask.payment.ports import (
    CardState,
    ForgedMessage,
    Gateway,
    MessageKind,
    NoAnswer,
    Question,
    Reply,
)
from emask.rules.words import Method
from partners.ecpay import ISSUED, MERCHANT, PAID, TRADE, sent
from partners.test_ecpay_calls import INFO, Server, raw
from partners.test_ecpay_checkout import ADDRESSES, PURCHASE
from partners.test_ecpay_daily_file import FIRST, HEADINGS, ROW, content

NOW = datetime(2020, 3, 19, 3, 0, tzinfo=UTC)  # 11:00 in Taipei
QUESTION = Question(
    trade_no=TRADE, amount=22, method=Method.ATM, opened_at=NOW - timedelta(minutes=11)
)
CARD = replace(QUESTION, method=Method.CREDIT_CARD)
UNPAID = raw(sent(INFO, TradeStatus="0", PaymentDate=""))


class Servers:
    """Answers each path with one thing; `asked` are the paths."""

    def __init__(self, **bodies: bytes) -> None:
        self.bodies = bodies
        self.asked: list[str] = []

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        call = request.url.path.split("/")[2]
        self.asked.append(call)
        return httpx2.Response(200, content=self.bodies[call])

    @property
    def gateway(self) -> EcpayGateway:
        transport = httpx2.MockTransport(self.answer)
        return EcpayGateway(MERCHANT, httpx2.AsyncClient(transport=transport))


GATEWAY: Gateway = Servers().gateway


def body(fields: dict[str, str]) -> bytes:
    return form_body(fields)


def test_what_it_is() -> None:
    assert (GATEWAY.name, GATEWAY.cashier) == ("ecpay", "https://cashier.test")
    assert GATEWAY.taken == Reply(status=200, content="1|OK")
    assert GATEWAY.not_genuine == Reply(status=200, content="0|CheckMacValue Error")


def test_the_origin_of_a_cashier_below_a_path() -> None:
    merchant = replace(MERCHANT, cashier="http://127.0.0.1:8010/ecpay")
    assert EcpayGateway(merchant, httpx2.AsyncClient()).cashier == "http://127.0.0.1:8010"


def test_a_trade_begins_with_a_form() -> None:
    form = GATEWAY.checkout(PURCHASE, ADDRESSES, at=NOW)
    assert form.action == "https://cashier.test/Cashier/AioCheckOut/V5"
    assert form.fields["MerchantTradeNo"] == TRADE


def test_messages() -> None:
    paid, simulated, issued, failed = (
        GATEWAY.read(body(fields), at=NOW)
        for fields in (
            sent(PAID),
            sent(PAID, SimulatePaid="1"),
            sent(ISSUED),
            sent(PAID, RtnCode="10100058", PaymentDate=""),
        )
    )
    assert (paid.kind, paid.simulated, paid.amount) == (MessageKind.PAID, False, 22)
    assert paid.gateway_trade_no == "2003191030001234"
    assert (simulated.kind, simulated.simulated) == (MessageKind.PAID, True)
    assert (issued.kind, issued.bank_code) == (MessageKind.ACCOUNT_ISSUED, "004")
    assert failed.kind is MessageKind.FAILED
    assert len({each.message_id for each in (paid, simulated, issued, failed)}) == 4


@pytest.mark.parametrize("forged", [body(sent(PAID) | {"TradeAmt": "23"}), b"", b"\xff"])
def test_a_forged_push_is_one_to_payment_too(forged: bytes) -> None:
    with pytest.raises(ForgedMessage):
        GATEWAY.read(forged, at=NOW)


@pytest.mark.parametrize("brought", [body(sent(PAID)), body(sent(ISSUED)), b"\xff"])
def test_nothing_is_read_of_what_the_browser_brings(brought: bytes) -> None:
    assert GATEWAY.read_returned(brought, at=NOW) is None


async def test_a_query_says_what_the_push_would_have() -> None:
    standing = await Servers(QueryTradeInfo=raw(sent(INFO))).gateway.ask(QUESTION, at=NOW)
    assert [*standing.messages] == [GATEWAY.read(body(sent(PAID)), at=NOW)]
    assert (standing.card, standing.card_reckoned) == (None, False)


@pytest.mark.parametrize(
    ("at", "state"),
    [(NOW, CardState.AUTHORISED), (NOW + timedelta(days=1), CardState.CLOSED)],
)
async def test_how_far_a_card_is_follows_from_the_clock(at: datetime, state: CardState) -> None:
    standing = await Servers(QueryTradeInfo=raw(sent(INFO))).gateway.ask(CARD, at=at)
    assert (standing.card, standing.card_reckoned) == (state, True)


async def test_an_account_whose_push_was_lost_is_found() -> None:
    servers = Servers(QueryTradeInfo=UNPAID, QueryPaymentInfo=raw(sent(ISSUED)))
    standing = await servers.gateway.ask(QUESTION, at=NOW)
    assert [*standing.messages] == [GATEWAY.read(body(sent(ISSUED)), at=NOW)]
    assert servers.asked == ["QueryTradeInfo", "QueryPaymentInfo"]


@pytest.mark.parametrize("code", ["10200095", "10200047"])
async def test_without_a_trade_there_is_no_account_to_ask_for(code: str) -> None:
    servers = Servers(QueryTradeInfo=raw(sent(INFO, TradeStatus=code, PaymentDate="")))
    assert not (await servers.gateway.ask(QUESTION, at=NOW)).messages
    assert servers.asked == ["QueryTradeInfo"]


async def test_an_unpaid_card_says_nothing_before_ten_minutes() -> None:
    gateway = Servers(QueryTradeInfo=UNPAID).gateway
    assert not (await gateway.ask(CARD, at=NOW)).messages
    with pytest.raises(NoAnswer):
        await gateway.ask(replace(CARD, opened_at=NOW - timedelta(minutes=9)), at=NOW)


async def test_the_file_of_a_day() -> None:
    server = Server(content(HEADINGS, FIRST))
    gateway = EcpayGateway(MERCHANT, server.client)
    assert await gateway.settled(date(2020, 3, 19), at=NOW) == [ROW]
    [(_, fields)] = server.asked
    assert (fields["BeginDate"], fields["EndDate"]) == ("2020-03-19", "2020-03-19")
    assert gateway.read_settled(content(HEADINGS, FIRST)) == [ROW]
