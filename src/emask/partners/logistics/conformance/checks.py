"""What an implementation has to do, check by check."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import msgspec

from emask.delivery.ports import ParcelState
from emask.partners.ecpay.mac import FIELD, Digest, is_genuine
from emask.partners.ecpay.wire import FORM_TYPE, read_form, read_stamp
from emask.partners.logistics.calls import CREATE, LABELS, QUERY, STORE_LIST, STORE_MAP, sign
from emask.partners.logistics.changes import C2C_LABELS
from emask.partners.logistics.conformance.bench import (
    Bench,
    Failed,
    Finding,
    NotTried,
    Outcome,
    Subject,
    refused,
    same,
)
from emask.partners.logistics.kinds import CVS_TYPES, SubType, store_on_the_wire
from emask.partners.logistics.parcel_query import CLOCKS_APART, NOT_FOUND
from emask.partners.logistics.statuses import state_of
from emask.rounds.model import Chain

Check = Callable[[Bench], Awaitable[None]]


async def creates_a_parcel(bench: Bench) -> None:
    """Express/Create answers `1|` and signed fields, with RtnCode 300."""
    asked = await bench.new_parcel()
    said = await bench.post(CREATE, asked)
    if not said.body.startswith(b"1|"):
        raise Failed(f"the answer does not begin with 1|: {said}")
    fields = bench.read(said.body.removeprefix(b"1|"))
    for name in ("MerchantID", "MerchantTradeNo", "LogisticsSubType", "GoodsAmount"):
        same(fields, name, asked[name])
    same(fields, "RtnCode", "300")
    if not fields.get("AllPayLogisticsID", "").isalnum():
        raise Failed("AllPayLogisticsID is missing, or no number")
    bench.parcel = fields


async def numbers_what_is_handed_in(bench: Bench) -> None:
    """A C2C parcel comes with CVSPaymentNo, at 7-ELEVEN with CVSValidationNo as well."""
    if not bench.kind.is_c2c:
        raise NotTried("parcels come from a logistics centre")
    if not bench.created().get("CVSPaymentNo"):
        raise Failed("CVSPaymentNo is empty")
    if bench.kind is SubType.UNIMARTC2C and not bench.created().get("CVSValidationNo"):
        raise Failed("CVSValidationNo is empty")


async def takes_a_number_once(bench: Bench) -> None:
    """The same MerchantTradeNo again is refused, and the parcel stays what it was."""
    number = bench.created()["MerchantTradeNo"]
    again = bench.signed(await bench.new_parcel(), MerchantTradeNo=number)
    refused(await bench.post(CREATE, again), "a number that was used")
    fields = bench.read((await bench.ask(MerchantTradeNo=number)).body)
    same(fields, "AllPayLogisticsID", bench.created()["AllPayLogisticsID"])


async def creates_nothing_for_strangers(bench: Bench) -> None:
    """A creation with a wrong CheckMacValue is refused, and nothing comes of it."""
    fields = await bench.new_parcel()
    forged = fields | {FIELD: fields[FIELD][::-1]}
    refused(await bench.post(CREATE, forged), "a creation with a wrong CheckMacValue")
    said = await bench.ask(MerchantTradeNo=fields["MerchantTradeNo"])
    refused(said, "a question about the parcel that was refused")


async def keeps_accounts_apart(bench: Bench) -> None:
    """B2C and C2C have an account each."""
    fields = await bench.new_parcel()
    kept = {name: fields[name] for name in fields if name not in (FIELD, "MerchantID")}
    said = await bench.post(CREATE, sign(kept, bench.other_account))
    refused(said, f"{bench.kind} under the other account")


async def refuses_unfit_parcels(bench: Bench) -> None:
    """No such store, no amount, more than NT$20,000, no name, no mobile number."""
    for field, value in (
        ("ReceiverStoreID", "ZZZZZZ"),
        ("GoodsAmount", "0"),
        ("GoodsAmount", "20001"),
        ("ReceiverName", ""),
        ("ReceiverCellPhone", "0212345678"),
        ("ServerReplyURL", ""),
    ):
        changed = {field: value}
        if field == "GoodsAmount" and bench.chain is Chain.SE:
            changed["CollectionAmount"] = value
        said = await bench.post(CREATE, bench.signed(await bench.new_parcel(), **changed))
        refused(said, f"{field}={value}")


async def finds_a_parcel(bench: Bench) -> None:
    """QueryLogisticsTradeInfo finds it by either number."""
    created = bench.created()
    for name in ("MerchantTradeNo", "AllPayLogisticsID"):
        fields = bench.read((await bench.ask(**{name: created[name]})).body)
        for each in ("MerchantID", "MerchantTradeNo", "AllPayLogisticsID", "GoodsAmount"):
            same(fields, each, created[each])
        same(fields, "LogisticsType", f"CVS_{bench.kind}")
        _known(bench, fields.get("LogisticsStatus", ""))


async def says_what_it_does_not_find(bench: Bench) -> None:
    """An unknown number is answered in the very words that say so and nothing else."""
    fields = await bench.new_parcel()
    said = await bench.ask(MerchantTradeNo=fields["MerchantTradeNo"])
    refused(said, "an unknown number")
    if NOT_FOUND not in said.body.decode(errors="replace"):
        raise Failed(f"an unknown number is not answered with 0|{NOT_FOUND} but with {said}")


async def answers_no_stale_questions(bench: Bench) -> None:
    """A TimeStamp is good for three minutes."""
    old = await bench.now() - 2 * CLOCKS_APART
    number = bench.created()["MerchantTradeNo"]
    said = await bench.ask(MerchantTradeNo=number, TimeStamp=str(int(old.timestamp())))
    refused(said, "a question of six minutes ago")


async def answers_no_strangers(bench: Bench) -> None:
    """A question with a wrong CheckMacValue is refused, in other words than an unknown number."""
    fields = {
        "MerchantID": bench.account.merchant_id,
        "MerchantTradeNo": bench.created()["MerchantTradeNo"],
        "TimeStamp": str(int((await bench.now()).timestamp())),
        FIELD: "0" * 32,
    }
    said = await bench.post(QUERY, fields)
    refused(said, "a question with a wrong CheckMacValue")
    if NOT_FOUND in said.body.decode(errors="replace"):
        raise Failed("a wrong CheckMacValue is answered as if the parcel did not exist")


async def lists_its_stores(bench: Bench) -> None:
    """GetStoreList is JSON, and has the store that parcels can go to."""
    cvs_type = CVS_TYPES[bench.chain]
    said = await bench.post(STORE_LIST, bench.signed({"CvsType": cvs_type}))
    try:
        told = msgspec.json.decode(said.body)
        same({"RtnCode": str(told["RtnCode"])}, "RtnCode", "1")
        codes = {
            store["StoreId"]
            for each in told["StoreList"]
            if each["CvsType"] == cvs_type
            for store in each["StoreInfo"]
            if {"StoreName", "StoreAddr", "StorePhone"} <= store.keys()
        }
    except (msgspec.DecodeError, UnicodeDecodeError, LookupError, TypeError, AttributeError):
        raise Failed(f"not a list of stores: {said}") from None
    code = store_on_the_wire(bench.chain, bench.subject.stores[bench.chain])
    if code not in codes:
        raise Failed(f"the store {code} is not among the {len(codes)} listed ones")


async def shows_labels(bench: Bench) -> None:
    """The label is a page that has the parcel's number on it."""
    created = bench.created()
    numbers = ("AllPayLogisticsID", "CVSPaymentNo", "CVSValidationNo")
    fields = {name: created[name] for name in numbers if created.get(name)}
    said = await bench.post(C2C_LABELS.get(bench.kind, LABELS), bench.signed(fields))
    shown = said.body.decode(errors="replace")
    if said.status != _OK or not said.content_type.startswith("text/html"):
        raise Failed(f"no page of labels: {said}")
    if not any(number in shown for number in fields.values()):
        raise Failed("the page has none of the parcel's numbers on it")


