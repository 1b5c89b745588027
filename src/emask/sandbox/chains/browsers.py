"""Where the sandboxed chains meet browsers: the map of their stores, and the page of labels."""

from emask.partners.logistics.kinds import Account, Logistics, SubType
from emask.partners.logistics.parcel_query import NOT_FOUND
from emask.sandbox.chains.pages import label_page, map_page
from emask.sandbox.chains.parcels import Parcel, Parcels
from emask.sandbox.chains.servers import Refusal, genuine
from emask.sandbox.ecpay.exchange import Answer, Request


class Browsers:
    """The pages for one merchant."""

    def __init__(self, logistics: Logistics, parcels: Parcels) -> None:
        self._logistics = logistics
        self._parcels = parcels

    async def show_map(self, request: Request) -> Answer:
        """The map; anybody may look at it, as at the real one."""
        asked = request.form()
        if not asked["ServerReplyURL"].startswith(("http://", "https://")):
            raise Refusal("ServerReplyURL Error")
        chain = SubType(asked["LogisticsSubType"]).chain
        like = asked.get("like", "").strip()
        return map_page(chain, asked, await self._parcels.stores(chain, like=like), like)

    async def show_labels(self, request: Request) -> Answer:
        """The labels of the parcels that are named, separated by commas. Raises Refusal."""
        fields, account = genuine(request, self._logistics)
        numbers = fields["AllPayLogisticsID"].split(",")
        parcels = [await self._parcel(number, account) for number in numbers]
        payment_nos = ",".join(each.payment_no for each in parcels).strip(",")
        validation_nos = ",".join(each.validation_no for each in parcels).strip(",")
        told = (fields.get("CVSPaymentNo", ""), fields.get("CVSValidationNo", ""))
        if told != (payment_nos, validation_nos):
            raise Refusal(NOT_FOUND)
        return label_page(parcels)

    async def _parcel(self, number: str, account: Account) -> Parcel:
        parcel = await self._parcels.find_numbered(number)
        if parcel is None or self._logistics.account_for(parcel.kind) != account:
            raise Refusal(NOT_FOUND)
        return parcel
