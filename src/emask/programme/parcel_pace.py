"""How fast this process has its chains create parcels, from one turn to the next."""

from dataclasses import dataclass, field
from datetime import datetime

from emask.delivery.pace import Beat, Pace


@dataclass(slots=True)
class ParcelPace:
    """What is kept between turns: pace and beat, and when shipments were last looked through."""

    pace: Pace = field(default_factory=lambda: Pace(per_second=20, least=0.5, most=100, at_once=8))
    beat: Beat = field(default_factory=Beat)
    consigned_at: datetime | None = None
