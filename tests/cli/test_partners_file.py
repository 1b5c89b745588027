"""The file of real partners: what it sets up, what is refused, that nothing of it is repeated."""

import logging
from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
from typer.testing import CliRunner, Result

from emask.cli.main import app
from emask.cli.partners_file import (
    PartnersFileWrong,
    gateways_from,
    parse_partners_file,
    read_partners_file,
    real_partners,
    sms_from,
)
from emask.cli.partners_sections import PartnersFile
from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.notices.ports import Receipt
from emask.rules.price import Method
from emask.sandbox.system import Sandbox

RECEIPTS = "https://mask.example/api/sms/receipts/secret"
SECRETS = {
    "ecpay": ("madeUpHashKey016", "madeUpHashIv0016"),
    "newebpay": ("made-up-hash-key-of-32-character", "made-up-hash-iv-"),
    "mitake": ("made-up-mitake-password",),
    "smpp": ("mock-pw1",),
    "logistics": ("madeUpB2cKey0016", "madeUpB2cIv00016", "madeUpC2cKey0016", "madeUpC2cIv00016"),
}
SECTIONS = {
    "payment": 'credit_card = "ecpay"\nweb_atm = "ecpay"\natm = "newebpay"\n',
    "ecpay": (
        'merchant_id = "1234567"\nhash_key = "madeUpHashKey016"\nhash_iv = "madeUpHashIv0016"\n'
        'cashier = "https://payment.ecpay.example"\nvendor = "https://vendor.ecpay.example"\n'
    ),
    "newebpay": (
        'merchant_id = "MS1234567"\nhash_key = "made-up-hash-key-of-32-character"\n'
        'hash_iv = "made-up-hash-iv-"\nroot = "https://core.newebpay.example"\n'
    ),
    "sms": "per_second = 40\nrest = 90.5\n",
    "mitake": (
        'base_url = "https://sms.mitake.example"\nusername = "12345678"\n'
        'password = "made-up-mitake-password"\n'
    ),
    "smpp": (
        'host = "smsc.example"\nport = 2775\nsystem_id = "emask"\npassword = "mock-pw1"\n'
        'source = "MASK"\nreceipt_ids = "decimal_of_hex"\n'
    ),
    "logistics": (
        'base = "https://logistics.ecpay.example"\nb2c_merchant_id = "1234567"\n'
        'b2c_hash_key = "madeUpB2cKey0016"\nb2c_hash_iv = "madeUpB2cIv00016"\n'
        'c2c_merchant_id = "1234568"\nc2c_hash_key = "madeUpC2cKey0016"\n'
        'c2c_hash_iv = "madeUpC2cIv00016"\nsender_name = "預購中心"\n'
        'sender_mobile = "0900000000"\n'
    ),
}


async def hear(_: Receipt) -> None:
    """Nobody listens."""


def written(**changed: str | None) -> bytes:
    """The whole file; a section may be another, or none."""
    sections = SECTIONS | changed
    return "\n".join(
        f"[{name}]\n{text}" for name, text in sections.items() if text is not None
    ).encode()


@pytest.fixture
def keep(tmp_path: Path) -> Callable[[bytes, int], Path]:
    def kept(content: bytes, mode: int) -> Path:
        path = tmp_path / "partners.toml"
        path.write_bytes(content)
        path.chmod(mode)
        return path

    return kept


@pytest.fixture
def silent() -> httpx2.AsyncClient:
    """A client that asks nobody."""
    return httpx2.AsyncClient(transport=httpx2.MockTransport(lambda _: httpx2.Response(500)))


