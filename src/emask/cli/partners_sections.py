"""The sections of the file of real partners, and the accounts that they tell."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from emask.partners import ecpay, logistics, newebpay
from emask.partners.beacon import QUICKNET, Chain, Relays
from emask.partners.sms import Limits, MitakeAccount, SmppAccount
from emask.partners.sms.smpp_receipts import ReceiptIds
from emask.rules.price import Method

_ADDRESS: Final = (
    r"^(https://[^/?#\s]+|http://(127\.0\.0\.1|localhost)(:[0-9]+)?)(/[^?#\s]*[^/?#\s])?$"
)
_THIS_MACHINE: Final = {"127.0.0.1", "localhost"}

Text = Annotated[str, Meta(min_length=1, max_length=200)]
Address = Annotated[str, Meta(pattern=_ADDRESS, max_length=200)]
"""Without a slash at its end; by https, except on this machine."""
Seconds = Annotated[float, Meta(gt=0, le=60)]


class GatewayName(StrEnum):
    """The gateways that there are adapters for, as the ledger calls them."""

    ECPAY = ecpay.EcpayGateway.name
    NEWEBPAY = newebpay.NewebPayGateway.name


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A part of the file; printed, it shows nothing of what stands in it."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class PaymentSection(Section, frozen=True):
    """Which gateway takes new trades of each method; others that are there finish old ones."""

    credit_card: GatewayName
    web_atm: GatewayName
    atm: GatewayName

    def choice(self) -> dict[Method, GatewayName]:
        """Likewise, by method."""
        return {
            Method.CREDIT_CARD: self.credit_card,
            Method.WEB_ATM: self.web_atm,
            Method.ATM: self.atm,
        }


class EcpaySection(Section, frozen=True):
    """The account with ECPay."""

    merchant_id: Text
    hash_key: Text
    hash_iv: Text
    cashier: Address
    vendor: Address
    call_seconds: Seconds = 10

    def merchant(self) -> ecpay.Merchant:
        """Who we are to it."""
        return ecpay.Merchant(
            merchant_id=self.merchant_id,
            keys=ecpay.MacKeys(self.hash_key, self.hash_iv),
            cashier=self.cashier,
            vendor=self.vendor,
            call_seconds=self.call_seconds,
        )


class NewebPaySection(Section, frozen=True):
    """The account with NewebPay."""

    merchant_id: Text
    hash_key: Annotated[str, Meta(pattern="^[!-~]{32}$")]
    hash_iv: Annotated[str, Meta(pattern="^[!-~]{16}$")]
    root: Address
    call_seconds: Seconds = 10

    def merchant(self) -> newebpay.Merchant:
        """Who we are to it."""
        return newebpay.Merchant(
            merchant_id=self.merchant_id,
            keys=newebpay.TradeKeys(self.hash_key, self.hash_iv),
            root=self.root,
            call_seconds=self.call_seconds,
        )


class SmsSection(Section, frozen=True):
    """How fast messages go, and when a provider that fails is left alone."""

    per_second: Annotated[float, Meta(gt=0, le=10_000)] = 100
    calls: Annotated[int, Meta(ge=1, le=1000)] = 20
    least: Annotated[int, Meta(ge=1, le=1000)] = 3
    error_rate: Annotated[float, Meta(gt=0, le=1)] = 0.5
    rest: Annotated[float, Meta(gt=0, le=3600)] = 60

    def limits(self) -> Limits:
        """As the sender knows them."""
        return Limits(
            per_second=self.per_second,
            calls=self.calls,
            least=self.least,
            error_rate=self.error_rate,
            rest=self.rest,
        )


class MitakeSection(Section, frozen=True):
    """The account with Mitake."""

    base_url: Address
    username: Text
    password: Text
    seconds: Seconds = 10

    def account(self, *, receipts_url: str) -> MitakeAccount:
        """The account, whose receipts are pushed to an address of ours."""
        return MitakeAccount(
            base_url=self.base_url,
            username=self.username,
            password=self.password,
            receipts_url=receipts_url,
            seconds=self.seconds,
        )


class SmppSection(Section, frozen=True):
    """The account at an SMPP centre."""

    host: Text
    port: Annotated[int, Meta(ge=1, le=65535)]
    system_id: Annotated[str, Meta(min_length=1, max_length=15)]
    password: Annotated[str, Meta(max_length=8)]
    source: Text
    source_ton: Annotated[int, Meta(ge=0, le=6)] = 5
    source_npi: Annotated[int, Meta(ge=0, le=18)] = 0
    tls: bool = True
    window: Annotated[int, Meta(ge=1, le=1000)] = 10
    seconds: Seconds = 10
    receipt_ids: ReceiptIds = ReceiptIds.SAME

    def account(self) -> SmppAccount:
        """The account."""
        return SmppAccount(
            host=self.host,
            port=self.port,
            system_id=self.system_id,
            password=self.password,
            source=self.source,
            source_ton=self.source_ton,
            source_npi=self.source_npi,
            tls=self.tls,
            window=self.window,
            seconds=self.seconds,
            receipt_ids=self.receipt_ids,
        )


class LogisticsSection(Section, frozen=True):
    """The two accounts with ECPay's logistics, and who sends the parcels."""

    base: Address
    b2c_merchant_id: Text
    b2c_hash_key: Text
    b2c_hash_iv: Text
    c2c_merchant_id: Text
    c2c_hash_key: Text
    c2c_hash_iv: Text
    sender_name: Annotated[str, Meta(min_length=2, max_length=5)]
    sender_mobile: Annotated[str, Meta(pattern="^09[0-9]{8}$")]
    call_seconds: Seconds = 10

    def logistics(self) -> logistics.Logistics:
        """Who we are to it."""
        return logistics.Logistics(
            b2c=logistics.Account(
                merchant_id=self.b2c_merchant_id,
                keys=ecpay.MacKeys(self.b2c_hash_key, self.b2c_hash_iv),
            ),
            c2c=logistics.Account(
                merchant_id=self.c2c_merchant_id,
                keys=ecpay.MacKeys(self.c2c_hash_key, self.c2c_hash_iv),
            ),
            base=self.base,
            sender=logistics.Sender(name=self.sender_name, mobile=self.sender_mobile),
            call_seconds=self.call_seconds,
        )


