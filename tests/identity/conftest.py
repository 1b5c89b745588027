import pytest

from emask.database.clock import SetClock
from emask.database.pool import Database
from emask.database.vault import Keys, Vault
from emask.identity.registry import add_people
from emask.identity.service import Identity
from emask.identity.sessions import Sessions
from emask.identity.site import Site
from emask.identity.site_keys import SiteKeys
from emask.identity.site_tokens import SiteTokens
from emask.sandbox import schema
from emask.sandbox.system import Sandbox
from identity.world import ANNA, CHEAP, HUA, MING, World

SITE = Site(origin="https://mask.example")


@pytest.fixture
async def world(db: Database, clock: SetClock, keys: Keys, vault: Vault) -> World:
    """Ming, Hua and Anna are in the registry; nobody has registered."""
    await schema.install(db)
    await add_people(db, vault, [MING, HUA, ANNA])
    sandbox = Sandbox.over(db, clock, keys, site=SITE)
    identity = Identity(
        db=db,
        clock=clock,
        vault=vault,
        tokens=SiteTokens(SiteKeys(keys), SITE),
        partners=sandbox.identity,
        passwords=CHEAP,
    )
    return World(identity=identity, clock=clock, sandbox=sandbox, sessions=Sessions(keys))
