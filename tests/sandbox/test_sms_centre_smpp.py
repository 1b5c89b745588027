"""The sandbox's SMPP centre and our own client, over real sockets on loopback."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.notices.ports import Delivery, NotAllTaken, Receipt, Sms, SmsNotTaken
from emask.partners.sms.smpp import Smpp
from emask.partners.sms.smpp_link import SmppAccount
from emask.sandbox import schema
from emask.sandbox.mischief import Mischief
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre import SMPP, SandboxSmpp

NUMBER = "0912345678"
LONG = "測" * 66 + "𠮷" + "罩" * 80


class Heard:
    """The receipts that came."""

    def __init__(self) -> None:
        self.receipts: list[Receipt] = []
        self._come = asyncio.Condition()

    async def __call__(self, receipt: Receipt) -> None:
        async with self._come:
            self.receipts.append(receipt)
            self._come.notify_all()

    async def wait(self, count: int) -> None:
        async with asyncio.timeout(5), self._come:
            await self._come.wait_for(lambda: len(self.receipts) >= count)

    def told(self) -> list[tuple[str, Delivery]]:
        return [(receipt.provider_id, receipt.delivery) for receipt in self.receipts]


@pytest.fixture
async def mischief(db: Database) -> Mischief:
    await schema.install(db)
    return Mischief(db)


@pytest.fixture
def phones(db: Database) -> SandboxSms:
    return SandboxSms(db)


@pytest.fixture
async def centre(
    clock: SetClock, mischief: Mischief, phones: SandboxSms
) -> AsyncIterator[SandboxSmpp]:
    centre = SandboxSmpp(clock, mischief, system_id="emask", password="correct", phones=phones)
    yield centre
    await centre.stop()


@pytest.fixture
async def account(centre: SandboxSmpp) -> SmppAccount:
    return SmppAccount(
        host="127.0.0.1",
        port=await centre.start(),
        system_id="emask",
        password="correct",
        source="emask",
        tls=False,
        seconds=2,
        pauses=(0.01, 0.02),
    )


@pytest.fixture
def heard() -> Heard:
    return Heard()


@pytest.fixture
async def smpp(account: SmppAccount, heard: Heard) -> AsyncIterator[Smpp]:
    async with Smpp(account, hear=heard) as smpp:
        yield smpp


def sms(message_id: str, text: str = "【口罩預購】中籤。", number: str = NUMBER) -> Sms:
    return Sms(message_id=message_id, number=number, text=text)


@pytest.mark.parametrize("text", ["口罩", LONG, "NT$22 {€}", "mask €" * 60, "測" * 71])
async def test_texts_arrive_as_they_were(
    smpp: Smpp, phones: SandboxSms, heard: Heard, text: str
) -> None:
    (sent,) = await smpp.send([sms("a", text)])
    (arrived,) = await phones.messages_for(NUMBER)
    assert arrived.text == text
    await heard.wait(1)
    assert heard.told() == [(sent.provider_id, Delivery.DELIVERED)]


async def test_what_was_taken_is_not_sent_again(smpp: Smpp, phones: SandboxSms) -> None:
    messages = [sms(f"m{number}") for number in range(50)]
    ids = await smpp.send([*messages, messages[0]])
    assert len(set(ids)) == 50
    assert await smpp.send(messages) == ids[:50]
    assert await phones.count() == 50


async def test_without_its_memory_it_would_be_sent_again(smpp: Smpp, phones: SandboxSms) -> None:
    await smpp.send([sms("a")])
    smpp._sent.clear()
    await smpp.send([sms("a")])
    assert await phones.count() == 2


async def test_one_number_that_is_none_is_refused_alone(smpp: Smpp, phones: SandboxSms) -> None:
    ids = await smpp.send([sms("a"), sms("b", number="0212345678"), sms("c")])
    assert [each.refused_code for each in ids] == [None, "0x0b", None]
    assert await phones.count() == 2


@pytest.mark.parametrize("status", [0x58, 0x14])
async def test_we_are_slower_when_the_centre_wants_it(
    smpp: Smpp, mischief: Mischief, phones: SandboxSms, status: int
) -> None:
    await mischief.begin(SMPP, "refuse", {"status": status, "times": 2})
    await smpp.send([sms("a", LONG)])
    assert (await phones.messages_for(NUMBER))[0].text == LONG


async def test_what_is_throttled_for_long_waits_and_goes_on_where_it_stood(
    smpp: Smpp, mischief: Mischief, phones: SandboxSms
) -> None:
    await mischief.begin(SMPP, "refuse", {"times": 4})
    with pytest.raises(NotAllTaken) as failure:
        await smpp.send([sms("a", LONG)])
    assert (failure.value.taken, failure.value.unanswered) == ({}, frozenset())
    for _ in range(2):  # one more of the three parts each time
        with pytest.raises(NotAllTaken):
            await smpp.send([sms("a", LONG)])
    await smpp.send([sms("a", LONG)])
    assert [taken.text for taken in await phones.messages_for(NUMBER)] == [LONG]


@pytest.mark.parametrize("fault", ["duplicate", "receipt_before_response"])
async def test_odd_receipts_are_told_once(
    smpp: Smpp, mischief: Mischief, heard: Heard, fault: str
) -> None:
    await mischief.begin(SMPP, fault)
    ids = await smpp.send([sms("a", LONG), sms("b")])
    await heard.wait(2)
    await asyncio.sleep(0.2)
    assert sorted(heard.told()) == sorted(
        (each.provider_id or "", Delivery.DELIVERED) for each in ids
    )


async def test_what_does_not_arrive_is_told(smpp: Smpp, mischief: Mischief, heard: Heard) -> None:
    await mischief.begin(SMPP, "undelivered", {"stat": "UNDELIV"})
    (sent,) = await smpp.send([sms("a", LONG)])
    await heard.wait(1)
    assert heard.told() == [(sent.provider_id, Delivery.FAILED)]


async def test_a_broken_line_is_bound_again(
    smpp: Smpp, centre: SandboxSmpp, phones: SandboxSms
) -> None:
    await smpp.send([sms("a")])
    centre.cut()
    await asyncio.sleep(0.1)
    await smpp.send([sms("b")])
    assert await phones.count() == 2


async def test_receipts_of_an_earlier_run_are_told(
    account: SmppAccount, mischief: Mischief, heard: Heard
) -> None:
    await mischief.begin(SMPP, "receipts_later")
    async with Smpp(account, hear=Heard()) as smpp:
        (sent,) = await smpp.send([sms("a")])
    await mischief.end(SMPP)
    async with Smpp(account, hear=heard):
        await heard.wait(1)
    assert heard.told() == [(sent.provider_id, Delivery.DELIVERED)]


async def test_no_answer_is_no_taking(
    account: SmppAccount, mischief: Mischief, phones: SandboxSms
) -> None:
    await mischief.begin(SMPP, "silent")
    async with Smpp(replace(account, seconds=0.5, window=1), hear=Heard()) as smpp:
        with pytest.raises(NotAllTaken) as failure:
            await smpp.send([sms("a"), sms("b")])
    assert failure.value.unanswered == {"a"}
    assert await phones.count() == 1


async def test_a_wrong_password_is_not_bound(
    account: SmppAccount, phones: SandboxSms, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    stranger = replace(account, password="wrong", seconds=0.3)
    assert "wrong" not in repr(stranger)
    async with Smpp(stranger, hear=Heard()) as smpp:
        with pytest.raises(SmsNotTaken) as failure:
            await smpp.send([sms("a")])
    told = caplog.text + repr(failure.value)
    assert "smpp: not bound" in told
    assert not [secret for secret in ("wrong", NUMBER, "912345678") if secret in told]
    assert await phones.count() == 0


async def test_one_failed_bind_is_enough_for_a_batch(
    account: SmppAccount, centre: SandboxSmpp, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = replace(account, password="wrong", seconds=0.3)
    async with Smpp(stranger, hear=Heard()) as smpp, asyncio.timeout(1.5):
        assert await smpp.send([]) == []
        for _ in range(3):
            with pytest.raises(SmsNotTaken):
                await smpp.send([sms(f"m{number}") for number in range(50)])
    assert len([message for message in caplog.messages if "not bound" in message]) <= 2


async def test_a_receipt_that_cannot_be_noted_stops_nothing(
    account: SmppAccount, phones: SandboxSms, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(receipt: Receipt) -> None:
        raise RuntimeError(receipt.provider_id)

    async with Smpp(account, hear=fail) as smpp:
        for name in "ab":
            await smpp.send([sms(name)])
            await asyncio.sleep(0.1)
    assert await phones.count() == 2
    assert "smpp: a receipt was lost: RuntimeError" in caplog.messages


@pytest.mark.parametrize(
    ("name", "password"), [("emask", "nine char"), ("of sixteen chars", "correct")]
)
def test_what_smpp_has_no_room_for_is_refused_at_once(name: str, password: str) -> None:
    with pytest.raises(ValueError, match="SMPP"):
        SmppAccount(host="127.0.0.1", port=1, system_id=name, password=password, source="emask")
