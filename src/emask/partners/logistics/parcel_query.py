"""Asking what became of a parcel: after a call without an answer, and when a push may be lost."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

import httpx2

from emask.delivery.ports import (
    NoAnswer,
    ParcelStanding,
    Refused,
    StatusMessage,
    UnknownParcel,
)
from emask.partners.ecpay.wire import check_names
from emask.partners.logistics.calls import QUERY, post, read_genuine, sign
from emask.partners.logistics.creation import created_of
from emask.partners.logistics.kinds import SUB_TYPES, Account, Logistics, SubType
from emask.partners.logistics.pushes import read_code
from emask.partners.logistics.statuses import state_of
from emask.rounds.model import Chain

CLOCKS_APART: Final = timedelta(minutes=3)
"""How far ECPay's clock may be from ours; it answers no question that is older."""

NOT_FOUND: Final = "找不到訂單"
"""How ECPay says that it knows no such parcel; any other refusal says nothing about the parcel."""


async def query_parcel(
    client: httpx2.AsyncClient,
    logistics: Logistics,
    chain: Chain,
    trade_no: str,
    *,
    at: datetime,
) -> ParcelStanding:
    """How the parcel under our number stands.

    Raises:
        UnknownParcel: it was never created.
        Refused, Paused, NoAnswer: nothing is known.
    """
    sub_type = SUB_TYPES[chain]
    account = logistics.account_for(sub_type)
    asked = {"MerchantTradeNo": trade_no, "TimeStamp": str(int(at.timestamp()))}
    try:
        body = await post(client, logistics, QUERY, sign(asked, account), at=at)
    except Refused as refused:
        if NOT_FOUND in refused.said:
            raise UnknownParcel from None
        raise
    try:
        fields = read_genuine(body, account)
        _check_about(fields, account, sub_type, trade_no)
        return _standing(fields, sub_type, at=at)
    except (KeyError, ValueError):
        raise NoAnswer(QUERY) from None


def _check_about(
    fields: Mapping[str, str], account: Account, sub_type: SubType, trade_no: str
) -> None:
    check_names(fields)
    told = (fields["MerchantID"], fields["MerchantTradeNo"], fields["LogisticsType"])
    if told != (account.merchant_id, trade_no, f"CVS_{sub_type}"):
        raise ValueError("about another parcel")


def _standing(fields: dict[str, str], sub_type: SubType, *, at: datetime) -> ParcelStanding:
    created = created_of(fields, sub_type)
    code = read_code(fields["LogisticsStatus"])
    # The answer does not say since when. It is dated back, so that it never displaces a push about
    # what happened while ECPay's clock and ours were apart; should a push be lost, asking again
    # tells.
    latest = StatusMessage(
        trade_no=created.trade_no,
        parcel_no=created.parcel_no,
        chain=created.chain,
        code=code,
        state=state_of(sub_type, code),
        updated_at=at - CLOCKS_APART,
    )
    return ParcelStanding(created=created, shipment_no=fields.get("ShipmentNo", ""), latest=latest)
