"""What a counter without a line is given, and how it hands in what it sold."""

from datetime import timedelta
from uuid import uuid4

import httpx
import msgspec
from joserfc import jwe, jws

from emask.programme.service import advance_to
from emask.programme.system import System
from web.steps import ID_NUMBERS, be_staff
from web.test_counter_pages import SUNDAY
from web.visitor import Visitor

MING = ID_NUMBERS["ming"]


async def list_of(visitor: Visitor, system: System) -> str:
    await advance_to(system, SUNDAY)
    await be_staff(visitor, "pharmacist")
    answer = await visitor.client.get("/zh/counter/offline-list")
    signed: str = answer.json()["signed"]
    return signed


def sealed(system: System, signed: str, **sale: object) -> dict[str, str]:
    list_id = msgspec.json.decode(jws.extract_compact(signed.encode()).payload)["jti"]
    sale_id = str(uuid4())
    whole = {
        "sale_id": sale_id,
        "list_id": list_id,
        "sold_at": SUNDAY + timedelta(minutes=1),
        "id_number": MING,
        "product": "adult_mask",
        "pieces": 3,
        **sale,
    }
    header = {"alg": "ECDH-ES", "enc": "A256GCM"}
    secret = jwe.encrypt_compact(header, msgspec.json.encode(whole), system.site_keys.queue)
    return {"sale_id": sale_id, "sealed": secret}


async def send(visitor: Visitor, body: object, *, token: str | None = None) -> httpx.Response:
    mine = visitor.page.forms[0].values["_csrf_token"]
    return await visitor.client.post(
        "/zh/counter/offline-sales",
        json=body,
        headers={"x-csrftoken": mine if token is None else token},
    )


async def test_sales_come_in_and_say_only_that_they_have_come(
    visitor: Visitor, system: System
) -> None:
    signed = await list_of(visitor, system)
    sales = [sealed(system, signed), sealed(system, signed)]
    answer = await send(visitor, {"signed": signed, "sales": sales})
    first, second = (sale["sale_id"] for sale in sales)
    assert answer.json() == {"outcomes": {first: "confirmed", second: "conflict"}, "short": {}}
    assert MING not in answer.text
    assert (await send(visitor, {"signed": signed, "sales": sales})).json() == answer.json()


async def test_a_days_sales_fit_into_a_request_and_no_more(
    visitor: Visitor, system: System
) -> None:
    signed = await list_of(visitor, system)
    sale = sealed(system, signed)
    many = [{**sale, "sale_id": str(uuid4())} for _ in range(2_001)]
    assert (await send(visitor, {"signed": signed, "sales": many})).status_code == 400
    answer = await send(visitor, {"signed": signed, "sales": many[:2_000]})
    assert len(answer.json()["outcomes"]) == 2_000


async def test_what_is_no_upload_is_refused(visitor: Visitor, system: System) -> None:
    signed = await list_of(visitor, system)
    good = {"signed": signed, "sales": [sealed(system, signed)]}
    bad: list[object] = [{**good, "signed": "a.b.c"}, {**good, "more": 1}, {"signed": signed}, []]
    for body in bad:
        assert (await send(visitor, body)).status_code == 400
    assert (await send(visitor, good, token="")).status_code == 403
    async with system.db.transaction() as tx:
        await tx.execute(
            "UPDATE staff SET site_code = (SELECT max(site_code) FROM counter_site)"
            " WHERE username = 'pharmacist'"
        )
    await be_staff(visitor, "pharmacist")
    assert (await send(visitor, good)).status_code == 400


async def test_the_page_that_browsers_keep_holds_nothing_of_anybody(
    visitor: Visitor, system: System
) -> None:
    await advance_to(system, SUNDAY)
    shell = await visitor.go("/counter/offline")
    assert "data-shell" in shell.html
    assert 'data-read="" data-watch=""' in shell.html
    assert "pharmacist" not in shell.html
    worker = await visitor.client.get("/zh/counter/worker.js")
    assert worker.headers["service-worker-allowed"] == "/zh/counter"
    assert worker.headers["content-type"].startswith("text/javascript")
    assert "worker-src 'self'" in worker.headers["content-security-policy"]


async def test_conflicts_are_for_operators_and_settled_with_a_reason(
    visitor: Visitor, system: System
) -> None:
    signed = await list_of(visitor, system)
    sales = [
        sealed(system, signed),
        sealed(system, signed),
        sealed(system, signed, id_number="A123456789"),
        {"sale_id": str(uuid4()), "sealed": "x"},
    ]
    await send(visitor, {"signed": signed, "sales": sales})
    await be_staff(visitor, "operator")
    page = await visitor.go("/operator/counter-conflicts")
    assert "王○明，1983 年生" in page.text
    assert "登記資料裡沒有這個人" in page.text
    assert "這一筆的內容無法讀取" in page.text
    assert MING not in page.html
    empty = await visitor.submit("conflict", conflict=sales[1]["sale_id"], reason="")
    assert empty.status == 422
    done = await visitor.submit("conflict", conflict=sales[1]["sale_id"], reason="問過院所")
    assert "已記下" in done.text
    visitor.seen.append(page)
    again = await visitor.submit("conflict", conflict=sales[1]["sale_id"], reason="再一次")
    assert "這一筆已經處理過" in again.text
