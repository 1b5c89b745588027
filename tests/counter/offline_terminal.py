"""A counter without a line, as its page behaves: it seals what it sells, and sends it later."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID, uuid4

import msgspec
from joserfc import jwe
from joserfc.jwk import ECKey

from delivery.world import PHARMACY, Someone, World
from emask.counter.offline import Reconciled, SealedSale, reconcile
from emask.counter.offline_list import OfflineKeys, issue_list, read_terms
from emask.counter.sites import site_of
from emask.database.vault import Keys
from emask.identity.site_keys import SiteKeys

SITE_KEYS = SiteKeys(Keys.generate())
KEYS = OfflineKeys(lists=SITE_KEYS.lists, queue=SITE_KEYS.queue, salts=SITE_KEYS.salts)
HEADER = {"alg": "ECDH-ES", "enc": "A256GCM"}


@dataclass
class Terminal:
    """What it holds: a list, and sales that wait."""

    world: World
    signed: str
    list_id: UUID
    site_code: str = PHARMACY
    sold: list[SealedSale] = field(default_factory=list)

    @classmethod
    async def with_list(cls, world: World, site_code: str = PHARMACY) -> "Terminal":
        async with world.db.transaction() as tx:
            site = await site_of(tx, site_code)
            assert site is not None
            issued = await issue_list(tx, world.vault, KEYS, site=site, now=await world.clock.now())
        list_id = read_terms(KEYS, issued.signed).list_id
        return cls(world, issued.signed, list_id, site_code)

    def sell(self, who: Someone | str, at: datetime, **other: object) -> UUID:
        sale_id = other.pop("sale_id", None) or uuid4()
        assert isinstance(sale_id, UUID)
        sale = {
            "sale_id": sale_id,
            "list_id": self.list_id,
            "sold_at": at,
            "id_number": who if isinstance(who, str) else who.id_number,
            "product": "adult_mask",
            "pieces": 3,
            **other,
        }
        public = ECKey.import_key(KEYS.queue.as_dict(private=False))
        sealed = jwe.encrypt_compact(HEADER, msgspec.json.encode(sale), public)
        self.sold.append(SealedSale(sale_id=sale_id, sealed=sealed))
        return sale_id

    async def send(self) -> Reconciled:
        return await reconcile(
            self.world.db,
            self.world.clock,
            self.world.vault,
            KEYS,
            site_code=self.site_code,
            signed_list=self.signed,
            sales=self.sold,
            by="pharmacist",
        )
