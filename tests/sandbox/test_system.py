"""The doubles of one installation: mounted below its base, with secrets of its own."""

import httpx2
import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from emask.identity.site import Site
from emask.notices.ports import Sms
from emask.sandbox.accounts import ecpay_merchant, mitake_account, newebpay_merchant
from emask.sandbox.schema import install
from emask.sandbox.system import BASE, Sandbox
from emask.sandbox.wire import Nobody, caller

SITE = Site(origin="http://mask.test")


def test_secrets_follow_from_the_keys_and_do_not_show(keys: Keys) -> None:
    for account in (ecpay_merchant, newebpay_merchant):
        assert account(keys, BASE) == account(keys, BASE)
        assert account(keys, BASE) != account(Keys.generate(), BASE)
    ours, theirs = (mitake_account(each, BASE, SITE) for each in (keys, Keys.generate()))
    assert (ours.password, ours.receipts_url) != (theirs.password, theirs.receipts_url)
    secrets = ecpay_merchant(keys, BASE).keys
    shown = f"{ecpay_merchant(keys, BASE)} {newebpay_merchant(keys, BASE)} {ours}"
    assert secrets.hash_key not in shown
    assert ours.password not in shown
    assert ours.receipts_url not in shown


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/ecpay/Cashier/Atm", 200),
        ("/newebpay/MPG/atm", 200),
        ("/mitake/api/mtk/SmQuery", 200),
        ("/ecpay", 404),
        ("/elsewhere/", 404),
    ],
)
async def test_each_partner_answers_below_its_path(
    db: Database, clock: SetClock, keys: Keys, path: str, status: int
) -> None:
    await install(db)
    async with caller(Sandbox.over(db, clock, keys).wire) as client:
        assert (await client.get(BASE + path)).status_code == status


async def test_without_a_site_nobody_is_told() -> None:
    async with httpx2.AsyncClient(transport=Nobody()) as pushing:
        with pytest.raises(httpx2.ConnectError):
            await pushing.post(f"{SITE.origin}/api/payments/ecpay")


async def test_messages_go_over_the_centre_to_the_phones(
    db: Database, clock: SetClock, keys: Keys
) -> None:
    await install(db)
    sandbox = Sandbox.over(db, clock, keys, site=SITE)
    (provider,) = await sandbox.partners.sms.ready()
    await provider.send([Sms(message_id="1", number="0912345678", text="到貨")])
    (message,) = await sandbox.sms.messages_for("0912345678")
    assert message.text == "到貨"
    assert message.message_id.startswith("mitake-")
