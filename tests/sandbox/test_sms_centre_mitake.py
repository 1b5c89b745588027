"""The sandbox's Mitake, spoken to by hand and by our own adapter."""

from urllib.parse import quote

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.notices.ports import Delivery, NotAllTaken, Receipt, Sms, SmsNotTaken
from emask.partners.sms.mitake import Mitake, MitakeAccount
from emask.partners.sms.mitake_answers import push_reply, read_push
from emask.sandbox import schema, sms_centre
from emask.sandbox.mischief import Mischief
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre import PARTNER, SandboxMitake
from emask.sandbox.wire import Wire, caller

NUMBER = "0912345678"
RECEIPTS = "http://127.0.0.1:8011/receipts/6f1c"
ACCOUNT = MitakeAccount(
    base_url="http://127.0.0.1:8010/mitake",
    username="emask",
    password="correct horse",
    receipts_url=RECEIPTS,
    seconds=5,
)


class Us:
    """Where receipts come to: reads them as we do, or does not answer."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self.answering = True

    async def __call__(self, request: httpx2.Request) -> httpx2.Response:
        assert str(request.url).startswith(RECEIPTS)
        receipt = read_push(dict(request.url.params))
        self.receipts.append(receipt)
        return httpx2.Response(200, content=push_reply(receipt) if self.answering else b"OK")


@pytest.fixture
async def mischief(db: Database) -> Mischief:
    await schema.install(db)
    async with db.transaction() as tx:
        await tx.execute(sms_centre.TABLES)
    return Mischief(db)


@pytest.fixture
def phones(db: Database) -> SandboxSms:
    return SandboxSms(db)


@pytest.fixture
def us() -> Us:
    return Us()


@pytest.fixture
def centre(
    db: Database, clock: SetClock, mischief: Mischief, phones: SandboxSms, us: Us
) -> SandboxMitake:
    return SandboxMitake(
        db,
        clock,
        mischief,
        username=ACCOUNT.username,
        password=ACCOUNT.password,
        phones=phones,
        pushes=httpx2.AsyncClient(transport=httpx2.MockTransport(us)),
    )


@pytest.fixture
def client(centre: SandboxMitake) -> httpx2.AsyncClient:
    return caller(Wire({f"/{PARTNER}": centre}))


@pytest.fixture
def mitake(client: httpx2.AsyncClient) -> Mitake:
    return Mitake(client, ACCOUNT)


def sms(message_id: str, text: str = "【口罩預購】中籤。", number: str = NUMBER) -> Sms:
    return Sms(message_id=message_id, number=number, text=text)


async def test_a_message_arrives_once(mitake: Mitake, phones: SandboxSms) -> None:
    (first,) = await mitake.send([sms("a", "測𠮷&+%\n二")])
    assert await mitake.send([sms("a", "測𠮷&+%\n二")]) == [first]
    (arrived,) = await phones.messages_for(NUMBER)
    assert arrived.text == "測𠮷&+%\n二"


async def test_bulk_keeps_order_and_refuses_one_by_one(mitake: Mitake, phones: SandboxSms) -> None:
    messages = [sms("a", "$$一\n二"), sms("b", number="0212345678"), sms("c", "三")]
    a, b, c = await mitake.send(messages)
    assert [each.refused_code for each in (a, b, c)] == [None, "v", None]
    assert [taken.text for taken in await phones.messages_for(NUMBER)] == ["$$一\n二", "三"]
    assert await mitake.send(messages) == [a, b, c]
    assert await phones.count() == 2


async def test_more_than_a_call_holds_is_sent_in_several(
    mitake: Mitake, phones: SandboxSms
) -> None:
    ids = await mitake.send([sms(f"m{number}") for number in range(501)])
    assert len(set(ids)) == 501
    assert await phones.count() == 501


async def test_a_wrong_password_is_told_by_a_letter_alone(
    client: httpx2.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stranger = MitakeAccount(base_url=ACCOUNT.base_url, username="emask", password="wrong secret")
    assert "wrong" not in repr(stranger)
    with pytest.raises(SmsNotTaken) as refused:
        await Mitake(client, stranger).send([sms("a"), sms("b")])
    assert "mitake: no message was taken, statuscode e" in caplog.messages
    told = caplog.text + repr(refused.value)
    assert "HTTP Request: POST http://127.0.0.1:8010/mitake/api/mtk/SmBulkSend " in told
    assert not [secret for secret in ("wrong", "secret", NUMBER) if secret in told]


async def test_without_a_charset_the_text_is_big5(
    client: httpx2.AsyncClient, phones: SandboxSms
) -> None:
    body = f"username=emask&password=correct+horse&dstaddr={NUMBER}&smbody={quote('口罩')}"
    await client.post(f"{ACCOUNT.base_url}/api/mtk/SmSend", content=body)
    (arrived,) = await phones.messages_for(NUMBER)
    assert arrived.text != "口罩"


@pytest.mark.parametrize("fault", ["big5", "receipt_before_response"])
async def test_odd_answers_are_understood(
    mitake: Mitake, mischief: Mischief, us: Us, fault: str
) -> None:
    await mischief.begin(PARTNER, fault)
    sent, other = await mitake.send([sms("a"), sms("b", number="1")])
    assert other.refused_code == "v"
    early = fault == "receipt_before_response"
    assert [receipt.provider_id for receipt in us.receipts] == ([sent.provider_id] if early else [])


async def test_down_takes_nothing(mitake: Mitake, mischief: Mischief, phones: SandboxSms) -> None:
    await mischief.begin(PARTNER, "down")
    with pytest.raises(NotAllTaken) as failure:
        await mitake.send([sms("a")])
    assert (failure.value.taken, failure.value.unanswered) == ({}, frozenset())
    assert await phones.count() == 0


async def test_an_answer_that_is_late_sends_nothing_twice(
    client: httpx2.AsyncClient, mischief: Mischief, phones: SandboxSms
) -> None:
    hasty = MitakeAccount(
        base_url=ACCOUNT.base_url, username="emask", password="correct horse", seconds=0.3
    )
    await mischief.begin(PARTNER, "slow", {"seconds": 5})
    with pytest.raises(NotAllTaken) as failure:
        await Mitake(client, hasty).send([sms("a")])
    assert failure.value.unanswered == {"a"}
    await mischief.end(PARTNER)
    await Mitake(client, ACCOUNT).send([sms("a")])
    assert await phones.count() == 1


async def test_too_many_connections_is_for_later(mitake: Mitake, mischief: Mischief) -> None:
    await mischief.begin(PARTNER, "refuse", {"statuscode": "l"})
    with pytest.raises(SmsNotTaken):
        await mitake.send([sms("a"), sms("b")])


async def test_receipts_are_pushed_until_they_are_answered(
    mitake: Mitake, centre: SandboxMitake, us: Us, clock: SetClock
) -> None:
    (sent,) = await mitake.send([sms("a")])
    us.answering = False
    assert await centre.push_receipts() == 0
    us.answering = True
    assert await centre.push_receipts() == 1
    assert await centre.push_receipts() == 0
    delivered = [(sent.provider_id, Delivery.DELIVERED, await clock.now())]
    told = [(receipt.provider_id, receipt.delivery, receipt.at) for receipt in us.receipts]
    assert told == 2 * delivered


async def test_receipts_may_come_twice(
    mitake: Mitake, centre: SandboxMitake, mischief: Mischief, us: Us
) -> None:
    await mitake.send([sms("a")])
    await mischief.begin(PARTNER, "duplicate")
    assert await centre.push_receipts() == 1
    assert len(us.receipts) == 2


async def test_what_was_pushed_can_be_asked(
    mitake: Mitake, centre: SandboxMitake, mischief: Mischief
) -> None:
    first, second = [each.provider_id or "" for each in await mitake.send([sms("a"), sms("b")])]
    await mischief.begin(PARTNER, "undelivered", {"StatusFlag": "8"})
    await centre.push_receipts()
    receipts = await mitake.query([first, second, "99999"])
    assert {receipt.provider_id: receipt.delivery for receipt in receipts} == {
        first: Delivery.EXPIRED,
        second: Delivery.EXPIRED,
    }
    assert await mitake.cancel([first, "99999"]) == {
        first: Delivery.EXPIRED,
        "99999": Delivery.UNKNOWN,
    }
    assert await mitake.balance() == 100_000
