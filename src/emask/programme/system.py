"""The running system: one database, one clock, one set of keys, and the partners outside."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.delivery.ports import Carrier
from emask.draw.ports import Beacon
from emask.identity.ended_sessions import EndedSessions, kept_up_to_date
from emask.identity.ports import IdentityPartners
from emask.identity.service import Identity
from emask.identity.sessions import Sessions
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.identity.site_tokens import SiteTokens
from emask.notices.ports import SmsSender
from emask.opendata.snapshot import OpenData
from emask.payment.ports import Gateways
from emask.preorder.intake import Intake
from emask.programme.money_watch import MoneyWatch
from emask.programme.parcel_pace import ParcelPace
from emask.programme.tidying import Tidying

NOWHERE: Final = Site(origin="http://localhost")
"""The site of commands that serve nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partners:
    """Everything outside, each behind its port.

    Without a carrier the centres report by file, and packs are at the stores when pick-up begins.
    """

    identity: IdentityPartners
    beacon: Beacon
    gateways: Gateways
    sms: SmsSender
    carrier: Carrier | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """All that a use case may ask for.

    The open data are empty until whoever serves them keeps them fresh.
    """

    db: Database
    clock: Clock
    keys: Keys
    vault: Vault
    site: Site
    site_keys: SiteKeys
    sessions: Sessions
    partners: Partners
    intake: Intake
    tidying: Tidying = field(default_factory=Tidying)
    money_watch: MoneyWatch = field(default_factory=MoneyWatch)
    parcel_pace: ParcelPace = field(default_factory=ParcelPace)
    open_data: OpenData = field(default_factory=OpenData)

    @property
    def identity(self) -> Identity:
        """What the identity use cases are given first."""
        return Identity(
            db=self.db,
            clock=self.clock,
            vault=self.vault,
            tokens=SiteTokens(self.site_keys, self.site),
            partners=self.partners.identity,
            ended=self.sessions.ended,
        )


@asynccontextmanager
async def open_system(
    db: Database, *, clock: Clock, keys: Keys, partners: Partners, site: Site = NOWHERE
) -> AsyncIterator[System]:
    """The system over an open, migrated database, with its intake running.

    Sessions that end in another process are over here about a second later.
    """
    vault, ended = Vault(keys), EndedSessions()
    async with kept_up_to_date(ended, db), Intake(db, clock, vault) as intake:
        yield System(
            db=db,
            clock=clock,
            keys=keys,
            vault=vault,
            site=site,
            site_keys=SiteKeys(keys),
            sessions=Sessions(keys, ended),
            partners=partners,
            intake=intake,
        )
