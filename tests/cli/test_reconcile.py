"""``emask reconcile``: what it tells, and how it ends."""

import json
import socket
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app

Run = Callable[..., Result]

DAY = "2020-03-19"
_HEADINGS = "訂單日期,廠商訂單編號,綠界訂單編號,付款方式,付款狀態,交易金額"
_PERSON = "00000000-0000-0000-0000-00000000000a"
_LEDGER = f"""
INSERT INTO store (chain, store_code, name, address, county, town, zip_code)
VALUES ('SE', '100001', '門市', '台北市', '臺北市', '大安區', '106');
INSERT INTO orders (person_id, round_id, chain, store_code, channel, amount, state, paid_at,
    changed_at)
VALUES ('{_PERSON}', '2020-1', 'SE', '100001', 'computer', 22, 'paid', '{DAY} 12:00+08',
    '{DAY} 12:00+08');
INSERT INTO payment_attempt (person_id, attempt_id, round_id, gateway, method, amount, trade_no,
    opened_by, opened_at)
VALUES ('{_PERSON}', '{_PERSON}', '2020-1', 'ecpay', 'credit_card', 22, 'EM1', '{_PERSON}',
    '{DAY} 11:00+08');
INSERT INTO payment_reference VALUES ('EM1', '{_PERSON}', '{_PERSON}');
INSERT INTO payment_event (person_id, event_id, attempt_id, round_id, gateway, message_id, kind,
    amount, valued_at, known_at, outcome)
VALUES ('{_PERSON}', '{_PERSON}', '{_PERSON}', '2020-1', 'ecpay', 'paid:EM1', 'paid', 22,
    '{DAY} 12:00+08', '{DAY} 12:00+08', 'settles');
"""


@pytest.fixture
def emask(database_url: str, tmp_path: Path) -> Run:
    """The command on a database with one paid order, at ten on the day after."""

    def run(*arguments: str, **environment: str) -> Result:
        return CliRunner().invoke(
            app,
            list(arguments),
            env={
                "EMASK_DATABASE_URL": database_url,
                "EMASK_KEYS": str(tmp_path / "keys.json"),
                "EMASK_PARTNERS_FILE": "",
                "EMASK_LANG": "en",
                **environment,
            },
        )

    assert run("rounds", "load", "2020-1").exit_code == 0
    assert run("clock", "set", "2020-03-20 10:00").exit_code == 0
    with psycopg.connect(database_url) as connection:
        connection.execute(_LEDGER)
    return run


@pytest.fixture
def file(tmp_path: Path) -> Callable[..., str]:
    """A file of ECPay's with one row a trade."""

    def write(*trades: tuple[str, str, int]) -> str:
        rows = [
            ",".join(
                f'="{cell}"'
                for cell in (
                    *(f"{DAY.replace('-', '/')} 11:00:00", trade_no, number),
                    *("Credit_CreditCard", f"{DAY} 12:00:00 已付款", str(amount)),
                )
            )
            for trade_no, number, amount in trades
        ]
        path = tmp_path / "file.csv"
        path.write_text("\n".join([_HEADINGS, *rows]) + "\n")
        return str(path)

    return write


def test_what_agrees_ends_with_0(emask: Run, file: Callable[..., str]) -> None:
    ended = emask("reconcile", "--gateway", "ecpay", "--file", file(("EM1", "2003190001", 22)))
    assert ended.exit_code == 0, ended.output
    assert f"✓ {DAY} ecpay: 1 rows, gateway NT$22, ledger NT$22, 0 to explain" in ended.stdout


def test_what_is_unexplained_is_listed_with_its_reason_and_ends_with_1(
    emask: Run, file: Callable[..., str]
) -> None:
    content = file(("STRANGE", "2003190002", 22), ("EM1", "2003190001", 22))
    arguments = ("reconcile", "--gateway", "ecpay", "--file", content)
    ended = emask(*arguments, COLUMNS="200")
    assert ended.exit_code == 1
    assert "STRANGE" in ended.stdout
    assert "The gateway has money of a trade that we never opened" in ended.stdout
    assert _PERSON not in ended.output
    chinese = emask(*arguments, EMASK_LANG="zh", COLUMNS="200")
    assert "1 筆待說明" in chinese.stdout
    assert "業者有款項，系統沒有開過這筆交易" in chinese.stdout
    assert "EM1" not in chinese.stdout


