"""What a counter goes by while it has no line: a signed list, good for a day (B7, B9).

It names nobody. Who may not buy now stands in it as twenty bits of a salted digest of the ID
number. Of the 520 million numbers that can be made some five hundred have each digest, of the
twenty-three million people who live here about twenty: whoever tries numbers out against a stolen
list learns of nobody that they bought. The price is that a list of n people stops n in a million
others too (one in two hundred with 5,000): a counter tells them that it cannot be confirmed.

A town has one salt, always: two lists of the same people under two salts would say forty bits of
each, enough for one number.
"""

import base64
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Final
from uuid import UUID, uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from emask.counter import offline_queries as queries
from emask.counter.model import Site
from emask.counter.service import stock_of
from emask.database.pool import Transaction
from emask.database.vault import Vault
from emask.rounds.service import policy_on
from emask.rules.calendar import CounterPolicy, Product, day_in_taipei

LIFETIME: Final = timedelta(days=1)
CAP: Final = 2_000
"""Sales that a counter may make on one list: what a busy one sells in a day."""
BITS: Final = 20
_ALGORITHM: Final = "ES256"
_BYTES: Final = 3


class ListBroken(ValueError):
    """Not a list of ours, or altered since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a list says about the sales that are made on it."""

    list_id: UUID
    site_code: str
    issued_at: datetime
    expires_at: datetime
    cap: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineKeys:
    """The site's keys that counters without a line go by.

    Args:
        lists: signs lists.
        queue: opens what was sealed to it.
        salts: what each town's salt is made of.
    """

    lists: ECKey
    queue: ECKey
    salts: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OfflineList:
    """The signed terms, a compact JWS, and the digests whose own digest they name.

    `digests` are numbers of three bytes, in order, in base64.
    """

    signed: str
    digests: str


async def issue_list(
    tx: Transaction, vault: Vault, keys: OfflineKeys, *, site: Site, now: datetime
) -> OfflineList:
    """A fresh list for a site.

    Raises:
        NoPolicy: no counter policy is in force.
    """
    today = day_in_taipei(now)
    salt = _salt(keys, site)
    sealed = await queries.likely_here(tx, site.site_code, today)
    digests = _packed(
        short_digest(salt, vault.open(number, person_id=person_id, field="id_number"))
        for person_id, number in sealed
    )
    stock = await stock_of(tx, site.site_code)
    claims = {
        "jti": str(uuid4()),
        "site": site.site_code,
        "name": site.name,
        "iat": int(now.timestamp()),
        "exp": int((now + LIFETIME).timestamp()),
        "cap": CAP,
        "policies": await _policies(tx, today),
        "stock": {product.value: pieces for product, pieces in stock.items()},
        "salt": _base64(salt),
        "bits": BITS,
        "digests": _base64(sha256(digests).digest()),
        "queue": keys.queue.as_dict(private=False),
    }
    header = {"alg": _ALGORITHM, "kid": keys.lists.kid}
    signed = jwt.encode(header, claims, keys.lists, algorithms=[_ALGORITHM])
    return OfflineList(signed=signed, digests=_base64(digests))


def read_terms(keys: OfflineKeys, signed: str) -> Terms:
    """The terms of a list of ours, whether or not it is over. Raises ListBroken."""
    try:
        claims = jwt.decode(signed, keys.lists, algorithms=[_ALGORITHM]).claims
    except (JoseError, ValueError) as broken:
        raise ListBroken from broken
    return Terms(
        list_id=UUID(claims["jti"]),
        site_code=claims["site"],
        issued_at=datetime.fromtimestamp(claims["iat"], UTC),
        expires_at=datetime.fromtimestamp(claims["exp"], UTC),
        cap=claims["cap"],
    )


def short_digest(salt: bytes, id_number: str) -> int:
    """What a list holds of a person."""
    return int.from_bytes(sha256(salt + id_number.encode()).digest()[:4]) >> (32 - BITS)


def _salt(keys: OfflineKeys, site: Site) -> bytes:
    county, town = site.place
    where = f"{county}\0{town}" if town else site.site_code
    return hmac.digest(keys.salts, where.encode(), sha256)[:16]


def _packed(digests: Iterable[int]) -> bytes:
    return b"".join(digest.to_bytes(_BYTES) for digest in sorted(set(digests)))


async def _policies(tx: Transaction, today: date) -> list[dict[str, Any]]:
    """Today's, and tomorrow's where it is another."""
    found = {
        (policy := await policy_on(tx, day)).valid_from: policy for day in (today, today + LIFETIME)
    }
    return [_plain(policy) for policy in found.values()]


def _plain(policy: CounterPolicy) -> dict[str, Any]:
    chooses = policy.either_born_before or policy.child_born_from
    return {
        "valid_from": policy.valid_from.isoformat(),
        "pieces": {
            Product.ADULT_MASK.value: policy.adult_pieces,
            Product.CHILD_MASK.value: policy.child_pieces,
        },
        "child_born_from": policy.child_born_from.isoformat(),
        "chooses_born_before": chooses.isoformat(),
        "odd_even": policy.odd_even,
        "children_exempt": policy.children_exempt,
        "adult_may_buy_child_masks": policy.adult_may_buy_child_masks,
        "proxy": {
            Product.ADULT_MASK.value: policy.proxy_adults,
            Product.CHILD_MASK.value: policy.proxy_children,
        },
    }


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
