"""The site's own signing keys, which others verify with its published halves.

One signs what card agents are asked to do, one identifies the site to mobile operators, one signs
what counters go by without a line. To a fourth counters seal what they sold meanwhile; a fifth
signs the checkpoints of draws.
"""

import hmac
from hashlib import sha256
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from joserfc.jwk import ECKey, OKPKey

from emask.database.vault import Keys

AGENT_KEY: Final = "agent-1"
CLIENT_KEY: Final = "client-1"
LIST_KEY: Final = "counter-list-1"
QUEUE_KEY: Final = "counter-queue-1"
"""Key ids; the published set names the first two, pages of counters hand out the others."""

_P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


class SiteKeys:
    """The pairs of one installation; every process derives the same ones from its secrets."""

    def __init__(self, keys: Keys) -> None:
        seed = hmac.digest(keys.session, b"card agent", sha256)
        self.agent: Final = OKPKey.import_key(
            Ed25519PrivateKey.from_private_bytes(seed), {"kid": AGENT_KEY, "use": "sig"}
        )
        self.client: Final = _p256(keys.session, b"operator client", kid=CLIENT_KEY, use="sig")
        self.lists: Final = _p256(keys.session, b"counter list", kid=LIST_KEY, use="sig")
        # Of the key of data: what is sealed opens as long as everything else does.
        self.queue: Final = _p256(keys.data, b"counter queue", kid=QUEUE_KEY, use="enc")
        self.draws: Final = Ed25519PrivateKey.from_private_bytes(
            hmac.digest(keys.session, b"draw checkpoint", sha256)
        )
        self.salts: Final = hmac.digest(keys.data, b"counter salts", sha256)

    def published(self) -> dict[str, Any]:
        """The public halves as a JWK Set."""
        return {"keys": [self.agent.as_dict(private=False), self.client.as_dict(private=False)]}


def _p256(secret: bytes, purpose: bytes, *, kid: str, use: str) -> ECKey:
    number = int.from_bytes(hmac.digest(secret, purpose, sha256))
    return ECKey.import_key(
        ec.derive_private_key(number % (_P256_ORDER - 1) + 1, ec.SECP256R1()),
        {"kid": kid, "use": use},
    )
