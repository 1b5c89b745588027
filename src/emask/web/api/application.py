"""The citizen's API: an application of its own, with no pages, forms or redirects in it."""

from typing import Final

from litestar import Litestar, Router
from litestar.datastructures import State

from emask.programme.system import System
from emask.web.api.openapi import OPENAPI, OPENAPI_PATH
from emask.web.api.preorders import PERSONAL
from emask.web.api.problems import EXCEPTION_HANDLERS
from emask.web.api.public import PUBLIC
from emask.web.api.service import PROMETHEUS
from emask.web.intake import MOST_BYTES

API_PATHS: Final = ("/api/v1", OPENAPI_PATH)
"""How the addresses begin that it answers, whether there is something at them or not."""


def create_api(system: System) -> Litestar:
    """The API of a running system."""
    return Litestar(
        [Router("/api/v1", route_handlers=[*PUBLIC, *PERSONAL])],
        state=State({"system": system}),
        exception_handlers=dict(EXCEPTION_HANDLERS),
        middleware=[PROMETHEUS.middleware],
        openapi_config=OPENAPI,
        logging_config=None,
        request_max_body_size=MOST_BYTES,
    )
