"""The file of real partners: who we are to gateways, SMS providers and chains, with our secrets.

``EMASK_PARTNERS_FILE`` names it, only its owner may read it, and nothing that stands in it is ever
repeated. Without it the sandbox's doubles stand in.
"""

import os
import re
import stat
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Final

import httpx2
import msgspec

from emask.cli.partners_sections import BeaconSection, GatewayName, PartnersFile, SmsSection
from emask.cli.speech import refuse
from emask.database.clock import Clock, SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.notices.ports import SmsSender
from emask.notices.receipts import record_receipt
from emask.partners.beacon import DrandBeacon
from emask.partners.ecpay import EcpayGateway
from emask.partners.logistics import EcpayLogistics
from emask.partners.newebpay import NewebPayGateway
from emask.partners.sms import receipts_path, sms_sender
from emask.partners.sms.smpp import Hearer
from emask.payment.ports import Gateway, Gateways
from emask.programme.system import Partners

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class PartnersFileWrong(Exception):
    """The file cannot be used; tells in both languages where it is at fault, and nothing of it."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh = zh
        self.en = en


def configured_partners(
    path: Path | None,
    partners: Partners,
    client: httpx2.AsyncClient,
    *,
    db: Database,
    clock: Clock,
    keys: Keys,
    site: Site,
) -> Partners:
    """The sandbox's partners, those replaced that a file, if there is one, has accounts with.

    Ends the command when the file is at fault, or would let made-up people pay real money.
    """
    if path is None:
        return partners
    try:
        file = read_partners_file(path)
    except PartnersFileWrong as wrong:
        refuse(f"EMASK_PARTNERS_FILE：{wrong.zh}", f"EMASK_PARTNERS_FILE: {wrong.en}")
    if isinstance(clock, SetClock) and file.beacon is not None:
        refuse(
            "EMASK_PARTNERS_FILE：[beacon] 不能與設定的時鐘並用：quicknet 始於 2023 年 8 月 23 日，"
            "已過時刻的亂數人人早已知道",
            "EMASK_PARTNERS_FILE: no [beacon] with a set clock: quicknet began on 23 August 2023,"
            " and at a time gone by everybody knows its values beforehand",
        )
    if isinstance(clock, SetClock) and file.reaches_outside:
        refuse(
            "EMASK_PARTNERS_FILE：時鐘是設定的，只能用沙盒的夥伴",
            "EMASK_PARTNERS_FILE: with a set clock there are none but the sandbox's partners",
        )
    if file.beacon is not None:
        partners = replace(partners, beacon=beacon_from(file.beacon, client, clock))
    return real_partners(
        partners,
        file,
        client,
        hear=lambda receipt: record_receipt(db, clock, receipt),
        receipts_url=site.address(receipts_path(keys)),
    )


def real_partners(
    partners: Partners,
    file: PartnersFile,
    client: httpx2.AsyncClient,
    *,
    hear: Hearer,
    receipts_url: str,
) -> Partners:
    """Partners, of whom those that the file has accounts with are the real ones.

    Args:
        partners: who stands in for the others, but for chains, for which nobody does.
        file: our accounts.
        client: what they are asked with.
        hear: is told the SMPP centre's receipts.
        receipts_url: where Mitake pushes its own to.
    """
    if file.payment is not None:
        partners = replace(partners, gateways=gateways_from(file, client))
    if file.mitake is not None or file.smpp is not None:
        sms = sms_from(file, client, hear=hear, receipts_url=receipts_url)
        partners = replace(partners, sms=sms)
    # real parcels never go to made-up chains
    carrier = EcpayLogistics(file.logistics.logistics(), client) if file.logistics else None
    return replace(partners, carrier=carrier)


def beacon_from(section: BeaconSection, client: httpx2.AsyncClient, clock: Clock) -> DrandBeacon:
    """The public beacon, asked over the relays of a file."""
    return DrandBeacon(section.drawn_by(), section.asked(), client=client, clock=clock)


def gateways_from(file: PartnersFile, client: httpx2.AsyncClient) -> Gateways:
    """Every gateway of a file, and which of them takes new trades.

    Raises:
        ValueError: the file has none.
    """
    if file.payment is None:
        raise ValueError("payment: no gateways")
    gateways: list[Gateway] = []
    if file.ecpay is not None:
        gateways.append(EcpayGateway(file.ecpay.merchant(), client))
    if file.newebpay is not None:
        gateways.append(NewebPayGateway(file.newebpay.merchant(), client))
    return Gateways(gateways, file.payment.choice())


def sms_from(
    file: PartnersFile, client: httpx2.AsyncClient, *, hear: Hearer, receipts_url: str
) -> SmsSender:
    """The providers of a file as one sender.

    Raises:
        ValueError: the file has none.
    """
    return sms_sender(
        mitake=file.mitake.account(receipts_url=receipts_url) if file.mitake else None,
        smpp=file.smpp.account() if file.smpp else None,
        client=client,
        hear=hear,
        limits=(file.sms or SmsSection()).limits(),
    )


def read_partners_file(path: Path) -> PartnersFile:
    """A file that its owner alone may read. Raises PartnersFileWrong."""
    try:
        with path.open("rb") as opened:
            if os.fstat(opened.fileno()).st_mode & _OTHERS:
                raise PartnersFileWrong(
                    f"{path} 只能讓擁有者讀取：chmod 600",
                    f"{path} may be read by its owner alone: chmod 600",
                )
            content = opened.read()
    except OSError as error:
        raise PartnersFileWrong(
            f"無法讀取 {path}：{error.strerror}", f"{path} cannot be read: {error.strerror}"
        ) from None
    return parse_partners_file(content)


def parse_partners_file(content: bytes) -> PartnersFile:
    """The sections of a file. Raises PartnersFileWrong."""
    try:
        told = tomllib.loads(content.decode())
    except UnicodeDecodeError:
        raise PartnersFileWrong("不是 UTF-8", "not UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        # the reason may quote what stands there; the place does not
        where = re.search(r"line ([0-9]+)", str(error))
        zh, en = (f"第 {where[1]} 行", f"line {where[1]}") if where else ("結尾", "its end")
        raise PartnersFileWrong(f"{zh}不是 TOML", f"{en} is not TOML") from None
    try:
        file = msgspec.convert(told, PartnersFile)
    except msgspec.ValidationError as error:
        raise _fault(str(error)) from None
    _check(file)
    return file


def _check(file: PartnersFile) -> None:
    """Raises PartnersFileWrong for sections that do not belong together."""
    accounts = {GatewayName.ECPAY: file.ecpay, GatewayName.NEWEBPAY: file.newebpay}
    if file.payment is None and any(accounts.values()):
        raise PartnersFileWrong("缺少 [payment]", "[payment] is missing")
    if file.payment is not None:
        for name in (file.payment.credit_card, file.payment.web_atm, file.payment.atm):
            if accounts[name] is None:
                raise PartnersFileWrong(f"缺少 [{name}]", f"[{name}] is missing")
    if file.sms is not None and file.mitake is None and file.smpp is None:
        raise PartnersFileWrong("[sms] 需要 [mitake] 或 [smpp]", "[sms] needs [mitake] or [smpp]")
    if file == PartnersFile():
        raise PartnersFileWrong("沒有任何夥伴", "it names no partner")


def _fault(told: str) -> PartnersFileWrong:
    """What msgspec says, without the values that it may quote."""
    place = re.search(r"at `\$\.([a-z_.]+)[`\[]", told)
    section = place[1] if place else ""
    name = re.search(r"(missing required|unknown) field `([A-Za-z_]{1,40})`", told)
    where = ".".join(filter(None, (section, name[2] if name else "")))
    for kind, (zh, en) in _KINDS.items():
        if kind in told:
            return PartnersFileWrong(f"{zh}：{where}", f"{en}: {where}")
    return PartnersFileWrong(f"內容不符合要求：{where}", f"not as it has to be: {where}")


_KINDS: Final = {
    "missing required": ("缺少", "missing"),
    "unknown field": ("不認得", "unknown"),
}
