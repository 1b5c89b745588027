"""What everybody may know: rounds, stores, and the record of a draw."""

from datetime import date, datetime
from typing import Annotated, Final, TypeAlias

import msgspec
from litestar import get
from litestar.params import FromPath, FromQuery, PathParameter, QueryParameter

from emask.draw.model import DrawRecord
from emask.draw.service import record_of
from emask.rounds.model import Chain, Store
from emask.rounds.service import all_rounds, load_round
from emask.rounds.stores import search_stores
from emask.rules.calendar import TAIPEI, Phase, Product, Round
from emask.web.api.caller import system_of
from emask.web.api.problems import INVALID_REQUEST, NOT_FROZEN, told
from emask.web.intake_problems import UNKNOWN_ROUND
from emask.web.shell.page import WebRequest

MOST_STORES: Final = 50

RoundId: TypeAlias = Annotated[str, PathParameter(pattern="^[^\\x00]+$", max_length=64)]
"""Any text that can be an id; a NUL can be none."""

_Words: TypeAlias = Annotated[str, QueryParameter(pattern="^[^\\x00]*$", max_length=100)]
