"""All partners as local doubles, ready for a system."""

from dataclasses import dataclass
from typing import Self

from emask.database.clock import Clock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.ports import IdentityPartners
from emask.programme.system import Partners
from emask.sandbox.beacon import SandboxBeacon
from emask.sandbox.evidence import (
    SandboxCards,
    SandboxCertificates,
    SandboxOperator,
    SandboxUnlock,
)
from emask.sandbox.gateway import SandboxGateway
from emask.sandbox.sms import SandboxSms


@dataclass(frozen=True, slots=True, kw_only=True)
class Sandbox:
    """The doubles, with the side that only a sandbox has: inserting cards, paying, reading SMS.

    Their tables are made by :func:`emask.sandbox.schema.install`.
    """

    cards: SandboxCards
    certificates: SandboxCertificates
    operator: SandboxOperator
    unlock: SandboxUnlock
    beacon: SandboxBeacon
    gateway: SandboxGateway
    sms: SandboxSms

    @classmethod
    def over(cls, db: Database, clock: Clock, keys: Keys) -> Self:
        """The doubles of one installation, at its clock and with secrets from its keys."""
        return cls(
            cards=SandboxCards(keys),
            certificates=SandboxCertificates(keys, db),
            operator=SandboxOperator(keys),
            unlock=SandboxUnlock(keys),
            beacon=SandboxBeacon(clock, secret=keys.session),
            gateway=SandboxGateway(db, secret=keys.session),
            sms=SandboxSms(db),
        )

    @property
    def partners(self) -> Partners:
        """The doubles as the system sees them."""
        return Partners(
            identity=IdentityPartners(
                cards=self.cards,
                certificates=self.certificates,
                operator=self.operator,
                unlock=self.unlock,
            ),
            beacon=self.beacon,
            gateway=self.gateway,
            sms=self.sms,
        )


def sandbox_partners(db: Database, clock: Clock, keys: Keys) -> Partners:
    """The partners of a demo: every one a double."""
    return Sandbox.over(db, clock, keys).partners
