"""A provider of messages to send through in tests."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from emask.notices.ports import Handed, Receipt, Sms


@dataclass
class Provider:
    """Counts what it is handed, message by message."""

    handed: Counter[str] = field(default_factory=Counter)
    delay: float = 0.0
    name: str = "p"
    remembers: timedelta = timedelta(hours=11)
    at_once: int = 500

    @property
    def providers(self) -> Sequence[Self]:
        return (self,)

    async def ready(self) -> Sequence[Self]:
        return (self,)

    async def aclose(self) -> None: ...

    async def query(self, provider_ids: Sequence[str]) -> list[Receipt]:
        return []

    async def send(self, messages: Sequence[Sms]) -> list[Handed]:
        await asyncio.sleep(self.delay)
        self.handed.update(message.message_id for message in messages)
        return [Handed(message.message_id) for message in messages]
