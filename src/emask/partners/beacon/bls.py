"""Signatures of BLS12-381 with signatures in G1 and keys in G2, as drand's quicknet makes them."""

import importlib
import sys
from hashlib import sha256
from typing import Any, Final


def _imported(name: str) -> Any:
    """A module of py_ecc, the depth of recursion left as it was.

    py_ecc raises it for the whole process, in which deep JSON would then overflow the stack.
    """
    depth = sys.getrecursionlimit()
    try:
        return importlib.import_module(name)
    finally:
        sys.setrecursionlimit(depth)


_hashing = _imported("py_ecc.bls.hash_to_curve")
_points = _imported("py_ecc.bls.point_compression")
_curve = _imported("py_ecc.optimized_bls12_381")

SIGNATURE_BYTES: Final = 48
KEY_BYTES: Final = 96
_DOMAIN: Final = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_"


def is_signed(message: bytes, signature: bytes, *, public_key: bytes) -> bool:
    """Whether a signature is the key's for that message; takes half a second of the processor."""
    try:
        key, point = public_point(public_key), _signature_point(signature)
    except ValueError:
        return False
    hashed = _hashing.hash_to_G1(message, _DOMAIN, sha256)
    product = _curve.pairing(_curve.neg(_curve.G2), point, final_exponentiate=False)
    product *= _curve.pairing(key, hashed, final_exponentiate=False)
    return bool(_curve.final_exponentiate(product) == _curve.FQ12.one())


def public_point(public_key: bytes) -> Any:
    """A key's point. Raises ValueError unless it is one of the group of prime order."""
    if len(public_key) != KEY_BYTES:
        raise ValueError(f"public_key: has {KEY_BYTES} bytes")
    half = KEY_BYTES // 2
    parts = (int.from_bytes(public_key[:half], "big"), int.from_bytes(public_key[half:], "big"))
    return _of_prime_order(_points.decompress_G2(parts))


def _signature_point(signature: bytes) -> Any:
    if len(signature) != SIGNATURE_BYTES:
        raise ValueError(f"signature: has {SIGNATURE_BYTES} bytes")
    return _of_prime_order(_points.decompress_G1(int.from_bytes(signature, "big")))


def _of_prime_order(point: Any) -> Any:
    """Without this a relay could add points that pairings do not see, until a seed suits it."""
    if _curve.is_inf(point) or not _curve.is_inf(_curve.multiply(point, _curve.curve_order)):
        raise ValueError("not a point of the group")
    return point
