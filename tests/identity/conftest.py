import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.registry import add_people
from emask.identity.service import Identity
from emask.sandbox import schema
from emask.sandbox.evidence import (
    SandboxCards,
    SandboxCertificates,
    SandboxOperator,
    SandboxUnlock,
    sandbox_identity,
)
from identity.world import ANNA, CHEAP, HUA, MING, World


@pytest.fixture
async def world(db: Database, clock: SetClock, keys: Keys, vault: Vault) -> World:
    """Ming, Hua and Anna are in the registry; nobody has registered."""
    await schema.install(db)
    await add_people(db, vault, [MING, HUA, ANNA])
    identity = Identity(
        db=db,
        clock=clock,
        vault=vault,
        partners=sandbox_identity(keys, db),
        passwords=CHEAP,
    )
    return World(
        identity=identity,
        clock=clock,
        cards=SandboxCards(keys),
        certificates=SandboxCertificates(keys, db),
        operator=SandboxOperator(keys),
        unlocks=SandboxUnlock(keys),
    )
