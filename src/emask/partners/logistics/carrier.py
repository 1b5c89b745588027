"""ECPay's logistics behind delivery's port."""

from collections.abc import Sequence
from datetime import datetime

import httpx2

from emask.delivery.ports import (
    BrowserForm,
    ChosenStore,
    CreatedParcel,
    ListedStore,
    MapDevice,
    ParcelOrder,
    ParcelStanding,
    Reply,
    StatusMessage,
)
from emask.partners.logistics.changes import (
    cancel_parcel,
    change_store,
    fetch_labels,
    label_form,
)
from emask.partners.logistics.creation import create_parcel
from emask.partners.logistics.kinds import Logistics
from emask.partners.logistics.parcel_query import query_parcel
from emask.partners.logistics.pushes import BAD_MAC, TAKEN, read_push_body
from emask.partners.logistics.stores import fetch_stores, map_form, read_chosen
from emask.rounds.model import Chain


class EcpayLogistics:
    """All four chains over one wire; satisfies `Carrier`.

    Args:
        logistics: who we are, secrets and all.
        client: what calls are made with.
    """

    def __init__(self, logistics: Logistics, client: httpx2.AsyncClient) -> None:
        self._logistics = logistics
        self._client = client

    @property
    def name(self) -> str:
        return "ecpay"

    @property
    def taken(self) -> Reply:
        return TAKEN

    @property
    def not_genuine(self) -> Reply:
        return BAD_MAC

    async def create(self, order: ParcelOrder, *, at: datetime) -> CreatedParcel:
        return await create_parcel(self._client, self._logistics, order, at=at)

    async def ask(self, chain: Chain, trade_no: str, *, at: datetime) -> ParcelStanding:
        return await query_parcel(self._client, self._logistics, chain, trade_no, at=at)

    def read(self, body: bytes) -> StatusMessage:
        return read_push_body(body, self._logistics)

    async def stores(self, chain: Chain, *, at: datetime) -> Sequence[ListedStore]:
        return await fetch_stores(self._client, self._logistics, chain, at=at)

    def store_map(
        self, chain: Chain, *, trade_no: str, returned: str, nonce: str, device: MapDevice
    ) -> BrowserForm:
        return map_form(
            self._logistics,
            chain,
            trade_no=trade_no,
            returned=returned,
            nonce=nonce,
            device=device,
        )

    def read_chosen(self, body: bytes) -> ChosenStore:
        return read_chosen(body)

    def label(self, parcels: Sequence[CreatedParcel]) -> BrowserForm:
        return label_form(self._logistics, parcels)

    async def fetch_labels(self, parcels: Sequence[CreatedParcel], *, at: datetime) -> bytes:
        return await fetch_labels(self._client, self._logistics, parcels, at=at)

    async def change_store(self, parcel: CreatedParcel, *, store_code: str, at: datetime) -> None:
        await change_store(self._client, self._logistics, parcel, store_code=store_code, at=at)

    async def cancel(self, parcel: CreatedParcel, *, at: datetime) -> None:
        await cancel_parcel(self._client, self._logistics, parcel, at=at)
