"""Which kind of parcel each chain takes, and with which of our two accounts.

Packs wait in each chain's logistics centre and go from there to the stores (B16): that is B2C. OK
has no B2C at ECPay, so its parcels are C2C: they are handed in at a store, and bear a number for
that.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from emask.partners.ecpay.mac import MacKeys
from emask.rounds.model import Chain


class SubType(StrEnum):
    """LogisticsSubType: the chain, and whether parcels come from its centre or from a store."""

    UNIMART = "UNIMART"
    FAMI = "FAMI"
    HILIFE = "HILIFE"
    UNIMARTC2C = "UNIMARTC2C"
    FAMIC2C = "FAMIC2C"
    HILIFEC2C = "HILIFEC2C"
    OKMARTC2C = "OKMARTC2C"

    @property
    def is_c2c(self) -> bool:
        """Whether parcels are handed in at a store."""
        return self.endswith("C2C")

    @property
    def chain(self) -> Chain:
        return CHAINS_OF[self]


CHAINS_OF: Final = {
    SubType.UNIMART: Chain.SE,
    SubType.UNIMARTC2C: Chain.SE,
    SubType.FAMI: Chain.FM,
    SubType.FAMIC2C: Chain.FM,
    SubType.HILIFE: Chain.HL,
    SubType.HILIFEC2C: Chain.HL,
    SubType.OKMARTC2C: Chain.OK,
}
SUB_TYPES: Final = {
    Chain.SE: SubType.UNIMART,
    Chain.FM: SubType.FAMI,
    Chain.HL: SubType.HILIFE,
    Chain.OK: SubType.OKMARTC2C,
}
"""The kind of parcel that each chain takes from us."""

CVS_TYPES: Final = {
    Chain.SE: "UNIMART",
    Chain.FM: "FAMI",
    Chain.HL: "HILIFE",
    Chain.OK: "OKMART",
}
"""What each chain is called in the list of stores."""

_FAMILY_DIGITS: Final = 6


def store_on_the_wire(chain: Chain, code: str) -> str:
    """A store's code as ECPay has it: FamilyMart's in six digits, where its own list has no zeros.

    ECPay's 006598 is the store 6598 of the list that people choose from.
    """
    return code.zfill(_FAMILY_DIGITS) if chain is Chain.FM else code


def store_of_the_list(chain: Chain, code: str) -> str:
    """The other way round."""
    return code.lstrip("0") if chain is Chain.FM else code


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One of our accounts: as ECPay numbered it, and its two secrets."""

    merchant_id: str
    keys: MacKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who sends parcels; its own name, two to five characters, for stores give returns to it."""

    name: str
    mobile: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Logistics:
    """Who we are to ECPay's logistics, and where it is.

    Args:
        b2c: the account for parcels that come from a logistics centre.
        c2c: the one for those handed in at a store; they cannot stand in for one another.
        base: what its addresses begin with, without a slash at the end.
        sender: whose parcels they are.
        call_seconds: how long one call may take.
    """

    b2c: Account
    c2c: Account
    base: str
    sender: Sender
    call_seconds: float = 10

    def account_for(self, sub_type: SubType) -> Account:
        return self.c2c if sub_type.is_c2c else self.b2c

    def account_named(self, merchant_id: str) -> Account:
        """The account that ECPay numbered so. Raises LookupError."""
        for account in (self.b2c, self.c2c):
            if account.merchant_id == merchant_id:
                return account
        raise LookupError("not an account of ours")
