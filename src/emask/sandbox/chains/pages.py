"""The pages of the sandboxed chains, plain HTML in both languages: a map of stores, and labels."""

from collections.abc import Iterable, Mapping
from html import escape
from typing import Final

from emask.delivery.ports import ListedStore
from emask.rounds.model import Chain
from emask.sandbox.chains.parcels import Parcel
from emask.sandbox.ecpay.exchange import HTML, Answer

_MOST: Final = 50
_BACK: Final = ("MerchantID", "MerchantTradeNo", "LogisticsSubType", "ExtraData")


def map_page(
    chain: Chain, asked: Mapping[str, str], stores: list[ListedStore], like: str
) -> Answer:
    """The chain's stores to choose from, the first fifty of those that are looked for."""
    again = "".join(_hidden(name, value) for name, value in asked.items() if name != "like")
    found = "".join(_choice(asked, store) for store in stores[:_MOST])
    return _page(
        f"選擇{chain.label}門市 Choose a store",
        f'<form method="post">{again}<p><label for="like">店名、店號或地址 Name, number or address'
        f'</label> <input id="like" name="like" value="{escape(like)}"> <button>'
        f"搜尋 Search</button></p></form><p>{len(stores):,} 家 stores</p><ul>{found}</ul>",
    )


def label_page(parcels: Iterable[Parcel]) -> Answer:
    """The labels of some parcels, each on a sheet of its own."""
    return _page("託運單 Labels", "".join(_label(parcel) for parcel in parcels))


def _choice(asked: Mapping[str, str], store: ListedStore) -> str:
    """One store as a form that takes the browser back, as the real map does: unsigned."""
    told = {
        **{name: asked.get(name, "") for name in _BACK},
        "CVSStoreID": store.code,
        "CVSStoreName": store.name,
        "CVSAddress": store.address,
        "CVSTelephone": store.phone,
        "CVSOutSide": "0",
    }
    fields = "".join(_hidden(name, value) for name, value in told.items())
    action = escape(asked["ServerReplyURL"])
    name = escape(f"{store.code} {store.name} {store.address}")
    return f'<li><form method="post" action="{action}">{fields}<button>{name}</button></form></li>'


def _label(parcel: Parcel) -> str:
    number = parcel.shipment_no or parcel.payment_no
    lines = (
        ("物流編號 Parcel", parcel.parcel_no),
        ("寄貨編號 Number", number),
        ("驗證碼 Check", parcel.validation_no),
        ("門市 Store", parcel.store_code),
        ("收件人 For", parcel.fields["ReceiverName"]),
    )
    told = "".join(f"<dt>{name}</dt><dd>{escape(text)}</dd>" for name, text in lines if text)
    return f'<section style="break-after: page"><dl>{told}</dl></section>'


def _hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'


def _page(title: str, content: str) -> Answer:
    return Answer(
        content_type=HTML,
        body='<!doctype html><html lang="zh-Hant"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{escape(title)}</title><main><h1>{escape(title)}</h1>{content}</main></html>",
    )
