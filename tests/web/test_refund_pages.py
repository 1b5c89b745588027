"""Money that goes back, as its payer and two operators see it."""

import re
from datetime import date

import httpx
import pytest

from emask.programme.service import advance_to
from emask.programme.system import System
from emask.rules.calendar import at
from web.steps import be, be_staff, get_account, pay, register
from web.visitor import Sheet, Visitor

PUBLISHED = at(date(2020, 3, 19), 8)
ACCOUNT = "0001 2345 678901"
HERE = "/operator/refunds"


async def owe(visitor: Visitor, system: System) -> str:
    """Transfer NT$21 for an order of NT$22; the address of the refund's page."""
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await be(visitor)
    account = await get_account(visitor)
    await visitor.go("/sandbox/atm")
    await visitor.submit(account=account, amount="21")
    page = await visitor.go("/progress")
    (link,) = [each for each in page.links if "/refunds/" in each]
    assert "填寫退款帳號" in page.text
    return link.removeprefix("/zh")


async def give_account(visitor: Visitor, path: str) -> Sheet:
    await visitor.go(path)
    return await visitor.submit(bank_code="700", account=ACCOUNT, account_again="00012345678901")


async def act(visitor: Visitor, path: str, **answers: str) -> Sheet:
    """Send the form of the work-list that goes there."""
    form = next(each for each in visitor.page.forms if each.action.endswith(f"refunds/{path}"))
    return await visitor.post(f"{HERE}/{path}", **{**form.values, **answers})


async def test_the_account_is_asked_for_twice_and_shown_by_its_end(
    visitor: Visitor, system: System
) -> None:
    path = await owe(visitor, system)
    page = await visitor.go(path)
    assert page.heading == "退款中 21 元"
    assert "金額不符" in page.text
    wrong = await visitor.submit(bank_code="70", account="12345", account_again="")
    assert wrong.status == 422
    assert {"#bank_code", "#account"} <= set(wrong.links)
    assert wrong.title.startswith("錯誤")
    other = await visitor.submit(bank_code="700", account=ACCOUNT, account_again="1234567")
    assert "#account_again" in other.links
    given = await give_account(visitor, path)
    assert "已收到帳號" in given.text
    assert "銀行代碼 700，帳號末 4 碼 8901" in given.text
    assert "00012345678901" not in given.html
    assert "看這筆退款" in (await visitor.go("/progress")).text
    await visitor.go(f"{path}?change=1")
    changed = await visitor.submit(bank_code="００４", account="123456", account_again="123-456")
    assert "銀行代碼 004，帳號末 4 碼 3456" in changed.text


async def test_a_refund_is_its_owner_s_alone(visitor: Visitor, system: System) -> None:
    path = await owe(visitor, system)
    await visitor.go(path)
    await be(visitor, "tong")
    assert (await visitor.go(path)).status == 404
    await visitor.go("/progress")
    taken = await visitor.post(path, bank_code="700", account=ACCOUNT, account_again=ACCOUNT)
    assert taken.status == 404
    async with system.db.transaction() as tx:
        assert (await tx.execute("SELECT FROM payee_account")).rowcount == 0
    assert (await visitor.go("/refunds/nothing")).status == 404
    await visitor.go("/demo")
    await visitor.post("/sign-out")
    assert (await visitor.go(path)).path.startswith("/zh/identify")


async def test_one_operator_makes_a_file_and_another_releases_it(
    visitor: Visitor, system: System
) -> None:
    path = await owe(visitor, system)
    await be_staff(visitor, "operator")
    assert "1 筆，共 21 元" in (await visitor.go("/operator?round=2020-1")).text
    assert "等本人填帳號：1 筆" in (await visitor.go(HERE)).text
    await be(visitor)
    await give_account(visitor, path)
    await be_staff(visitor, "operator")
    await visitor.go(HERE)
    made = await act(visitor, "make")
    assert "還沒有放行" in made.text
    assert not [form for form in made.forms if form.action.endswith("release")]
    own = await visitor.post(f"{HERE}/release", **file_of(made))
    assert (own.status, "由另一位營運人員放行" in own.text) == (422, True)
    assert await downloaded(visitor, file_of(made)) is None

    await be_staff(visitor, "operator2")
    await visitor.go(HERE)
    released = await act(visitor, "release")
    assert "operator2" in released.text
    content = await downloaded(visitor, file_of(made))
    assert content is not None
    reference = re.findall(r"^700,00012345678901,21,(\w{20})\r$", content, re.MULTILINE)
    assert len(reference) == 1
    assert f"total,1,21,{reference_of_file(made)}" in content
    await be(visitor)
    assert "匯款中" in (await visitor.go(path)).text
    late = await visitor.post(path, bank_code="004", account="123456", account_again="123456")
    assert "匯款中" in late.text
    assert "8901" in late.text

    await be_staff(visitor, "operator2")
    await visitor.go(HERE)
    sent = await act(visitor, "sent")
    assert "銀行已受理" in sent.text
    await be(visitor)
    done = await visitor.go(path)
    assert done.heading == "已退款 21 元"
    assert "8901" not in done.html

    await be_staff(visitor, "operator")
    await visitor.go(HERE)
    assert (await act(visitor, "returned", reference="0")).status == 422
    returned = await act(visitor, "returned", reference=reference[0])
    assert "已記下銀行退回" in returned.text
    assert "銀行退回，要重新填帳號" in returned.text
    await be(visitor)
    assert "銀行退回了這筆匯款" in (await visitor.go(path)).text


