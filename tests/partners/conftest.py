"""The sandbox's certificates in one process, and a key that stands for a card's."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys
from partners.citizens import Citizens


@pytest.fixture
async def citizens(db: Database, clock: SetClock, keys: Keys) -> Citizens:
    return await Citizens.open(db, clock, keys)


@pytest.fixture(scope="session")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)