def test_everything_that_stands_in_it_is_read() -> None:
    file = parse_partners_file(written())
    assert file.payment is not None
    assert file.payment.choice() == {
        Method.CREDIT_CARD: "ecpay",
        Method.WEB_ATM: "ecpay",
        Method.ATM: "newebpay",
    }
    assert file.ecpay is not None
    merchant = file.ecpay.merchant()
    assert (merchant.merchant_id, merchant.cashier) == ("1234567", "https://payment.ecpay.example")
    assert (merchant.keys.hash_key, merchant.keys.hash_iv) == SECRETS["ecpay"]
    assert file.newebpay is not None
    assert file.newebpay.merchant().root == "https://core.newebpay.example"
    assert file.sms is not None
    assert (file.sms.limits().per_second, file.sms.limits().rest) == (40, 90.5)
    assert file.mitake is not None
    assert file.mitake.account(receipts_url=RECEIPTS).receipts_url == RECEIPTS
    assert file.smpp is not None
    assert file.smpp.account().receipt_ids == "decimal_of_hex"
    assert file.smpp.account().tls


async def test_both_gateways_are_on_and_each_method_goes_to_its_own(
    silent: httpx2.AsyncClient,
) -> None:
    gateways = gateways_from(parse_partners_file(written()), silent)
    assert [each.name for each in gateways] == ["ecpay", "newebpay"]
    assert gateways.taking(Method.CREDIT_CARD).name == "ecpay"
    assert gateways.taking(Method.ATM).name == "newebpay"
    assert gateways.taking(Method.ATM).cashier == "https://core.newebpay.example"


async def test_a_gateway_that_takes_nothing_new_still_finishes_old_trades(
    silent: httpx2.AsyncClient,
) -> None:
    one = 'credit_card = "newebpay"\nweb_atm = "newebpay"\natm = "newebpay"\n'
    gateways = gateways_from(parse_partners_file(written(payment=one)), silent)
    assert gateways.named("ecpay").name == "ecpay"
    assert {gateways.taking(method).name for method in Method} == {"newebpay"}


async def test_messages_go_through_the_providers_that_there_are(
    silent: httpx2.AsyncClient,
) -> None:
    def names(content: bytes) -> list[str]:
        sender = sms_from(parse_partners_file(content), silent, hear=hear, receipts_url=RECEIPTS)
        return [each.name for each in sender.providers]

    assert names(written()) == ["mitake", "smpp"]
    assert names(written(mitake=None)) == ["smpp"]
    assert names(written(smpp=None, sms=None)) == ["mitake"]


async def test_whom_the_file_does_not_name_stays_a_double(
    db: Database, clock: SetClock, keys: Keys, silent: httpx2.AsyncClient
) -> None:
    doubles = Sandbox.over(db, clock, keys).partners
    payment_alone = parse_partners_file(written(sms=None, mitake=None, smpp=None))
    messages_alone = parse_partners_file(written(payment=None, ecpay=None, newebpay=None))
    partners = real_partners(doubles, payment_alone, silent, hear=hear, receipts_url=RECEIPTS)
    assert partners.sms is doubles.sms
    assert partners.gateways is not doubles.gateways
    assert type(partners) is type(doubles)  # the sandbox stays within reach
    partners = real_partners(doubles, messages_alone, silent, hear=hear, receipts_url=RECEIPTS)
    assert partners.sms is not doubles.sms
    assert partners.gateways is doubles.gateways


def test_who_has_no_gateways_or_providers_has_no_use_for_them(silent: httpx2.AsyncClient) -> None:
    with pytest.raises(ValueError, match="payment"):
        gateways_from(PartnersFile(), silent)
    with pytest.raises(ValueError, match="provider"):
        sms_from(PartnersFile(), silent, hear=hear, receipts_url=RECEIPTS)


def without(section: str, field: str) -> str:
    return "\n".join(
        line for line in SECTIONS[section].splitlines() if not line.startswith(f"{field} =")
    )


def instead(section: str, field: str, value: str) -> str:
    return f"{without(section, field)}\n{field} = {value}\n"


