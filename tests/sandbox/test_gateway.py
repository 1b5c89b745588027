"""The sandbox gateway speaks so that nothing but its own words is believed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from emask.database.pool import Database
from emask.payment.ports import ForgedMessage, MessageKind
from emask.rules.price import Method
from emask.sandbox.gateway import Fields, SandboxGateway, UnknownTrade
from emask.sandbox.schema import install

SECRET = b"a secret of the tests, 32 bytes."
NOW = datetime(2020, 3, 19, 1, 0, tzinfo=UTC)
DEADLINE = NOW + timedelta(days=2)
TRADE = "EM0123456789ABCDEF01"


@pytest.fixture
async def gateway(db: Database) -> SandboxGateway:
    await install(db)
    return SandboxGateway(db, secret=SECRET)


async def opened(gateway: SandboxGateway, method: Method = Method.ATM) -> str:
    await gateway.open(trade_no=TRADE, amount=22, method=method, expires_at=DEADLINE)
    return TRADE


async def test_a_transfer_gets_an_account(gateway: SandboxGateway) -> None:
    instruction = await gateway.open(
        trade_no=TRADE, amount=22, method=Method.ATM, expires_at=DEADLINE
    )
    assert instruction.redirect_url is None
    assert instruction.bank_code is not None
    assert instruction.account is not None
    assert (len(instruction.bank_code), len(instruction.account)) == (3, 16)
    assert instruction.account.isdigit()
    assert await gateway.trade_to(instruction.account) == TRADE


@pytest.mark.parametrize("method", [Method.WEB_ATM, Method.CREDIT_CARD])
async def test_other_methods_get_a_page(gateway: SandboxGateway, method: Method) -> None:
    instruction = await gateway.open(trade_no=TRADE, amount=22, method=method, expires_at=DEADLINE)
    assert instruction.redirect_url == f"/sandbox/pay/{TRADE}"
    assert (instruction.bank_code, instruction.account) == (None, None)


async def test_what_it_tells_can_be_read(gateway: SandboxGateway) -> None:
    trade_no = await opened(gateway)
    paid = gateway.read(await gateway.pay(trade_no, at=NOW))
    assert (paid.trade_no, paid.kind, paid.amount) == (TRADE, MessageKind.PAID, 22)
    assert (paid.valued_at, paid.simulated) == (NOW, False)
    issued = gateway.read(await gateway.issue_account(trade_no, at=NOW))
    assert (issued.kind, issued.account) == (
        MessageKind.ACCOUNT_ISSUED,
        (await gateway.trade_of(trade_no)).account,
    )
    assert gateway.read(await gateway.decline(trade_no, at=NOW)).kind is MessageKind.FAILED
    assert gateway.read(await gateway.simulate(trade_no, at=NOW)).simulated
    assert gateway.read(await gateway.pay(trade_no, at=NOW, amount=7)).amount == 7


async def test_each_message_has_its_own_name_and_a_repeated_one_its_old(
    gateway: SandboxGateway,
) -> None:
    trade_no = await opened(gateway)
    with pytest.raises(UnknownTrade):
        await gateway.repeat(trade_no)
    first, second = [await gateway.pay(trade_no, at=NOW) for _ in range(2)]
    assert first["message_id"] != second["message_id"]
    assert await gateway.repeat(trade_no) == second


async def test_its_books_follow(gateway: SandboxGateway) -> None:
    trade_no = await opened(gateway, Method.CREDIT_CARD)
    assert (await gateway.trade_of(trade_no)).state == "open"
    await gateway.decline(trade_no, at=NOW)
    assert (await gateway.trade_of(trade_no)).state == "declined"
    await gateway.pay(trade_no, at=NOW)
    assert (await gateway.trade_of(trade_no)).state == "paid"


async def test_what_it_does_not_know_it_says_so(gateway: SandboxGateway) -> None:
    with pytest.raises(UnknownTrade):
        await gateway.trade_of(TRADE)
    with pytest.raises(UnknownTrade):
        await gateway.trade_to("1" * 16)


async def test_a_forgery_is_refused(gateway: SandboxGateway) -> None:
    trade_no = await opened(gateway)
    forged = await gateway.forge(trade_no, at=NOW)
    with pytest.raises(ForgedMessage):
        gateway.read(forged)
    other = SandboxGateway(gateway._db, secret=b"another secret of somebody else.")
    with pytest.raises(ForgedMessage):
        other.read(await gateway.pay(trade_no, at=NOW))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_no_field_can_be_changed_added_or_taken_away(
    gateway: SandboxGateway, data: st.DataObject
) -> None:
    fields = gateway._signed(MESSAGE)
    name = data.draw(st.sampled_from(sorted(fields)))
    changed = data.draw(st.text().filter(lambda value: value != fields[name]))
    for tampered in (
        {**fields, name: changed},
        {**fields, f"{name}_": changed},
        {each: value for each, value in fields.items() if each != name},
    ):
        with pytest.raises(ForgedMessage):
            gateway.read(tampered)


MESSAGE: Fields = {
    "trade_no": TRADE,
    "message_id": "m1",
    "kind": "paid",
    "amount": "22",
    "bank_code": "",
    "account": "",
    "valued_at": NOW.isoformat(),
    "simulated": "0",
}


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "gift"},
        {"amount": "many"},
        {"amount": "-22"},
        {"valued_at": "yesterday"},
        {"valued_at": "2020-03-19T09:00:00"},
        {"simulated": "yes"},
    ],
)
async def test_what_it_would_never_say_is_not_believed_though_it_is_signed(
    gateway: SandboxGateway, wrong: Fields
) -> None:
    with pytest.raises(ForgedMessage):
        gateway.read(gateway._signed({**MESSAGE, **wrong}))
    without = {name: value for name, value in MESSAGE.items() if name not in wrong}
    with pytest.raises(ForgedMessage):
        gateway.read(gateway._signed(without))
