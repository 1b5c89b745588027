"""Who the installation is to its sandboxed gateways and SMS centre; secrets come from its keys."""

import hmac
from hashlib import sha256
from typing import Final

from emask.database.vault import Keys
from emask.identity.site import Site
from emask.partners.ecpay.mac import MacKeys
from emask.partners.ecpay.merchant import Merchant as EcpayMerchant
from emask.partners.logistics import Account, Logistics, Sender
from emask.partners.newebpay.cipher import TradeKeys
from emask.partners.newebpay.merchant import Merchant as NewebPayMerchant
from emask.partners.sms import MitakeAccount
from emask.partners.sms.receipts_path import receipts_path
from emask.sandbox.wire import CHAINS, ECPAY, MITAKE, NEWEBPAY

_HALF: Final = 16  # letters of a short secret
_USERNAME: Final = "emask"


def ecpay_merchant(keys: Keys, base: str) -> EcpayMerchant:
    """The account at the ECPay below `base`."""
    return EcpayMerchant(
        merchant_id="3002607",
        keys=MacKeys(_secret(keys, "ecpay key")[:_HALF], _secret(keys, "ecpay iv")[:_HALF]),
        cashier=base + ECPAY,
        vendor=base + ECPAY,
    )


def newebpay_merchant(keys: Keys, base: str) -> NewebPayMerchant:
    """The account at the NewebPay below `base`."""
    return NewebPayMerchant(
        merchant_id="MS3002607",
        keys=TradeKeys(
            _secret(keys, "newebpay key")[: 2 * _HALF], _secret(keys, "newebpay iv")[:_HALF]
        ),
        root=base + NEWEBPAY,
    )


def mitake_account(keys: Keys, base: str, site: Site) -> MitakeAccount:
    """The account at the Mitake below `base`, which pushes receipts to the site."""
    return MitakeAccount(
        base_url=base + MITAKE,
        username=_USERNAME,
        password=_secret(keys, "mitake password"),
        receipts_url=site.address(receipts_path(keys)),
    )


def logistics_accounts(keys: Keys, base: str) -> Logistics:
    """The two accounts with the chains below `base`."""
    b2c, c2c = (
        Account(
            merchant_id=merchant_id,
            keys=MacKeys(
                _secret(keys, f"chains {merchant_id} key")[:_HALF],
                _secret(keys, f"chains {merchant_id} iv")[:_HALF],
            ),
        )
        for merchant_id in ("2000132", "2000933")
    )
    sender = Sender(name="預購中心", mobile="0900000000")
    return Logistics(b2c=b2c, c2c=c2c, base=base + CHAINS, sender=sender)


def _secret(keys: Keys, what: str) -> str:
    return hmac.digest(keys.session, f"sandbox {what}".encode(), sha256).hex()