def test_by_default_every_gateway_is_asked_for_yesterday(emask: Run) -> None:
    ended = emask("reconcile", "--json")
    assert ended.exit_code == 1
    ecpay, newebpay = json.loads(ended.stdout)
    assert (ecpay["gateway"], ecpay["day"]) == ("ecpay", DAY)
    assert ecpay["differences"] == [
        {
            "trade_no": "EM1",
            "reason": "not_in_file",
            "file_amount": 0,
            "ledger_amount": 22,
            "explanation": None,
        }
    ]
    assert (ecpay["file_rows"], ecpay["file_total"], ecpay["ledger_total"]) == (0, 0, 22)
    assert (newebpay["gateway"], newebpay["unexplained"]) == ("newebpay", 0)
    assert emask("reconcile", "--day", "2020-03-18").exit_code == 0
    assert emask("reconcile", "--gateway", "newebpay").exit_code == 0


def test_an_unexplained_difference_breaks_the_audit(emask: Run) -> None:
    assert "not yet: ecpay 2020-03-19" in emask("audit", "--json").stdout
    emask("reconcile")
    ended = emask("audit", "--json")
    assert ended.exit_code == 1
    broken = [each["invariant"] for each in json.loads(ended.stdout) if not each["ok"]]
    assert "differences_are_explained" in broken
    assert "reconciled_sums_agree" not in broken
    assert "not yet" not in ended.stdout


@pytest.mark.parametrize(
    ("arguments", "zh", "en"),
    [
        (("--day", "2020-03-20"), "2020-03-20 還沒有過完", "2020-03-20 is not over"),
        (("--gateway", "bank"), "ecpay, newebpay", "Choose one with --gateway: ecpay, newebpay"),
        (("--file", "FILE"), "用 --gateway 選一個", "Choose one with --gateway"),
        (("--file", "FILE", "--gateway", "ecpay"), "無法讀取", "cannot be read: without"),
        (("--file", "FILE", "--gateway", "newebpay"), "無法讀取", "cannot be read"),
    ],
)
def test_wrong_input_ends_with_2(
    emask: Run, tmp_path: Path, arguments: tuple[str, ...], zh: str, en: str
) -> None:
    path = tmp_path / "file.csv"
    path.write_text("nothing,of,this\n")
    given = [str(path) if each == "FILE" else each for each in arguments]
    for language, words in (("zh", zh), ("en", en)):
        ended = emask("reconcile", *given, EMASK_LANG=language)
        assert ended.exit_code == 2
        assert words in ended.stderr
        assert not ended.stdout


@pytest.mark.parametrize("arguments", [("--day", "yesterday"), ("--file", "missing.csv")])
def test_what_cannot_be_understood_ends_with_2(emask: Run, arguments: tuple[str, ...]) -> None:
    assert emask("reconcile", *arguments).exit_code == 2


def test_a_gateway_that_does_not_answer_ends_with_1(emask: Run, tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and does not listen
        address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        partners = tmp_path / "partners.toml"
        partners.write_text(
            '[payment]\ncredit_card = "ecpay"\nweb_atm = "ecpay"\natm = "ecpay"\n'
            '[ecpay]\nmerchant_id = "1"\nhash_key = "made-up"\nhash_iv = "made-up"\n'
            f'cashier = "{address}"\nvendor = "{address}"\n'
        )
        partners.chmod(0o600)
        ended = emask("reconcile", EMASK_PARTNERS_FILE=str(partners))
        as_json = emask("reconcile", "--json", EMASK_PARTNERS_FILE=str(partners))
    assert ended.exit_code == 1
    assert f"✗ {DAY} ecpay: no answer; try again later" in ended.stdout
    assert json.loads(as_json.stdout) == [{"gateway": "ecpay", "day": DAY, "trouble": "no_answer"}]