FAULTS = [
    (written(ecpay=without("ecpay", "hash_iv")), "missing: ecpay.hash_iv"),
    (written(ecpay=SECTIONS["ecpay"] + 'hashkey = "x"'), "unknown: ecpay.hashkey"),
    (written(ecpay=instead("ecpay", "hash_key", "5")), "not as it has to be: ecpay.hash_key"),
    (written(ecpay=instead("ecpay", "hash_key", '""')), "not as it has to be: ecpay.hash_key"),
    (
        written(ecpay=instead("ecpay", "cashier", '"http://payment.ecpay.example"')),
        "not as it has to be: ecpay.cashier",
    ),
    (
        written(ecpay=instead("ecpay", "cashier", '"https://payment.ecpay.example/"')),
        "not as it has to be: ecpay.cashier",
    ),
    (
        written(newebpay=instead("newebpay", "hash_key", '"too-short"')),
        "not as it has to be: newebpay.hash_key",
    ),
    (
        written(newebpay=instead("newebpay", "hash_iv", '"made-up-hash-iv"')),
        "not as it has to be: newebpay.hash_iv",
    ),
    (
        written(smpp=instead("smpp", "password", '"nine-long"')),
        "not as it has to be: smpp.password",
    ),
    (written(smpp=instead("smpp", "port", "0")), "not as it has to be: smpp.port"),
    (
        written(smpp=instead("smpp", "receipt_ids", '"mock-pw1"')),
        "not as it has to be: smpp.receipt_ids",
    ),
    (written(sms="per_second = 0"), "not as it has to be: sms.per_second"),
    (written(payment=instead("payment", "atm", '"bank"')), "not as it has to be: payment.atm"),
    (written(payment=without("payment", "atm")), "missing: payment.atm"),
    (written(payment=None), "[payment] is missing"),
    (written(newebpay=None), "[newebpay] is missing"),
    (written(mitake=None, smpp=None), "[sms] needs [mitake] or [smpp]"),
    (written(bank='account = "1"'), "unknown: bank"),
    (b"", "it names no partner"),
    (b"[ecpay]\nhash_key = made-up-mitake-password\n", "line 2 is not TOML"),
    (b'[ecpay]\nhash_key = "madeUpHashKey016', "is not TOML"),
    (b"\xff", "not UTF-8"),
]


@pytest.mark.parametrize(("content", "told"), FAULTS, ids=[told for _, told in FAULTS])
def test_what_is_wrong_is_told_by_its_place(content: bytes, told: str) -> None:
    with pytest.raises(PartnersFileWrong) as refused:
        parse_partners_file(content)
    assert refused.value.en.endswith(told)
    assert refused.value.zh != refused.value.en
    said = f"{refused.value} {refused.value.zh} {refused.value!r} {refused.value.__cause__}"
    assert not [each for secrets in SECRETS.values() for each in secrets if each in said]
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_a_key_that_is_no_name_is_not_repeated() -> None:
    pasted = written(ecpay=SECTIONS["ecpay"] + '"madeUpHashKey016" = "hash_key"')
    with pytest.raises(PartnersFileWrong) as refused:
        parse_partners_file(pasted)
    assert refused.value.en == "unknown: ecpay"


def test_printing_it_shows_no_secret() -> None:
    file = parse_partners_file(written())
    assert file.mitake is not None
    assert file.smpp is not None
    shown = " ".join(
        (
            repr(file),
            str(file.ecpay),
            f"{file.newebpay!r} {file.mitake!r} {file.smpp!r}",
            repr(file.mitake.account(receipts_url=RECEIPTS)),
            repr(file.smpp.account()),
        )
    )
    assert not [each for secrets in SECRETS.values() for each in secrets if each in shown]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o610, 0o666])
def test_who_lets_others_read_it_is_refused(keep: Callable[[bytes, int], Path], mode: int) -> None:
    with pytest.raises(PartnersFileWrong, match="chmod 600"):
        read_partners_file(keep(written(), mode))


def test_its_owner_s_alone_is_read(keep: Callable[[bytes, int], Path], tmp_path: Path) -> None:
    assert read_partners_file(keep(written(), 0o600)).payment is not None
    with pytest.raises(PartnersFileWrong, match="No such file"):
        read_partners_file(tmp_path / "nowhere.toml")
    with pytest.raises(PartnersFileWrong, match="directory"):
        read_partners_file(tmp_path)


