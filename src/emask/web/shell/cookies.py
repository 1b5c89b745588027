"""The cookies of a visit; none of them can be read by scripts, none holds anything in clear.

None has the ``__Host-`` prefix: browsers take it only from https, some of them on localhost too,
and a demo there would sign nobody in.
"""

from typing import Final

from litestar.datastructures import Cookie

from emask.identity.permits import LIFETIME

SESSION: Final = "emask_session"
STAFF: Final = "emask_staff"
DRAFT: Final = "emask_draft"
CSRF: Final = "emask_csrf"
DEPARTURE: Final = "emask_departure"
"""Who set out for the mobile operator, sealed, after the language of the page."""
BINDING: Final = "emask_binding"
"""Whom this phone may be bound to, sealed."""
CHOOSING: Final = "emask_choosing"
"""Who signed in with an office's password and has to choose another one first, sealed."""
HANDSET: Final = "emask_handset"
"""Tells this phone's browser apart from all others; random, and says nothing else."""

_A_YEAR: Final = 365 * 24 * 60 * 60


def cookie(name: str, value: str) -> Cookie:
    """A cookie for the visit. The outermost layer marks it Secure where the page came by https."""
    return Cookie(key=name, value=value, path="/", httponly=True, samesite="lax")


def step_cookie(name: str, value: str) -> Cookie:
    """A permit from one step of a way in to the next, for as long as it is good."""
    made = cookie(name, value)
    made.max_age = int(LIFETIME.total_seconds())
    return made


def handset_cookie(value: str) -> Cookie:
    """What outlives the visit: the phone stays the same one."""
    made = cookie(HANDSET, value)
    made.max_age = _A_YEAR
    return made
