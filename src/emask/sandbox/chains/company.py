"""The chains with the side that only a sandbox has: lives to play, and word to tell."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

import httpx2

from emask.database.pool import Database
from emask.partners.logistics import EcpayLogistics, Logistics
from emask.sandbox.chains.life import OVERNIGHT
from emask.sandbox.chains.parcels import Parcels
from emask.sandbox.chains.playing import Playing
from emask.sandbox.chains.pushing import Pushes
from emask.sandbox.mischief import Mischief


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxChains:
    """`carrier` asks the chains; their `parcels` move on as `playing` lets them, `pushes` tell."""

    carrier: EcpayLogistics
    parcels: Parcels
    playing: Playing
    pushes: Pushes

    @classmethod
    def over(
        cls,
        db: Database,
        mischief: Mischief,
        logistics: Logistics,
        *,
        asked: httpx2.AsyncClient,
        told: httpx2.AsyncClient,
    ) -> Self:
        """The chains of one installation: `asked` calls them, and they tell by `told`."""
        return cls(
            carrier=EcpayLogistics(logistics, asked),
            parcels=Parcels(db),
            playing=Playing(db, OVERNIGHT),
            pushes=Pushes(db, told, logistics, mischief),
        )

    async def tell_due(self, at: datetime) -> int:
        """Let happen what is due, and tell what there is to tell; how many messages."""
        await self.playing.play(at)
        await self.playing.see_hand_overs(at)
        return await self.pushes.tell_due(at)