@pytest.mark.parametrize(
    ("language", "words"), [("", "EMASK_PARTNERS_FILE：缺少：ecpay.hash_iv"), ("en", "missing")]
)
def test_commands_refuse_a_wrong_file(
    keep: Callable[[bytes, int], Path],
    database_url: str,
    caplog: pytest.LogCaptureFixture,
    language: str,
    words: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    path = keep(written(ecpay=without("ecpay", "hash_iv")), 0o600)
    ended = CliRunner().invoke(
        app,
        ["rounds", "list"],
        env={
            "EMASK_DATABASE_URL": database_url,
            "EMASK_KEYS": str(path.parent / "keys.json"),
            "EMASK_PARTNERS_FILE": str(path),
            "EMASK_LANG": language,
        },
    )
    assert ended.exit_code == 2
    assert words in ended.stderr
    told = ended.output + caplog.text
    assert not [each for secrets in SECRETS.values() for each in secrets if each in told]


def run(database_url: str, path: Path, *arguments: str) -> Result:
    return CliRunner().invoke(
        app,
        list(arguments),
        env={
            "EMASK_DATABASE_URL": database_url,
            "EMASK_KEYS": str(path.parent / "keys.json"),
            "EMASK_PARTNERS_FILE": str(path),
            "EMASK_LANG": "en",
        },
    )


def test_people_of_a_set_clock_never_meet_real_partners(
    keep: Callable[[bytes, int], Path], database_url: str
) -> None:
    path = keep(written(), 0o600)
    assert run(database_url, path, "rounds", "list").exit_code == 0  # by the machine's clock
    assert run(database_url, path, "clock", "set", "2020-03-12 09:00").exit_code == 0
    ended = run(database_url, path, "rounds", "list")
    assert ended.exit_code == 2
    assert "with a set clock there are none but the sandbox's partners" in ended.stderr


@pytest.mark.parametrize(
    ("changed", "outside"),
    [
        ({}, True),
        ({"ecpay": None, "payment": None, "newebpay": None}, True),
        ({"smpp": SECTIONS["smpp"].replace("smsc.example", "127.0.0.1")}, True),
        (
            {
                "ecpay": SECTIONS["ecpay"]
                .replace("https://payment.ecpay.example", "http://127.0.0.1:8010/ecpay")
                .replace("https://vendor.ecpay.example", "http://localhost:8010/ecpay"),
                "newebpay": SECTIONS["newebpay"].replace(
                    "https://core.newebpay.example", "http://127.0.0.1:8010/newebpay"
                ),
                "mitake": SECTIONS["mitake"].replace(
                    "https://sms.mitake.example", "http://127.0.0.1:8010/mitake"
                ),
                "smpp": SECTIONS["smpp"].replace("smsc.example", "127.0.0.1"),
                "logistics": SECTIONS["logistics"].replace(
                    "https://logistics.ecpay.example", "http://127.0.0.1:9"
                ),
            },
            False,
        ),
    ],
)
def test_what_is_on_this_machine_is_no_real_partner(
    changed: dict[str, str | None], *, outside: bool
) -> None:
    assert parse_partners_file(written(**changed)).reaches_outside is outside


def test_parcels_go_by_both_accounts_of_the_file(db: Database, clock: SetClock, keys: Keys) -> None:
    file = parse_partners_file(written())
    assert file.logistics is not None
    told = file.logistics.logistics()
    assert (told.b2c.merchant_id, told.b2c.keys.hash_iv) == ("1234567", "madeUpB2cIv00016")
    assert (told.c2c.merchant_id, told.c2c.keys.hash_key) == ("1234568", "madeUpC2cKey0016")
    sandbox = Sandbox.over(db, clock, keys).partners
    assert sandbox.carrier is None
    partners = real_partners(sandbox, file, httpx2.AsyncClient(), hear=hear, receipts_url=RECEIPTS)
    assert partners.carrier is not None
    assert partners.carrier.name == "ecpay"
