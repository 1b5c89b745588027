"""Signatures of BLS12-381 with signatures in G1 and keys in G2, as drand's quicknet makes them."""

from hashlib import sha256
from typing import Any, Final

from py_ecc.bls.hash_to_curve import hash_to_G1
from py_ecc.bls.point_compression import decompress_G1, decompress_G2
from py_ecc.optimized_bls12_381 import (
    FQ12,
    G2,
    curve_order,
    final_exponentiate,
    is_inf,
    multiply,
    neg,
    pairing,
)

SIGNATURE_BYTES: Final = 48
KEY_BYTES: Final = 96
_DOMAIN: Final = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def is_signed(message: bytes, signature: bytes, *, public_key: bytes) -> bool:
    """Whether a signature is the key's for that message; takes half a second of the processor."""
    try:
        key, point = public_point(public_key), _signature_point(signature)
    except ValueError:
        return False
    hashed = hash_to_G1(message, _DOMAIN, sha256)
    product = pairing(neg(G2), point, final_exponentiate=False)
    product *= pairing(key, hashed, final_exponentiate=False)
    return bool(final_exponentiate(product) == FQ12.one())


def public_point(public_key: bytes) -> Any:
    """A key's point. Raises ValueError unless it is one of the group of prime order."""
    if len(public_key) != KEY_BYTES:
        raise ValueError(f"public_key: has {KEY_BYTES} bytes")
    half = KEY_BYTES // 2
    parts = (int.from_bytes(public_key[:half], "big"), int.from_bytes(public_key[half:], "big"))
    return _of_prime_order(decompress_G2(parts))


def _signature_point(signature: bytes) -> Any:
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"signature: has {SIGNATURE_BYTES} bytes")
    return _of_prime_order(decompress_G1(int.from_bytes(signature, "big")))


def _of_prime_order(point: Any) -> Any:
    """Without this a relay could add points that pairings do not see, until a seed suits it."""
    if is_inf(point) or not is_inf(multiply(point, curve_order)):
        raise ValueError("not a point of the group")
    return point
