"""The work-list of refunds: cards through their gateways, the rest in files for the bank."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from litestar import Response, get, post
from litestar.response import Redirect
from litestar.status_codes import HTTP_200_OK, HTTP_422_UNPROCESSABLE_ENTITY

from emask.payment.refund_model import (
    FileOfTransfers,
    RefundNotDue,
    TransferWork,
    reference_of,
)
from emask.payment.refunds import card_work, note_given_back, try_again
from emask.payment.transfers import (
    AlreadyReleased,
    NoSuchFile,
    NothingToTransfer,
    NotReleased,
    SameOperator,
    file_content,
    files,
    listed_in,
    make_file,
    mark_returned,
    mark_sent,
    release,
    sent_with,
    transfer_work,
    withdraw,
)
from emask.web.operator import words
from emask.web.shell.forms import Form, number_of_ours
from emask.web.shell.page import Page, SentForm, ThisPage

Answer = Response[str] | Redirect

_HERE: Final = "/operator/refunds"
_MOST: Final = 100
"""So many of a kind are shown."""
# a page that was open for long asks for what somebody else has done meanwhile: it is shown anew
_OUT_OF_DATE: Final = (RefundNotDue, NoSuchFile, NothingToTransfer, NotReleased, AlreadyReleased)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFile:
    """A file for the bank; `transfers` are its refunds while it is under way."""

    file: FileOfTransfers
    reference: str
    transfers: list[TransferWork]


@get(_HERE)
async def show_refunds(page: ThisPage) -> Response[str]:
    """Everything that is not done, by what it waits for."""
    return await _show(page, page.form())


@post(f"{_HERE}/given-back", status_code=HTTP_200_OK)
async def settle_card(page: ThisPage, form: SentForm) -> Answer:
    """Somebody has looked: the money is back."""
    return await _settle(page, form, note_given_back)


@post(f"{_HERE}/try-again", status_code=HTTP_200_OK)
async def ask_gateway_again(page: ThisPage, form: SentForm) -> Answer:
    """Somebody has looked: the money is not back."""
    return await _settle(page, form, try_again)


@post(f"{_HERE}/make", status_code=HTTP_200_OK)
async def list_transfers(page: ThisPage) -> Redirect:
    """A file of all that is ready."""
    with suppress(*_OUT_OF_DATE):
        await make_file(page.system.db, page.system.clock, operator=page.staff.username)
    return page.go(_HERE)


@post(f"{_HERE}/release", status_code=HTTP_200_OK)
async def release_file(page: ThisPage, form: SentForm) -> Answer:
    """The second operator's part."""
    system, file_id = page.system, _id(form, "file_id")
    try:
        with suppress(*_OUT_OF_DATE):
            await release(system.db, system.clock, file_id=file_id, operator=page.staff.username)
    except SameOperator:
        form.fail(_field("release", file_id), page.say("由另一位營運人員放行"))
        return await _show(page, form)
    return page.go(_HERE)


@post(f"{_HERE}/download", status_code=HTTP_200_OK)
async def download_file(page: ThisPage, form: SentForm) -> Response[bytes] | Redirect:
    """The file itself; that it was taken is in the audit log."""
    system, file_id = page.system, _id(form, "file_id")
    try:
        content = await file_content(
            *(system.db, system.clock, system.vault), file_id=file_id, operator=page.staff.username
        )
    except _OUT_OF_DATE:
        return page.go(_HERE)
    name = f"refunds-{reference_of(file_id)}.csv"
    return Response(
        content,
        media_type="text/csv",
        headers={"content-disposition": f'attachment; filename="{name}"'},
    )


@post(f"{_HERE}/sent", status_code=HTTP_200_OK)
async def note_sent(page: ThisPage, form: SentForm) -> Redirect:
    """The bank has taken a file."""
    system, file_id = page.system, _id(form, "file_id")
    with suppress(*_OUT_OF_DATE):
        await mark_sent(system.db, system.clock, file_id=file_id, operator=page.staff.username)
    return page.go(_HERE)


@post(f"{_HERE}/withdraw", status_code=HTTP_200_OK)
async def withdraw_file(page: ThisPage, form: SentForm) -> Answer:
    """A file is not sent after all."""
    system, file_id = page.system, _id(form, "file_id")
    reason = _reason(page, form, _field("withdraw", file_id))
    if not form.ok:
        return await _show(page, form)
    with suppress(*_OUT_OF_DATE):
        await withdraw(
            *(system.db, system.clock),
            file_id=file_id,
            operator=page.staff.username,
            reason=reason,
        )
    return page.go(_HERE)


@post(f"{_HERE}/returned", status_code=HTTP_200_OK)
async def note_returned(page: ThisPage, form: SentForm) -> Answer:
    """A bank has sent a transfer back; its person is asked for an account anew."""
    system = page.system
    async with system.db.transaction() as tx:
        refund = await sent_with(tx, form.text("reference"))
    if refund is None:
        form.fail("reference", page.say("輸入已匯出退款的參考編號，共 20 碼"))
        return await _show(page, form)
    with suppress(*_OUT_OF_DATE):
        await mark_returned(
            *(system.db, system.clock),
            person_id=refund.person_id,
            event_id=refund.event_id,
            operator=page.staff.username,
        )
    return page.go(f"{_HERE}?returned=1")


async def _settle(page: Page, form: Form, settle: Callable[..., Awaitable[None]]) -> Answer:
    system, event_id = page.system, _id(form, "event_id")
    reason = _reason(page, form, _field("reason", event_id))
    if not form.ok:
        return await _show(page, form)
    with suppress(*_OUT_OF_DATE):
        await settle(
            *(system.db, system.clock),
            person_id=_id(form, "person_id"),
            event_id=event_id,
            operator=page.staff.username,
            reason=reason,
        )
    return page.go(_HERE)


async def _show(page: Page, form: Form) -> Response[str]:
    async with page.system.db.transaction() as tx:
        cards = await card_work(tx)
        transfers = await transfer_work(tx)
        shown = [
            ShownFile(
                file=each,
                reference=reference_of(each.file_id),
                transfers=[] if each.ended_at else await listed_in(tx, each.file_id),
            )
            for each in await files(tx)
        ]
    return page.show(
        "operator/refunds.html",
        {
            "form": form,
            "unclear": [each for each in cards if each.unclear],
            "refused": [each for each in cards if each.refused],
            "waiting": [each for each in cards if not (each.unclear or each.refused)],
            "without_account": [each for each in transfers if each.given_at is None],
            "ready": [each for each in transfers if each.given_at is not None],
            "files": shown,
            "returned": bool(page.asked("returned")) and form.ok,
            "most": _MOST,
            "reference_of": reference_of,
            "words": words,
        },
        status=HTTP_200_OK if form.ok else HTTP_422_UNPROCESSABLE_ENTITY,
    )


def _reason(page: Page, form: Form, field: str) -> str:
    form.require(field, page.say("寫下依據，例如查到的紀錄"))
    return form.note(field, page.say("依據太長，縮短到 200 個字以內"))


def _field(name: str, key: UUID) -> str:
    """A field of which a page has several."""
    return f"{name}-{key}"


def _id(form: Form, field: str) -> UUID:
    """An id that the page has put into a form; the one of nothing for anything else."""
    return number_of_ours(form.text(field)) or UUID(int=0)


STAFF = [
    show_refunds,
    settle_card,
    ask_gateway_again,
    list_transfers,
    release_file,
    download_file,
    note_sent,
    withdraw_file,
    note_returned,
]
