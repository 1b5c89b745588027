"""What is wrong with an authority's directory, for whoever runs the service."""

import logging
from typing import Final

_LOG: Final = logging.getLogger(__name__)


class Useless(Exception):
    """An answer that is not to be relied on; the message says why."""


def complain(trouble: str) -> None:
    """One warning; a trouble names no certificate, since that would name a person."""
    _LOG.warning("certificate directory: %s", trouble)
