"""Labels: legible, and every code in bars is read by a standard decoder."""

from collections.abc import Iterator
from time import perf_counter

import pypdfium2
import pytest
import zxingcpp

from delivery.world import FIRST, OTHER, OURS, World, day
from emask.delivery.labels import (
    BagLabel,
    FontMissing,
    LabelSheet,
    draw_labels,
    find_font,
    labels_of,
)
from emask.delivery.shortages import report_shortage
from emask.rounds.model import Chain
from emask.rules.labels import Label, read_label

NUMBER = "01234567891"
PRINTED = 203 / 72  # dots of a cheap label printer for each point of the page


def _sheet(bags: int, store_name: str = "竹北高鐵站前門市") -> LabelSheet:
    return LabelSheet(
        round_id="2020-1",
        chain=Chain.HL,
        store_code="L12345",
        store_name=store_name,
        number=NUMBER,
        bags=tuple(BagLabel(bag=bag, name="王○明") for bag in range(1, bags + 1)),
    )


def _decoded(pdf: bytes) -> Iterator[list[str]]:
    """What a decoder reads on each page, as printed."""
    document = pypdfium2.PdfDocument(pdf)
    for page in document:
        read = zxingcpp.read_barcodes(page.render(scale=PRINTED).to_pil())
        assert {each.format for each in read} == {zxingcpp.BarcodeFormat.Code128}
        yield [each.text for each in read]
    document.close()


def _words(pdf: bytes) -> str:
    document = pypdfium2.PdfDocument(pdf)
    words = "\n".join(str(page.get_textpage().get_text_bounded()) for page in document)
    document.close()
    return words


def test_every_bar_code_says_its_shipment_and_bag() -> None:
    pages = list(_decoded(draw_labels(_sheet(50), find_font())))
    assert [len(page) for page in pages] == [24, 24, 3]
    labels = {read_label(text) for page in pages for text in page}
    assert labels == {Label(NUMBER, bag) for bag in range(51)}


def test_what_people_read_is_on_it() -> None:
    words = _words(draw_labels(_sheet(2), find_font()))
    for word in ("萊爾富 竹北高鐵站前門市", "L12345", "第 2 袋", "王○明", "門市標籤，共 2 袋"):
        assert word in words


def test_a_long_name_stays_on_its_label() -> None:
    pdf = draw_labels(_sheet(2, "很長的門市名稱" * 6), find_font())
    assert [len(page) for page in _decoded(pdf)] == [3]
    page = pypdfium2.PdfDocument(pdf)[0].get_textpage()
    # the name of the first label ends before the second label begins
    lefts = sorted(page.get_charbox(place)[2] for place in range(len("萊爾富 ") + 42))
    assert lefts[-1] < 66 / 25.4 * 72


def test_a_thousand_bags_take_seconds() -> None:
    start = perf_counter()
    draw_labels(_sheet(1_000), find_font())
    assert perf_counter() - start < 20


def test_without_the_font_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    find_font.cache_clear()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(FontMissing):
        find_font()


def test_another_font_will_not_do(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Fontconfig always finds one, if need be without a single Chinese character."""
    folder = tmp_path_factory.mktemp("bin")
    finder = folder / "fc-match"
    finder.write_text("#!/bin/sh\nprintf '/fonts/DejaVuSans.ttf\\n0\\nDejaVu Sans'\n")
    finder.chmod(0o755)
    find_font.cache_clear()
    monkeypatch.setenv("PATH", f"{folder}:/bin:/usr/bin")
    with pytest.raises(FontMissing):
        find_font()


async def test_names_are_masked_and_who_waits_has_no_label(world: World) -> None:
    for name in ("王小明", "李大同", "John Smith"):
        await world.order(await world.person(name=name))
    await world.pack()
    async with world.db.transaction() as tx:
        await report_shortage(
            tx, round=FIRST, chain=OURS[0], store_code=OURS[1], packs=1, at=day(3, 24), by="centre"
        )
        sheet = await labels_of(
            tx, world.vault, round_id=FIRST.id, chain=OURS[0], store_code=OURS[1]
        )
        none = await labels_of(
            tx, world.vault, round_id=FIRST.id, chain=OTHER[0], store_code=OTHER[1]
        )
    assert sheet
    assert len(sheet.bags) == 2
    assert {label.name for label in sheet.bags} < {"王○明", "李○同", "J*** S****"}
    assert none is None
