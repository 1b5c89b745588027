"""The cookies of a visit; none of them can be read by scripts.

Sessions are signed, and say whose they are; what tells a phone or a form apart is random; all else
is sealed.

Where the site is https, browsers know them by the prefix `HOST`, which `security` adds and takes
away: a sibling domain, or http, cannot plant them. A demo on http://localhost does without.
"""

from typing import Any, Final

from litestar import Response
from litestar.datastructures import Cookie

from emask.identity.permits import LIFETIME
from emask.identity.site import Site

HOST: Final = "__Host-"
COMMON: Final = "emask_"
"""What all names begin with."""

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

STEPS: Final = (DEPARTURE, BINDING, CHOOSING)
"""What a way in that was left half-way leaves behind."""

_A_YEAR: Final = 365 * 24 * 60 * 60


def cookie_name(name: str, site: Site) -> str:
    """What the site's browsers know a cookie by."""
    return HOST + name if site.secure else name


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


def forget_steps(answer: Response[Any]) -> None:
    """Whoever comes to this machine next goes on with nobody's way in."""
    for each in STEPS:
        answer.delete_cookie(each)