async def test_a_file_is_withdrawn_for_a_reason(visitor: Visitor, system: System) -> None:
    await give_account(visitor, await owe(visitor, system))
    await be_staff(visitor, "operator")
    await visitor.go(HERE)
    made = await act(visitor, "make")
    reason = f"withdraw-{file_of(made)['file_id']}"
    bare = await act(visitor, "withdraw")
    assert (bare.status, f"#{reason}" in bare.links) == (422, True)
    withdrawn = await act(visitor, "withdraw", **{reason: "帳號要再確認"})
    assert "已撤回" in withdrawn.text
    assert "可以匯款：1 筆，共 21 元" in withdrawn.text


async def test_a_card_that_nobody_can_tell_is_settled_by_an_operator(
    visitor: Visitor, system: System
) -> None:
    await register(visitor)
    await advance_to(system, PUBLISHED)
    await unclear_card(visitor, system, "ming")
    page = await visitor.go("/progress")
    (path,) = [each.removeprefix("/zh") for each in page.links if "/refunds/" in each]
    assert "退回付款的信用卡" in (await visitor.go(path)).text
    await be_staff(visitor, "operator")
    listed = await visitor.go(HERE)
    assert "要查明：1 筆" in listed.text
    assert "退款：沒有回覆" in listed.text
    (reason,) = [name for form in listed.forms for name in form.names if "reason-" in name]
    assert (await act(visitor, "given-back")).status == 422
    assert (await act(visitor, "given-back", **{reason: "x" * 201})).status == 422
    again = await visitor.post(
        f"{HERE}/try-again", **{**visitor.form(reason).values, reason: "後台沒有退款紀錄"}
    )
    assert "自動退款中：1 筆" in again.text
    stale = await visitor.post(f"{HERE}/given-back", event_id="x", person_id="y")
    assert stale.status == 422


@pytest.mark.parametrize("path", ["make", "release", "download", "sent", "withdraw", "returned"])
async def test_an_old_page_changes_nothing(visitor: Visitor, path: str) -> None:
    await be_staff(visitor, "operator")
    await visitor.go(HERE)
    answer = await visitor.post(f"{HERE}/{path}", file_id="00000000-0000-0000-0000-000000000001")
    assert answer.status in (200, 422)


async def test_of_many_the_earliest_are_shown(visitor: Visitor, system: System) -> None:
    await owe(visitor, system)
    async with system.db.transaction() as tx:
        await tx.execute(
            "WITH e AS (INSERT INTO payment_event (person_id, event_id, attempt_id, round_id,"
            "  gateway, message_id, kind, amount, valued_at, known_at, outcome)"
            "  SELECT person_id, gen_random_uuid(), attempt_id, round_id, gateway, 'm' || n,"
            "  'paid', 20, valued_at, known_at + interval '1 hour', 'double'"
            "  FROM payment_event, generate_series(1, 150) n WHERE outcome = 'wrong_amount'"
            "  RETURNING *) INSERT INTO refund (person_id, event_id, round_id, amount, reason, way,"
            "  due_at, next_at) SELECT person_id, event_id, round_id, amount, outcome, 'transfer',"
            "  known_at, known_at FROM e"
        )
    await be_staff(visitor, "operator")
    page = await visitor.go(HERE)
    assert "等本人填帳號：151 筆" in page.text
    assert "只列最早的 100 筆" in page.text
    assert page.html.count("<tr class=") == 100
    assert len(page.html) < 100_000


@pytest.mark.parametrize("language", ["zh", "en"])
async def test_both_languages(visitor: Visitor, system: System, language: str) -> None:
    path = await owe(visitor, system)
    visitor.language = language
    assert (await visitor.go(path)).status == 200
    await be_staff(visitor, "operator")
    assert (await visitor.go(HERE)).heading == {"zh": "退款工作", "en": "Refunds"}[language]


async def unclear_card(visitor: Visitor, system: System, who: str) -> None:
    """Pay by card, and then again as a gateway tells that does not answer about it."""
    await be(visitor, who)
    await pay(visitor)
    async with system.db.transaction() as tx:  # as a second payment that got no answer
        await tx.execute(
            "WITH e AS (INSERT INTO payment_event (person_id, event_id, attempt_id, round_id,"
            "  gateway, message_id, kind, amount, valued_at, known_at, outcome)"
            "  SELECT person_id, gen_random_uuid(), attempt_id, round_id, gateway, 'again', 'paid',"
            "  amount, valued_at, known_at, 'double' FROM payment_event WHERE outcome = 'settles'"
            "  RETURNING *), r AS (INSERT INTO refund (person_id, event_id, round_id, amount,"
            "  reason, way, state, due_at, next_at) SELECT person_id, event_id, round_id, amount,"
            "  outcome, 'card', 'unclear', known_at, known_at FROM e RETURNING *)"
            " INSERT INTO refund_step SELECT person_id, event_id, 1, 'refund', 'unclear', '',"
            " due_at FROM r"
        )


def file_of(page: Sheet) -> dict[str, str]:
    """The id of the one file of a work-list."""
    return {"file_id": re.findall(r'name="file_id" value="([^"]+)"', page.html)[0]}


def reference_of_file(page: Sheet) -> str:
    return file_of(page)["file_id"].replace("-", "")[:20].upper()


async def downloaded(visitor: Visitor, file: dict[str, str]) -> str | None:
    """The file as an operator's browser takes it; None if it only shows the list again."""
    values = next(f.values for f in visitor.page.forms if "_csrf_token" in f.values)
    answer: httpx.Response = await visitor.client.post(
        f"/zh{HERE}/download", data={"_csrf_token": values["_csrf_token"], **file}
    )
    if answer.status_code == 303:
        return None
    assert answer.headers["content-disposition"].startswith("attachment")
    assert "no-store" in answer.headers["cache-control"]
    return answer.text
