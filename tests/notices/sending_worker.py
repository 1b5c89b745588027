"""A process that sends what is due, to be killed: see `test_killed_worker`."""

import asyncio
import sys
from functools import partial
from pathlib import Path

import httpx2

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.notices.service import drain, record_receipt
from emask.partners.sms import Limits, MitakeAccount, SmppAccount, sms_sender

NAME, PASSWORD = "emask", "correct"


async def send(url: str, keys: Path, provider: str, port: int) -> None:
    """Send through one provider on loopback until nothing is left."""
    async with Database(url) as db, httpx2.AsyncClient(trust_env=False) as client:
        clock = SetClock(db)
        mitake = MitakeAccount(
            base_url=f"http://127.0.0.1:{port}/mitake", username=NAME, password=PASSWORD
        )
        smpp = SmppAccount(
            host="127.0.0.1",
            port=port,
            system_id=NAME,
            password=PASSWORD,
            source="emask",
            tls=False,
        )
        sender = sms_sender(
            mitake=mitake if provider == "mitake" else None,
            smpp=smpp if provider == "smpp" else None,
            client=client,
            hear=partial(record_receipt, db, clock),
            limits=Limits(per_second=10_000),
        )
        try:
            await drain(db, clock, Vault(Keys.read_or_create(keys)), sender, batch=20)
        finally:
            await sender.aclose()


if __name__ == "__main__":
    asyncio.run(send(sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])))