class ChainSection(Section, frozen=True):
    """A chain of drand that is not quicknet; what it is called says neither that nor sandbox."""

    name: Annotated[str, Meta(pattern=r"^(?!(sandbox|drand-quicknet)\Z)[a-z][a-z0-9-]{0,39}\Z")]
    hash: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{192}\Z")]
    genesis_time: Annotated[int, Meta(gt=0, lt=2**32)]
    period: Annotated[int, Meta(gt=0, le=3600)]

    def chain(self) -> Chain:
        """The chain."""
        return Chain(
            name=self.name,
            hash=self.hash,
            public_key=bytes.fromhex(self.public_key),
            genesis=datetime.fromtimestamp(self.genesis_time, UTC),
            period=timedelta(seconds=self.period),
        )


class BeaconSection(Section, frozen=True):
    """The public beacon that draws go by: who is asked for its values, and which chain's."""

    relays: Annotated[list[Address], Meta(min_length=1, max_length=20)]
    seconds: Seconds = 5
    chain: ChainSection | None = None

    def asked(self) -> Relays:
        """Who is asked."""
        return Relays(origins=tuple(self.relays), seconds=self.seconds)

    def drawn_by(self) -> Chain:
        """Quicknet, unless another is told of whole."""
        return QUICKNET if self.chain is None else self.chain.chain()


class PartnersFile(Section, frozen=True):
    """The whole file."""

    payment: PaymentSection | None = None
    ecpay: EcpaySection | None = None
    newebpay: NewebPaySection | None = None
    sms: SmsSection | None = None
    mitake: MitakeSection | None = None
    smpp: SmppSection | None = None
    logistics: LogisticsSection | None = None
    beacon: BeaconSection | None = None

    @property
    def reaches_outside(self) -> bool:
        """Whether any of it is not on this machine."""
        addresses = [
            *((self.ecpay.cashier, self.ecpay.vendor) if self.ecpay else ()),
            *((self.newebpay.root,) if self.newebpay else ()),
            *((self.mitake.base_url,) if self.mitake else ()),
            *((self.logistics.base,) if self.logistics else ()),
            *(self.beacon.relays if self.beacon else ()),
        ]
        hosts = [urlsplit(address).hostname for address in addresses]
        return not {*hosts, *((self.smpp.host,) if self.smpp else ())} <= _THIS_MACHINE
