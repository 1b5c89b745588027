"""Notices as operators and their own readers see them, and the receipts that Mitake pushes."""

from datetime import date, timedelta

import httpx
import pytest

from emask.database.clock import SetClock
from emask.partners.sms import MITAKE, receipts_path
from emask.programme.service import advance_to, send_notices
from emask.programme.system import System
from emask.rules.calendar import at
from emask.sandbox.sms_centre import PARTNER
from emask.sandbox.system import Sandbox
from web.steps import be, be_staff, register
from web.visitor import Visitor

DRAWN = at(date(2020, 3, 19), 8)


async def told(system: System) -> list[tuple[object, ...]]:
    async with system.db.transaction() as tx:
        cursor = await tx.execute("SELECT state, provider_id, delivery FROM outbox")
        return [tuple(row) for row in await cursor.fetchall()]


async def selected(visitor: Visitor, system: System) -> str:
    """Somebody was selected and told; Mitake's id of the message."""
    await register(visitor)
    await advance_to(system, DRAWN)
    ((state, provider_id, _),) = await told(system)
    assert state == "sent"
    name, _, msgid = str(provider_id).partition(":")
    assert name == MITAKE
    return msgid


async def push(client: httpx.AsyncClient, path: str, **query: str) -> httpx.Response:
    return await client.get(path, params=query)


async def test_a_receipt_is_answered_as_mitake_wants_it(
    visitor: Visitor, system: System, client: httpx.AsyncClient
) -> None:
    msgid = await selected(visitor, system)
    path = receipts_path(system.keys)
    answer = await push(client, path, msgid=msgid, StatusFlag="4", donetime="20200319080203")
    assert answer.status_code == 200
    assert answer.text == f"magicid=sms_gateway_rpack\nmsgid={msgid}\n"
    assert answer.headers["content-type"].partition(";")[0] == "text/plain"
    assert await told(system) == [("delivered", f"mitake:{msgid}", "delivered")]
    again = await push(client, path, msgid=msgid, StatusFlag="8")
    assert again.status_code == 200
    assert (await told(system))[0][0] == "delivered"
    await be(visitor)
    assert "送出，已送達" in (await visitor.go("/progress")).text


@pytest.mark.parametrize("query", [{}, {"msgid": "1"}, {"msgid": "a b", "StatusFlag": "4"}])
async def test_what_is_no_receipt_changes_nothing(
    visitor: Visitor, system: System, client: httpx.AsyncClient, query: dict[str, str]
) -> None:
    await selected(visitor, system)
    before = await told(system)
    answer = await push(client, receipts_path(system.keys), **query)
    assert answer.status_code == 400
    assert await told(system) == before


async def test_at_another_address_nobody_listens(
    visitor: Visitor, system: System, client: httpx.AsyncClient
) -> None:
    msgid = await selected(visitor, system)
    path = receipts_path(system.keys)
    before = await told(system)
    for other in (path[:-1], f"{path}x", path.swapcase(), "/api/sms/receipts/", "/api/sms/é"):
        answer = await push(client, other, msgid=msgid, StatusFlag="4")
        assert answer.status_code == 404
    assert await told(system) == before
    assert path.rpartition("/")[2] not in (await client.get("/api/metrics")).text


async def test_the_sandboxed_mitake_finds_the_address(
    visitor: Visitor, system: System, sandbox: Sandbox
) -> None:
    await selected(visitor, system)
    assert await sandbox.centre.push_receipts() == 1
    assert (await told(system))[0][0] == "delivered"


async def test_people_see_what_they_were_told_and_how_far_it_came(
    visitor: Visitor, system: System, sandbox: Sandbox
) -> None:
    await register(visitor)
    assert "簡訊通知" not in (await visitor.go("/progress")).text
    await advance_to(system, DRAWN)
    await be(visitor)
    page = await visitor.go("/progress")
    assert "這筆訂單的簡訊通知" in page.text
    assert "3月19日（星期四）上午 8:00送出，還不知道是否送達" in page.text
    await sandbox.mischief.begin(PARTNER, "undelivered", {"StatusFlag": "6"})
    await sandbox.centre.push_receipts()
    assert "送出，沒有送達" in (await visitor.go("/progress")).text
    english = Visitor(visitor.client, "en")
    assert "not delivered" in (await english.go("/progress")).text


async def test_operators_see_figures_and_nobody(visitor: Visitor, system: System) -> None:
    await selected(visitor, system)
    await be_staff(visitor, "operator")
    linked = await visitor.go("/operator")
    assert "/zh/operator/notices" in linked.links
    page = await visitor.go("/operator/notices")
    assert "中籤 2020-1 0 1 0 0 0 0" in page.text
    assert "三竹簡訊 1 0 0 0 0" in page.text
    assert "沒有在等的通知" in page.text
    assert "沒有這樣的通知" in page.text
    async with system.db.transaction() as tx:
        cursor = await tx.execute("SELECT person_id FROM preorder")
        (person_id,) = await cursor.fetchone() or ("",)
    assert str(person_id) not in page.html
    assert "0912" not in page.html
    english = Visitor(visitor.client, "en")
    assert "Mitake 1 0 0 0 0" in (await english.go("/operator/notices")).text


async def test_what_is_unclear_is_sent_again_when_an_operator_says_so(
    visitor: Visitor, system: System, sandbox: Sandbox
) -> None:
    await register(visitor)
    await sandbox.mischief.begin(PARTNER, "down")
    await advance_to(system, DRAWN)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE outbox SET provider = 'smpp', handed_at = created_at")
    await sandbox.mischief.end(PARTNER)
    clock = system.clock
    assert isinstance(clock, SetClock)
    await clock.set(DRAWN + timedelta(hours=1))
    await send_notices(system)
    assert (await told(system))[0][0] == "unclear"

    await be_staff(visitor, "operator")
    page = await visitor.go("/operator/notices")
    assert "SMPP 簡訊中心" in page.text
    again = await visitor.submit("group")
    assert "1 則會再送一次" in again.text
    visitor.seen.append(page)
    assert "0 則會再送一次" in (await visitor.submit("group")).text
    await send_notices(system)
    assert (await told(system))[0][0] == "sent"
    await be(visitor)
    assert "不知道是否送出" not in (await visitor.go("/progress")).text
