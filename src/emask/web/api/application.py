"""The API: an application of its own, with no pages, forms or redirects in it.

It is the citizens', and below /counter/ that of pharmacies' own software; at one address Mitake
pushes its receipts.
"""

from functools import cache
from typing import Final

from litestar import Litestar, Router

from emask.partners.sms import RECEIPTS
from emask.web.api.counter import COUNTER
from emask.web.api.counter_caller import tell_quota
from emask.web.api.openapi import OPENAPI, OPENAPI_PATH
from emask.web.api.preorders import PERSONAL
from emask.web.api.problems import EXCEPTION_HANDLERS
from emask.web.api.public import PUBLIC
from emask.web.api.receipts import SECRET
from emask.web.api.service import PROMETHEUS
from emask.web.api.tokens import give_token
from emask.web.intake import MOST_BYTES

_BASE: Final = "/api/v1"


def answers_at(path: str) -> bool:
    """Whether an address is the API's, be there something at it or not."""
    return path.startswith((_BASE, RECEIPTS)) or path == OPENAPI_PATH


@cache
def create_api() -> Litestar:
    """The API of whatever system its door names."""
    return Litestar(
        [Router(_BASE, route_handlers=[*PUBLIC, *PERSONAL, COUNTER, give_token]), *SECRET],
        exception_handlers=dict(EXCEPTION_HANDLERS),
        middleware=[PROMETHEUS.middleware],
        before_send=[tell_quota],
        openapi_config=OPENAPI,
        logging_config=None,
        request_max_body_size=MOST_BYTES,
    )
