"""The clock of those who play: held where the director puts it."""

from datetime import datetime


class HeldClock:
    """Tells the instant of the scene without asking the database each time."""

    def __init__(self) -> None:
        self._instant: datetime | None = None

    def hold(self, instant: datetime) -> None:
        """Stand here until the next call."""
        self._instant = instant

    async def now(self) -> datetime:
        """The instant of the scene. Raises LookupError before the first one."""
        if self._instant is None:
            raise LookupError("no scene has begun")
        return self._instant
