"""What a centre takes away: the file that it packs by, in its versions, and labels by store."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress

from litestar import Response, get, post
from litestar.response import Redirect, Stream
from litestar.status_codes import HTTP_200_OK, HTTP_503_SERVICE_UNAVAILABLE

from emask.delivery import packing_file
from emask.delivery.labels import FontMissing, draw_labels, find_font, labels_of
from emask.delivery.model import NothingToPack, PackingFile
from emask.web.shell.page import Page, SentForm, ThisPage
from emask.web.store.centre_round import chain_of, round_asked

_HERE = "/centre/files"


@get(_HERE)
async def show_files(page: ThisPage) -> Response[str]:
    """Every version with its sums and hash, and what differs from the one before."""
    asked = await round_asked(page, page.form())
    files = await _files(page)
    shown = next((each for each in files if str(each.version) == page.asked("version")), None)
    async with page.system.db.transaction() as tx:
        differences = await packing_file.differences(tx, shown) if shown else []
    return page.show(
        "store/centre_files.html",
        {
            "asked": asked,
            "files": files,
            "shown": shown,
            "differences": differences,
            "made": page.asked("made"),
        },
    )


@post(_HERE, status_code=HTTP_200_OK)
async def make_file(page: ThisPage, form: SentForm) -> Redirect:
    """The file of what is to be packed now; a new version only if something changed."""
    asked = await round_asked(page, form)
    if asked.round is None:
        return page.go(_HERE)
    made = ""
    with suppress(NothingToPack):
        async with page.system.db.transaction() as tx:
            file = await packing_file.make_file(
                tx,
                round_id=asked.round.id,
                chain=asked.chain,
                at=page.now,
                by=page.staff.username,
            )
            made = str(file.version)
    return page.go(f"{_HERE}?round={asked.round.id}&made={made}")


@get(f"{_HERE}/download")
async def download_file(page: ThisPage) -> Stream | Redirect:
    """A version to the byte as it was, however often."""
    wanted = [each for each in await _files(page) if str(each.version) == page.asked("version")]
    if not wanted:
        return page.go(_HERE)
    return Stream(
        _content(page, wanted[0]),
        media_type="text/csv; charset=utf-8",
        headers={
            "content-disposition": f'attachment; filename="{packing_file.file_name(wanted[0])}"'
        },
    )


@get("/centre/labels")
async def print_labels(page: ThisPage) -> Response[bytes] | Response[str] | Redirect:
    """The labels of one store as a PDF."""
    asked = await round_asked(page, page.form())
    if asked.round is None:
        return page.go("/centre")
    async with page.system.db.transaction() as tx:
        sheet = await labels_of(
            tx,
            page.system.vault,
            round_id=asked.round.id,
            chain=asked.chain,
            store_code=page.asked("store"),
        )
    if sheet is None:
        return page.go(f"/centre?round={asked.round.id}")
    try:
        font = await asyncio.to_thread(find_font)
    except FontMissing:
        return page.show(
            "store/centre_no_font.html", {"asked": asked}, status=HTTP_503_SERVICE_UNAVAILABLE
        )
    name = f"labels-{sheet.round_id}-{sheet.chain}-{sheet.store_code}.pdf"
    return Response(
        await asyncio.to_thread(draw_labels, sheet, font),
        media_type="application/pdf",
        headers={"content-disposition": f'inline; filename="{name}"'},
    )


async def _files(page: Page) -> list[PackingFile]:
    asked = await round_asked(page, page.form())
    if asked.round is None:
        return []
    async with page.system.db.transaction() as tx:
        return await packing_file.files(tx, round_id=asked.round.id, chain=chain_of(page))


async def _content(page: Page, file: PackingFile) -> AsyncIterator[bytes]:
    async with page.system.db.transaction() as tx:
        async for block in packing_file.content(tx, file):
            yield block


CENTRE = [show_files, make_file, download_file, print_labels]
