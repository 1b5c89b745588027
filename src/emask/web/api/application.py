"""The API: an application of its own, with no pages, forms or redirects in it.

It is the citizens', but for one address at which Mitake pushes its receipts.
"""

from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import State

from emask.partners.sms import RECEIPTS
from emask.programme.system import System
from emask.web.api.openapi import OPENAPI, OPENAPI_PATH
from emask.web.api.preorders import PERSONAL
from emask.web.api.problems import EXCEPTION_HANDLERS
from emask.web.api.public import PUBLIC
from emask.web.api.receipts import SECRET
from emask.web.api.service import PROMETHEUS
from emask.web.intake import MOST_BYTES

_BASE: Final = "/api/v1"


def answers_at(path: str) -> bool:
    """Whether an address is the API's, be there something at it or not."""
    return path.startswith((_BASE, RECEIPTS)) or path == OPENAPI_PATH


def create_api(system: System) -> Litestar:
    """The API of a running system."""
    return Litestar(
        [Router(_BASE, route_handlers=[*PUBLIC, *PERSONAL]), *SECRET],
        state=State({"system": system}),
        exception_handlers=dict(EXCEPTION_HANDLERS),
        middleware=[PROMETHEUS.middleware],
        openapi_config=OPENAPI,
        logging_config=None,
        request_max_body_size=MOST_BYTES,
    )
