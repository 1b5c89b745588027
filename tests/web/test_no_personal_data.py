"""ID numbers, names and mobile numbers stay out of addresses, titles, headers, logs, metrics."""

import logging
import re
from collections.abc import Iterable
from datetime import date

import httpx
import pytest

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.web.sandbox_pages.cast import CAST
from web.steps import ID_NUMBERS, be, be_staff, pay, print_slip, register, sign_in
from web.visitor import Visitor

MING = next(each.person for each in CAST if each.key == "ming")
MOBILE = "0912345678"
SECRETS = (MING.id_number, MING.name, MOBILE, MING.mobile or "", MING.nhi_card)


def _told(texts: Iterable[str]) -> list[str]:
    """Those of the texts that tell who somebody is."""
    return [text for text in texts if any(secret in text for secret in SECRETS)]


def _outside(answer: httpx.Response) -> list[str]:
    """What an answer shows to others than its reader: addresses, headers, the title."""
    title = re.search(r"<title>(.*?)</title>", answer.text, re.DOTALL)
    return [
        str(answer.request.url),
        *(f"{name}: {value}" for name, value in answer.headers.multi_items()),
        title[1] if title else "",
    ]


async def test_a_whole_round_tells_nobody_who_it_was(
    system: System, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answers: list[httpx.Response] = []

    async def keep(answer: httpx.Response) -> None:
        await answer.aread()
        answers.append(answer)

    client.event_hooks = {"response": [keep]}
    visitor = Visitor(client, "zh")
    await sign_in(visitor)
    await visitor.go("/identify/mobile")
    await visitor.submit(id_number=ID_NUMBERS["ming"], demo_phone="ming")
    await register(visitor)
    await visitor.go("/orders/2020-1/cancel")
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)
    await visitor.go("/sandbox/phone")
    await be_staff(visitor, "officer")
    await visitor.submit(id_number=ID_NUMBERS["ming"], nhi_card="1", act="register")
    await advance_to(system, at(date(2020, 3, 22), 10))
    await be_staff(visitor, "pharmacist")
    await visitor.submit("id_number", id_number=ID_NUMBERS["ming"])
    await visitor.submit("sale_id")
    await advance_to(system, at(date(2020, 3, 29), 10))
    await be(visitor)
    await visitor.go("/orders/2020-1/pick-up")
    await be_staff(visitor, "kiosk")
    await visitor.submit(pickup_number="123456789", id_number=ID_NUMBERS["ming"])
    await visitor.go("/kiosk")
    slip = await print_slip(visitor, system)
    await be_staff(visitor, "clerk")
    await visitor.submit(entry=slip)
    await visitor.submit("slip", entry="1")
    await visitor.submit("reason", reason="拿錯袋")
    await client.get(f"/zh/nowhere/{MING.id_number[:9]}")
    metrics = await client.get("/api/metrics")

    assert len(answers) > 40
    assert not _told(line for answer in answers for line in _outside(answer))
    assert not _told(caplog.messages)
    assert not _told([metrics.text])
    assert MING.id_number[:9] not in metrics.text


async def test_a_fault_is_logged_without_what_was_typed(
    system: System, visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    await be_staff(visitor, "officer")
    async with system.db.transaction() as tx:
        # the row that would name the person is refused, and the database says which row
        await tx.execute("ALTER TABLE audit_log ADD CHECK (actor <> 'officer') NOT VALID")
    fault = await visitor.submit(
        id_number=MING.id_number,
        nhi_card="1",
        national_id="1",
        waived_reason=MING.id_number,
        act="register",
    )
    assert fault.status == 500
    assert "以進度頁顯示的為準" in fault.text
    assert "CheckViolation" in caplog.text
    assert not _told([caplog.text])


async def test_the_check_itself_would_notice(client: httpx.AsyncClient) -> None:
    answer = await client.get(f"/zh/nowhere?id={MING.id_number}")
    assert _told(_outside(answer))
    assert _told([f"a log line about {MING.name}"])