async def shows_a_map(bench: Bench) -> None:
    """The map is a page."""
    fields = {
        "MerchantTradeNo": "EK1",
        "LogisticsType": "CVS",
        "LogisticsSubType": bench.kind.value,
        "IsCollection": "N",
        "ServerReplyURL": "https://invalid.invalid/chosen",
        "ExtraData": "EK1",
        "Device": "0",
    }
    said = await bench.post(STORE_MAP, bench.signed(fields))
    if said.status not in (_OK, _FOUND):
        raise Failed(f"no map: {said}")


async def tells_of_its_parcels(bench: Bench) -> None:
    """ServerReplyURL is told of a parcel in a signed form, with a code of the chain's list."""
    if bench.subject.ear is None:
        raise NotTried("there is nowhere to tell")
    number = bench.created()["MerchantTradeNo"]
    ours = 0
    for heard in await bench.subject.ear.heard(number):
        try:
            fields = read_form(heard.body)
        except ValueError:
            raise Failed("what is told is no form, or has a field twice") from None
        if fields.get("MerchantTradeNo") != number:
            continue
        if not heard.content_type.startswith(FORM_TYPE):
            raise Failed(f"what is told comes as {heard.content_type!r}")
        if not is_genuine(fields, bench.account.keys, Digest.MD5):
            raise Failed("what is told is not signed with MD5 over all fields")
        _check_told(bench, fields)
        ours += 1
    if not ours:
        raise Failed("nothing was told in time")


def _check_told(bench: Bench, fields: Mapping[str, str]) -> None:
    for name in ("MerchantID", "AllPayLogisticsID", "LogisticsSubType", "GoodsAmount"):
        same(fields, name, bench.created()[name])
    _known(bench, fields.get("RtnCode", ""))
    try:
        read_stamp(fields.get("UpdateStatusDate", ""))
    except ValueError:
        raise Failed("UpdateStatusDate is not yyyy/MM/dd HH:mm:ss") from None


def _known(bench: Bench, code: str) -> None:
    if state_of(bench.kind, code) is ParcelState.IN_TRANSIT:
        raise Failed(f"{code!r} is no code of {bench.kind}")


_OK: Final = 200
_FOUND: Final = 302

CHECKS: Final[Sequence[Check]] = (
    creates_a_parcel,
    numbers_what_is_handed_in,
    takes_a_number_once,
    creates_nothing_for_strangers,
    keeps_accounts_apart,
    refuses_unfit_parcels,
    finds_a_parcel,
    says_what_it_does_not_find,
    answers_no_stale_questions,
    answers_no_strangers,
    lists_its_stores,
    shows_labels,
    shows_a_map,
    tells_of_its_parcels,
)
"""All checks in their order: the first one creates what the others ask about."""


async def check_chains(subject: Subject) -> list[Finding]:
    """Try every chain of the subject that a store was named of."""
    return [
        await _find(check, bench)
        for bench in [Bench(subject, chain) for chain in subject.stores]
        for check in CHECKS
    ]


async def _find(check: Check, bench: Bench) -> Finding:
    outcome, reason = Outcome.PASSED, ""
    try:
        await check(bench)
    except Failed as failed:
        outcome, reason = Outcome.FAILED, str(failed)
    except NotTried as not_tried:
        outcome, reason = Outcome.NOT_TRIED, str(not_tried)
    name = check.__name__.replace("_", " ")
    return Finding(chain=bench.chain, check=name, outcome=outcome, reason=reason)
