"""Labels for one store's bags: a PDF of A4 sheets with 3 by 8 labels of 70 by 37 mm each.

The first is that of the whole shipment, which is scanned when it is packed, shipped and received.
Names are masked; what the bars say tells nothing by itself (:mod:`emask.rules.labels`).
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

import zxingcpp
from fpdf import FPDF

from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.delivery import labels_queries as queries
from emask.rounds.model import Chain
from emask.rules.labels import Label, label_number
from emask.rules.people import masked_name

_FONT: Final = "Noto Sans CJK TC"
_ACROSS, _DOWN = 3, 8
_WIDTH, _HEIGHT = 70.0, 37.125  # mm: sheets have no margins, labels have
_MARGIN: Final = 5.0
_MODULE: Final = 0.4  # mm of the narrowest bar: what a hand-held scanner reads at arm's length
_BARS: Final = 9.0  # mm
_BAR: Final = re.compile(r"M([0-9]+) 0h([0-9]+)v")


class FontMissing(Exception):
    """No font with the characters of names is installed: Debian's is in fonts-noto-cjk."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BagLabel:
    """What one label says; bag 0 is that of the whole shipment, `name` is masked."""

    bag: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelSheet:
    """The labels of one store; `number` is its shipment's."""

    round_id: str
    chain: Chain
    store_code: str
    store_name: str
    number: str
    bags: tuple[BagLabel, ...]


class Font(NamedTuple):
    """A font file, and which of the fonts in it."""

    path: Path
    face: int


async def labels_of(
    tx: Transaction, vault: Vault, *, round_id: str, chain: Chain, store_code: str
) -> LabelSheet | None:
    """What the labels of a store say; None if nothing is packed for it."""
    shipment = await queries.shipment(tx, round_id, chain, store_code)
    if shipment is None:
        return None
    bags = [
        BagLabel(
            bag=number,
            name=""
            if name is None
            else masked_name(vault.open(name, person_id=person_id, field="name")),
        )
        for number, person_id, name in await queries.bags(tx, round_id, chain, store_code)
    ]
    return LabelSheet(
        round_id=round_id,
        chain=chain,
        store_code=store_code,
        store_name=shipment.store_name,
        number=shipment.number,
        bags=tuple(bags),
    )


@cache
def find_font() -> Font:
    """The font that fontconfig finds for Chinese names. Raises FontMissing."""
    finder = shutil.which("fc-match")
    if finder is None:
        raise FontMissing
    wanted = [finder, "-f", "%{file}\n%{index}\n%{family}", f"{_FONT}:style=Regular"]
    found = subprocess.run(wanted, capture_output=True, text=True, check=False)
    path, face, family = [*found.stdout.splitlines(), "", "", ""][:3]
    if found.returncode or _FONT not in family:
        raise FontMissing
    return Font(Path(path), int(face))


def draw_labels(sheet: LabelSheet, font: Font) -> bytes:
    """The PDF of a store's labels; seconds of work for a thousand bags."""
    pdf = FPDF(format="A4")
    pdf.set_auto_page_break(auto=False)
    pdf.c_margin = 0
    pdf.set_title(f"{sheet.round_id} {sheet.chain} {sheet.store_code}")
    pdf.add_font("names", fname=font.path, collection_font_number=font.face)
    whole = BagLabel(bag=0, name=f"門市標籤，共 {len(sheet.bags)} 袋")
    for place, label in enumerate((whole, *sheet.bags)):
        on_page = place % (_ACROSS * _DOWN)
        if on_page == 0:
            pdf.add_page()
        row, column = divmod(on_page, _ACROSS)
        _draw(pdf, sheet, label, left=column * _WIDTH, top=row * _HEIGHT)
    return bytes(pdf.output())


def _draw(pdf: FPDF, sheet: LabelSheet, label: BagLabel, *, left: float, top: float) -> None:
    number = label_number(Label(sheet.number, label.bag))
    x = left + _MARGIN
    _write(pdf, f"{sheet.chain.label} {sheet.store_name}", 12, x, top + 3)
    _write(pdf, sheet.store_code, 17, x, top + 8.5)
    bag = f"第 {label.bag} 袋" if label.bag else "全部"
    _write(pdf, bag, 17, x, top + 8.5, align="R")
    _write(pdf, label.name, 11, x, top + 15.5)
    _write(pdf, sheet.round_id, 8, x, top + 16, align="R")
    bars = _bars(number)
    start = left + (_WIDTH - sum(bars[-1]) * _MODULE) / 2
    for begin, width in bars:
        pdf.rect(start + begin * _MODULE, top + 21, width * _MODULE, _BARS, style="F")
    _write(pdf, " ".join((number[:6], number[6:12], number[12:])), 8, x, top + 30.5, align="C")


def _write(pdf: FPDF, text: str, size: float, x: float, y: float, *, align: str = "L") -> None:
    """A line as wide as a label; smaller if it is too long."""
    room = _WIDTH - 2 * _MARGIN
    pdf.set_font("names", size=size)
    pdf.set_font("names", size=size * min(1.0, room / max(pdf.get_string_width(text), 1)))
    pdf.set_xy(x, y)
    pdf.cell(w=room, h=size * 0.36, text=text, align=align)


def _bars(number: str) -> list[tuple[int, int]]:
    """Where each bar of a Code 128 begins and how wide it is, in modules."""
    barcode = zxingcpp.create_barcode(number, zxingcpp.BarcodeFormat.Code128)
    drawn = _BAR.findall(barcode.to_svg(add_quiet_zones=False))
    return [(int(begin), int(width)) for begin, width in drawn]
