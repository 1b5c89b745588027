"""All partners as local doubles, ready for a system.

The operator and the certificate directory speak their real wire formats and are asked through
the adapters that production uses.
"""

from dataclasses import dataclass
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
from emask.partners.mobile_operator import CamaraOperator, OperatorConfig
from emask.programme.system import NOWHERE, Partners, System
from emask.sandbox.beacon import SandboxBeacon
from emask.sandbox.certificates import Authority, SandboxCertificates, create_directory
from emask.sandbox.gateway import SandboxGateway
from emask.sandbox.mischief import Mischief
from emask.sandbox.operator import SandboxLines, create_operator
from emask.sandbox.phone import SandboxPhone
from emask.sandbox.sms import SandboxSms
from emask.sandbox.wire import DIRECTORY, OPERATOR, Application, Wire, caller

BASE: Final = "http://127.0.0.1:8010"
"""Where the partners' own listener is, and what certificates name as their directory."""
CLIENT_ID: Final = "emask"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The doubles, with the side that only a sandbox has: phones, cards, paying, reading SMS.

    `wire` is the application of those asked over HTTP; `identity` are the adapters that ask.
    Their tables are made by :func:`emask.sandbox.schema.install`.
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
    gateway: SandboxGateway
    sms: SandboxSms

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
    ) -> Self:
        """The doubles of one installation, at its clock and with secrets from its keys.

        Args:
            db: where they keep what is theirs.
            clock: the time that they live by.
            keys: of the installation.
            site: where the operator may send phones back to.
            base: scheme, host and port at which the partners are addressed.
            client: what they are asked with; without one, in the same process.
        """
        mischief = Mischief(db)
        authority = Authority(keys, base)
        operator = _operator(db, clock, keys, mischief, site=site, base=base)
        directory = create_directory(authority, db, clock, mischief)
        wire = Wire({OPERATOR: operator, DIRECTORY: directory})
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
            mischief=mischief,
            beacon=SandboxBeacon(clock, secret=keys.session),
            gateway=SandboxGateway(db, secret=keys.session),
            sms=SandboxSms(db),
        )

    @property
    def partners(self) -> Partners:
        """The doubles as the system sees them."""
        return SandboxPartners(
            identity=self.identity,
            beacon=self.beacon,
            gateway=self.gateway,
            sms=self.sms,
            sandbox=self,
        )


def _operator(
    db: Database, clock: Clock, keys: Keys, mischief: Mischief, *, site: Site, base: str
) -> Application:
    """The operator, who knows the site as its one client."""
    return create_operator(
        base_url=base + OPERATOR,
        clock=clock,
        db=db,
        client_keys=SiteKeys(keys).published(),
        redirect_uris=(site.address(CALLBACK),),
        mischief=mischief,
        keys=keys,
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
    db: Database, clock: Clock, keys: Keys, *, site: Site = NOWHERE, base: str = BASE
) -> Partners:
    """The partners of a demo: every one a double, asked in the same process."""
    return Sandbox.over(db, clock, keys, site=site, base=base).partners
