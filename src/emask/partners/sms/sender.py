"""The sender of an installation, built from its accounts."""

import httpx2

from emask.notices.ports import SoleProvider
from emask.partners.sms.failover import FailoverSender, Limits
from emask.partners.sms.mitake import Mitake, MitakeAccount
from emask.partners.sms.smpp import SMPP, Hearer, Smpp
from emask.partners.sms.smpp_link import SmppAccount


def sms_sender(
    *,
    mitake: MitakeAccount | None,
    smpp: SmppAccount | None,
    client: httpx2.AsyncClient,
    hear: Hearer,
    limits: Limits | None = None,
) -> FailoverSender:
    """Mitake first, since it knows again what it was handed, then the SMPP centre.

    Nothing is opened before the sender is first asked who is ready, so that only the process that
    sends is bound to the centre. Whoever has used it closes it with `aclose`.

    Args:
        mitake: the account there, or None.
        smpp: the account at a centre, or None.
        client: what Mitake is asked with; one at a time is enough, of 15 that Mitake allows.
        hear: is told the centre's receipts: `record_receipt` of the installation. Mitake's come
            to :func:`emask.partners.sms.receipts_path`.
        limits: by default a hundred messages a second.

    Raises:
        ValueError: neither account is given.
    """
    providers: list[SoleProvider] = []
    if mitake is not None:
        providers.append(Mitake(client, mitake))
    if smpp is not None:
        providers.append(Smpp(smpp, hear=lambda receipt: hear(receipt.of(SMPP))))
    if not providers:
        raise ValueError("no provider of short messages")
    return FailoverSender(providers, limits=limits or Limits())
