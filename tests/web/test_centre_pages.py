"""The logistics centre's pages: list, scanner, files, labels, shortages."""

import csv
from datetime import date
from hashlib import sha256

import httpx
import pypdfium2
import pytest

from emask.delivery.labels import find_font
from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from emask.rules.labels import Label, label_number
from emask.web.demo.stage import STORE
from web.steps import be, be_staff, pay, register
from web.visitor import Visitor

PACKED = at(date(2020, 3, 22), 9)


async def packed(visitor: Visitor, system: System) -> str:
    """One paid order, packed, and the centre signed in; the number of its shipment's label."""
    await register(visitor)
    await advance_to(system, at(date(2020, 3, 19), 8))
    await be(visitor)
    await pay(visitor)
    await advance_to(system, PACKED)
    await be_staff(visitor, "centre")
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT number FROM shipment")
        (number,) = await cursor.fetchone() or ("",)
    return label_number(Label(str(number), 0))


async def test_before_anything_is_packed_the_pages_say_so(visitor: Visitor) -> None:
    await be_staff(visitor, "centre")
    for path in ("/centre", "/centre/scan", "/centre/files", "/centre/shortages"):
        page = await visitor.go(path)
        assert page.status == 200
        assert "/zh/centre/scan" in page.links
    assert (await visitor.go("/centre/files/download?version=1")).path == "/zh/centre/files"
    assert (await visitor.go("/centre/labels?store=1")).path == "/zh/centre"


async def test_the_list_is_searched_and_tells_exceptions(visitor: Visitor, system: System) -> None:
    await packed(visitor, system)
    assert STORE.name in (await visitor.go(f"/centre?q={STORE.code}")).text
    assert "沒有這樣的門市" in (await visitor.go("/centre?q=nowhere&page=9")).text
    assert "沒有這樣的門市" in (await visitor.go("/centre?exceptions=1")).text
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    assert "門市已停業" in (await visitor.go("/centre?exceptions=1")).text


async def test_the_list_says_how_many_packs_have_to_be_brought(
    visitor: Visitor, system: System
) -> None:
    await packed(visitor, system)
    assert "還要送進來 1" in " ".join((await visitor.go("/centre")).text.split())


async def test_nothing_is_reported_to_be_at_a_store_that_closed(
    visitor: Visitor, system: System
) -> None:
    await packed(visitor, system)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET open = false WHERE store_code = %s", (STORE.code,))
    await visitor.go("/centre")
    refused = await visitor.submit("report", store_code=STORE.code, report="arrived")
    assert refused.status == 422
    assert "門市已停業，口罩留在或退回物流中心" in refused.text


async def test_a_scanner_confirms_step_by_step_and_tells_who_waits(
    visitor: Visitor, system: System
) -> None:
    label = await packed(visitor, system)
    await visitor.go("/centre/scan")
    assert (await visitor.submit("label", label="")).status == 422
    noted = await visitor.submit("label", label=label, step="shipped")
    assert "✓ 已記下" in noted.text
    assert STORE.name in noted.text
    kept = visitor.form("label").values
    assert (kept["label"], kept["step"]) == ("", "shipped")  # ready for the next one
    assert "先前已記下" in (await visitor.submit("label", label=label)).text
    assert "不是標籤" in (await visitor.submit("label", label="123")).text
    received = await visitor.submit("label", label=label, step="received")
    assert "✓ 已記下" in received.text
    async with system.db.connection() as tx:
        cursor = await tx.execute("SELECT count(*) FROM outbox WHERE kind = 'arrived'")
        assert await cursor.fetchone() == (1,)


async def test_another_chains_label_is_refused_in_words(visitor: Visitor, system: System) -> None:
    label = await packed(visitor, system)
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE staff SET chain = 'FM' WHERE username = 'centre'")
    await be_staff(visitor, "centre")
    await visitor.go("/centre/scan")
    refused = await visitor.submit("label", label=label, step="packed")
    assert "別家超商的標籤" in refused.text
    assert STORE.name not in refused.text


async def test_a_file_is_made_downloaded_and_the_same_again(
    visitor: Visitor, system: System, client: httpx.AsyncClient
) -> None:
    await packed(visitor, system)
    await visitor.go("/centre/files")
    assert "目前的清單是第 1 版" in (await visitor.submit("round_id")).text
    assert "目前的清單是第 1 版" in (await visitor.submit("round_id")).text
    (link,) = [each for each in visitor.page.links if "download" in each]
    first, again = await client.get(link), await client.get(link)
    assert first.content == again.content
    assert sha256(first.content).hexdigest() in visitor.page.html.replace("<wbr>", "")
    assert "packing-2020-1-" in first.headers["content-disposition"]
    rows = list(csv.reader(first.text.splitlines()))
    assert [row[0] for row in rows] == ["H", "C", "D", "T"]
    async with system.db.transaction() as tx:
        await tx.execute("UPDATE store SET name = '新名字' WHERE store_code = %s", (STORE.code,))
    assert "第 2 版" in (await visitor.submit("round_id")).text
    assert "新名字" in (await visitor.go("/centre/files?version=2")).text


async def test_labels_are_a_pdf_of_the_own_chain(
    visitor: Visitor, system: System, client: httpx.AsyncClient
) -> None:
    await packed(visitor, system)
    address = f"/zh/centre/labels?store={STORE.code}"
    answer = await client.get(address)
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-content-type-options"] == "nosniff"
    document = pypdfium2.PdfDocument(answer.content)
    assert "王○明" in document[0].get_textpage().get_text_bounded()
    document.close()


async def test_without_a_font_the_page_says_what_to_install(
    visitor: Visitor, system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    await packed(visitor, system)
    find_font.cache_clear()
    monkeypatch.setenv("PATH", "")
    page = await visitor.go(f"/centre/labels?store={STORE.code}")
    assert page.status == 503
    assert "fonts-noto-cjk" in page.text


async def test_a_shortage_is_reported_and_made_good(visitor: Visitor, system: System) -> None:
    await packed(visitor, system)
    await visitor.go("/centre/shortages")
    assert (await visitor.submit("packs", packs="none")).status == 422
    assert "只有 1 份" in (await visitor.submit("packs", packs="2")).text
    assert "已記下" in (await visitor.submit("packs", packs="1")).text
    assert "短缺 1 份" in (await visitor.go("/centre")).text
    await visitor.go("/centre/shortages")
    (field,) = [name for name in visitor.form("shortage_id").names if name.startswith("came-")]
    assert "還在等的只有 1 份" in (await visitor.submit("shortage_id", **{field: "2"})).text
    assert "都補到了" in (await visitor.submit("shortage_id", **{field: "1"})).text


@pytest.mark.parametrize("path", ["/centre", "/centre/scan", "/centre/files", "/centre/shortages"])
async def test_every_page_has_its_english(visitor: Visitor, system: System, path: str) -> None:
    await packed(visitor, system)
    await visitor.go(path)
    english = next(link for link in visitor.page.links if link.startswith(f"/en{path}"))
    page = await visitor.go(english.removeprefix("/en"))
    assert page.status == 200
