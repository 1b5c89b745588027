"""Both centres behind one sender: when one is down, the other one's phones ring."""

from collections.abc import AsyncIterator
from contextlib import suppress

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.notices.ports import Receipt, Sms, SmsNotTaken
from emask.partners.sms.failover import FailoverSender, Limits
from emask.partners.sms.mitake import Mitake, MitakeAccount
from emask.partners.sms.smpp import Smpp
from emask.partners.sms.smpp_link import SmppAccount
from emask.sandbox import schema, sms_centre
from emask.sandbox.mischief import Mischief
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre import PARTNER, SMPP, SandboxMitake, SandboxSmpp
from emask.sandbox.wire import Wire, caller

NUMBER = "0912345678"


async def unheard(receipt: Receipt) -> None:
    """Receipts are not what is looked at here."""


@pytest.fixture
async def mischief(db: Database) -> Mischief:
    await schema.install(db)
    async with db.transaction() as tx:
        await tx.execute(sms_centre.TABLES)
    return Mischief(db)


@pytest.fixture
async def sender(
    db: Database, clock: SetClock, mischief: Mischief
) -> AsyncIterator[FailoverSender]:
    phones = SandboxSms(db)
    mitake = SandboxMitake(
        db,
        clock,
        mischief,
        username="emask",
        password="correct",
        phones=phones,
        pushes=httpx2.AsyncClient(),
    )
    centre = SandboxSmpp(clock, mischief, system_id="emask", password="correct", phones=phones)
    by_http = MitakeAccount(
        base_url="http://127.0.0.1/mitake", username="emask", password="correct"
    )
    by_smpp = SmppAccount(
        host="127.0.0.1",
        port=await centre.start(),
        system_id="emask",
        password="correct",
        source="emask",
        tls=False,
        seconds=2,
        pauses=(0.01,),
    )
    client = caller(Wire({f"/{PARTNER}": mitake}))
    async with Smpp(by_smpp, hear=unheard) as smpp:
        yield FailoverSender([Mitake(client, by_http), smpp], limits=Limits(least=9))
    await centre.stop()


def sms(*names: str) -> list[Sms]:
    return [Sms(message_id=name, number=NUMBER, text=f"口罩 {name}") for name in names]


async def test_the_other_one_sends_while_one_is_down(
    db: Database, sender: FailoverSender, mischief: Mischief
) -> None:
    async def send(name: str) -> str:
        for provider in await sender.ready():
            with suppress(SmsNotTaken):
                await provider.send(sms(name))
                return provider.name
        return "nobody"

    assert await send("a") == "mitake"
    await mischief.begin(PARTNER, "down")
    assert await send("b") == "smpp"
    await mischief.begin(SMPP, "refuse", {"times": 9})
    assert await send("c") == "nobody"
    await mischief.end(PARTNER)
    assert await send("c") == "mitake"
    arrived = [taken.text for taken in await SandboxSms(db).messages_for(NUMBER)]
    assert sorted(arrived) == [f"口罩 {name}" for name in "abc"]
