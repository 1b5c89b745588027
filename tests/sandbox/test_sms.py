"""The sandbox SMS centre keeps what it is given, each message once."""

import asyncio

import pytest

from emask.database.pool import Database
from emask.notices.ports import Sms
from emask.sandbox.schema import install
from emask.sandbox.sms import SandboxSms


@pytest.fixture
async def sms(db: Database) -> SandboxSms:
    await install(db)
    return SandboxSms(db)


def message(name: str, number: str = "0912345678") -> Sms:
    return Sms(message_id=name, number=number, text=f"text of {name}")


async def test_a_phone_gets_its_own_messages_in_order(sms: SandboxSms) -> None:
    await sms.send([message("a"), message("b", "0987654321"), message("c")])
    taken = await sms.messages_for("0912345678")
    assert [each.text for each in taken] == ["text of a", "text of c"]
    assert [
        each.message_id for each in await sms.messages_for("0912345678", after=taken[0].seq)
    ] == ["c"]
    assert await sms.count() == 3


async def test_a_known_message_arrives_no_second_time_and_keeps_its_id(sms: SandboxSms) -> None:
    first = await sms.send([message("a")])
    again = await sms.send([message("a"), message("b")])
    assert first == again[:1]
    assert await sms.count() == 2


async def test_nothing_to_send_is_fine(sms: SandboxSms) -> None:
    assert await sms.send([]) == []


async def test_several_may_install_at_once(db: Database) -> None:
    await asyncio.gather(*(install(db) for _ in range(4)))
    assert await SandboxSms(db).count() == 0
