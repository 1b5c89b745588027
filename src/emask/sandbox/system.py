"""All partners as local doubles, ready for a system.

All but the beacon speak their real wire formats and are asked through the adapters that production
uses.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, Self

import httpx2

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.own_number import CALLBACK
from emask.identity.ports import IdentityPartners
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.partners.certificates import CitizenCertificates
from emask.partners.ecpay import EcpayGateway, Merchant
from emask.partners.logistics import Logistics
from emask.partners.mobile_operator import CamaraOperator, OperatorConfig
from emask.partners.newebpay import Merchant as NewebPayMerchant
from emask.partners.newebpay import NewebPayGateway
from emask.partners.sms import Mitake, MitakeAccount
from emask.payment.ports import Gateways
from emask.programme.system import NOWHERE, Partners, System
from emask.rules.price import Method
from emask.sandbox.accounts import (
    ecpay_merchant,
    logistics_accounts,
    mitake_account,
    newebpay_merchant,
)
from emask.sandbox.beacon import SandboxBeacon
from emask.sandbox.certificates import Authority, SandboxCertificates, create_directory
from emask.sandbox.chains import OVERNIGHT, SandboxChains, create_chains
from emask.sandbox.ecpay import Payers, Pushes, Trades, create_ecpay
from emask.sandbox.mischief import Mischief
from emask.sandbox.newebpay import create_newebpay
from emask.sandbox.operator import SandboxLines, create_operator
from emask.sandbox.phone import SandboxPhone
from emask.sandbox.sms import SandboxSms
from emask.sandbox.sms_centre import SandboxMitake
from emask.sandbox.wire import (
    CHAINS,
    DIRECTORY,
    ECPAY,
    MITAKE,
    NEWEBPAY,
    OPERATOR,
    Application,
    Nobody,
    Wire,
    caller,
)

BASE: Final = "http://127.0.0.1:8010"
"""Where the partners' own listener is, and what certificates name as their directory."""
CLIENT_ID: Final = "emask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The doubles, with the side that only a sandbox has: phones, cards, paying, reading SMS.

    `wire` is the application of those asked over HTTP; `identity`, `gateways` and `mitake` are the
    adapters that ask. `payers` pay at ECPay, `pushes` are what it tells, `centre` is Mitake, and
    `sms` are the phones at which messages arrive; one that is given `sms` in place of `mitake`
    has no wire in between. `chains` take parcels to stores. Their tables are made by
    :func:`emask.sandbox.schema.install`.
    """

    site: Site
    base: str
    wire: Application
    identity: IdentityPartners
    certificates: SandboxCertificates
    lines: SandboxLines
    phone: SandboxPhone
    mischief: Mischief
    beacon: SandboxBeacon
    gateways: Gateways
    ecpay: Merchant
    payers: Payers
    trades: Trades
    pushes: Pushes
    mitake: Mitake
    centre: SandboxMitake
    sms: SandboxSms
    chains: SandboxChains

    @classmethod
    def over(
        cls,
        db: Database,
        clock: Clock,
        keys: Keys,
        *,
        site: Site = NOWHERE,
        base: str = BASE,
        client: httpx2.AsyncClient | None = None,
        pushing: httpx2.AsyncClient | None = None,
    ) -> Self:
        """The doubles of one installation, at its clock and with secrets from its keys.

        Args:
            db: where they keep what is theirs.
            clock: the time that they live by.
            keys: of the installation.
            site: where phones are sent back to, and what is told of money and messages goes to.
            base: scheme, host and port at which the partners are addressed.
            client: what they are asked with; without one, in the same process.
            pushing: what they tell the site with; without one, it hears nothing.
        """
        told = pushing or httpx2.AsyncClient(transport=Nobody())
        ground = _Ground(db=db, clock=clock, mischief=Mischief(db), told=told)
        authority, phones = Authority(keys, base), SandboxSms(db)
        shop, other_shop = ecpay_merchant(keys, base), newebpay_merchant(keys, base)
        customer, shipper = mitake_account(keys, base, site), logistics_accounts(keys, base)
        centre = ground.mitake(customer, phones)
        wire = Wire(
            {
                OPERATOR: ground.operator(keys, site=site, base=base),
                DIRECTORY: create_directory(authority, db, clock, ground.mischief),
                ECPAY: ground.ecpay(shop),
                NEWEBPAY: ground.newebpay(other_shop),
                MITAKE: centre,
                CHAINS: ground.chains(shipper),
            }
        )
        asked = client or caller(wire)
        config = OperatorConfig(issuer=base + OPERATOR, client_id=CLIENT_ID)
        return cls(
            site=site,
            base=base,
            wire=wire,
            identity=IdentityPartners(
                certificates=CitizenCertificates(authority.trust(), asked),
                operator=CamaraOperator(config, asked, SiteKeys(keys).client),
            ),
            certificates=SandboxCertificates(authority, db),
            lines=SandboxLines(db),
            phone=SandboxPhone(db),
            mischief=ground.mischief,
            beacon=SandboxBeacon(clock, secret=keys.session),
            gateways=Gateways(
                [EcpayGateway(shop, asked), NewebPayGateway(other_shop, asked)],
                dict.fromkeys(Method, EcpayGateway.name),
            ),
            ecpay=shop,
            payers=Payers(shop, db),
            trades=Trades(db),
            pushes=Pushes(db, told, shop.keys, ground.mischief),
            mitake=Mitake(asked, customer),
            centre=centre,
            sms=phones,
            chains=SandboxChains.over(db, ground.mischief, shipper, asked=asked, told=told),
        )

    @property
    def partners(self) -> Partners:
        """The doubles as the system sees them."""
        return SandboxPartners(
            identity=self.identity,
            beacon=self.beacon,
            gateways=self.gateways,
            sms=self.mitake,
            sandbox=self,
        )

    @property
    def partners_with_chains(self) -> Partners:
        """Likewise, with chains that tell of every parcel."""
        return replace(self.partners, carrier=self.chains.carrier)

    async def tell_due(self, at: datetime) -> int:
        """Let gateway, SMS centre and chains tell what they have still to tell; how many."""
        told = await self.pushes.tell_due(at) + await self.centre.push_receipts()
        return told + await self.chains.tell_due(at)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ground:
    """What the doubles of an installation stand on; `told` is what they tell the site with."""

    db: Database
    clock: Clock
    mischief: Mischief
    told: httpx2.AsyncClient

    def operator(self, keys: Keys, *, site: Site, base: str) -> Application:
        """The operator, who knows the site as its one client."""
        return create_operator(
            base_url=base + OPERATOR,
            clock=self.clock,
            db=self.db,
            client_keys=SiteKeys(keys).published(),
            redirect_uris=(site.address(CALLBACK),),
            mischief=self.mischief,
            keys=keys,
        )

    def chains(self, logistics: Logistics) -> Application:
        return create_chains(
            logistics,
            timetable=OVERNIGHT,
            clock=self.clock,
            db=self.db,
            mischief=self.mischief,
        )

    def ecpay(self, merchant: Merchant) -> Application:
        """ECPay, with the site as its one merchant."""
        return create_ecpay(
            merchant, clock=self.clock, db=self.db, client=self.told, mischief=self.mischief
        )

    def newebpay(self, merchant: NewebPayMerchant) -> Application:
        """NewebPay, likewise."""
        return create_newebpay(
            merchant, clock=self.clock, db=self.db, client=self.told, mischief=self.mischief
        )

    def mitake(self, customer: MitakeAccount, phones: SandboxSms) -> SandboxMitake:
        """The SMS centre, with the site as its one customer."""
        return SandboxMitake(
            self.db,
            self.clock,
            self.mischief,
            username=customer.username,
            password=customer.password,
            phones=phones,
            pushes=self.told,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxPartners(Partners):
    """Partners that are doubles, and know it."""

    sandbox: Sandbox


def sandbox_of(system: System) -> Sandbox | None:
    """The sandbox behind a system's partners; None where they are real."""
    partners = system.partners
    return partners.sandbox if isinstance(partners, SandboxPartners) else None


def sandbox_partners(
    db: Database,
    clock: Clock,
    keys: Keys,
    *,
    site: Site = NOWHERE,
    base: str = BASE,
    pushing: httpx2.AsyncClient | None = None,
) -> Partners:
    """The partners of a demo: every one a double, asked in the same process."""
    return Sandbox.over(db, clock, keys, site=site, base=base, pushing=pushing).partners
