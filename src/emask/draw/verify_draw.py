"""Check a published draw: python3 verify_draw.py FOLDER [CHECKPOINT].

FOLDER holds the published files. CHECKPOINT is the copy that you kept from before the draw: it
shows that list, quota and beacon round were not chosen afterwards. Needs Python 3.9 and nothing
else; signatures are checked too where the packages `cryptography` and `py_ecc` are installed.

How the draw works: each entry has a random ticket, known to its owner alone. The sorted tickets
are the leaves of a hash tree, whose root was signed and published. Then a public beacon gave a
random number, the seed. Each ticket's rank is SHA-256(algorithm, seed, root, ticket): the
smallest are selected, as many as there are packs.
"""

import gzip
import json
import sys
from base64 import b64decode, b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

FILES = ["checkpoint", "draw.json", "entries.txt.gz", "results.txt.gz", "verify_draw.py"]
QUICKNET_KEY_SHA256 = "96e74fcdd3a118406d3800a4e4935e67450a6befde915d47a0d6a13519cee134"
unchecked: list[str] = []  # what could not be checked, in words


def require(fact: bool, otherwise: str) -> None:
    if not fact:
        raise SystemExit("FAILED: " + otherwise)


def tree_root(leaves: list[bytes]) -> bytes:
    """RFC 9162: leaves are hashed after a zero byte, nodes after a one."""
    level = [sha256(b"\0" + leaf).digest() for leaf in leaves] or [sha256().digest()]
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2])
        above = [sha256(b"\1" + left + right).digest() for left, right in pairs]
        level = above + level[len(above) * 2 :]  # one without a neighbour goes up as it is
    return level[0]


def tickets_in(name: str, packed: bytes) -> list[bytes]:
    text = gzip.decompress(packed).decode()
    tickets = [bytes.fromhex(line) for line in text.splitlines()]
    require("".join(ticket.hex() + "\n" for ticket in tickets) == text, f"{name}: badly written")
    return tickets


def check(what: str, package: str, signed: Callable[..., bool], *facts: bytes) -> None:
    try:
        require(signed(*facts), f"{what}: not valid")
    except ImportError:
        unchecked.append(f"{what} (needs the package {package})")
    except Exception as error:
        raise SystemExit(f"FAILED: {what}: not valid") from error


def signed_by_ed25519(key: bytes, signature: bytes, message: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    Ed25519PublicKey.from_public_bytes(key).verify(signature, message)  # raises if it is not
    return True


def signed_by_bls(key: bytes, signature: bytes, message: bytes) -> bool:
    from py_ecc.bls.hash_to_curve import hash_to_G1
    from py_ecc.bls.point_compression import decompress_G1, decompress_G2
    from py_ecc.optimized_bls12_381 import FQ12, G2, curve_order, is_inf, multiply, neg, pairing

    x0, x1, x = (int(each.hex(), 16) for each in [key[:48], key[48:], signature])
    public, point = decompress_G2((x0, x1)), decompress_G1(x)
    hashed = hash_to_G1(message, b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_", sha256)
    in_group = len(signature) == 48 and is_inf(multiply(point, curve_order)) and not is_inf(point)
    return bool(in_group and pairing(neg(G2), point) * pairing(public, hashed) == FQ12.one())


def check_checkpoint(note: str, draw: dict[str, Any]) -> None:
    """Its lines say the same as draw.json, and its signature is of the key named there."""
    name, key_id, key = draw["checkpoint_key"].split("+", 2)
    text = (
        f"{name}\n{draw['entries']}\n{b64encode(bytes.fromhex(draw['root'])).decode()}\n"
        f"algorithm {draw['algorithm']}\nquota {draw['quota']}\n"
        f"beacon {draw['beacon']} {draw['beacon_key']} {draw['beacon_round']}\n"
        f"run {draw['run']}\ncommitted {draw['committed_at']}\n"
    )
    for line, expected in zip(note.split("\n"), text.split("\n")):
        require(line == expected, f"checkpoint: {line!r} where draw.json says {expected!r}")
    signature, public = b64decode(note.rpartition(" ")[2]), b64decode(key)
    right_id = sha256(name.encode() + b"\n" + public).digest()[:4]
    right = note.startswith(f"{text}\n\u2014 {name} ") and right_id == signature[:4]
    require(right and right_id.hex() == key_id, "checkpoint: not signed by its key")
    facts = signed_by_ed25519, public[1:], signature[4:], text.encode()
    check("the checkpoint's signature", "cryptography", *facts)


def check_beacon(draw: dict[str, Any]) -> None:
    key, signature = bytes.fromhex(draw["beacon_key"]), bytes.fromhex(draw["signature"])
    require(sha256(signature).hexdigest() == draw["seed"], "seed: not of the beacon's signature")
    facts = key, signature, sha256(draw["beacon_round"].to_bytes(8, "big")).digest()
    if draw["beacon"] == "sandbox":
        print("A REHEARSAL: whoever holds the key of its sandbox beacon knows the seed beforehand.")
        return check("the beacon's signature", "cryptography", signed_by_ed25519, *facts)
    quicknet = draw["beacon"] == "drand-quicknet" and sha256(key).hexdigest() == QUICKNET_KEY_SHA256
    require(quicknet, "beacon: neither quicknet with its own key nor a sandbox")
    return check("the beacon's signature", "py_ecc", signed_by_bls, *facts)


def check_draw(draw: dict[str, Any], entries: list[bytes], results: list[bytes]) -> None:
    require(draw["algorithm"] == "emask-draw/v1", "algorithm: unknown")
    require(len(entries) == draw["entries"], "entries: another number than committed to")
    require(entries == sorted(set(entries)), "entries: not in order, or a ticket twice")
    require(tree_root(entries).hex() == draw["root"], "entries: another root than committed to")
    prefix = b"emask-draw/v1\0" + bytes.fromhex(draw["seed"] + draw["root"])
    ranked = sorted((sha256(prefix + ticket).digest(), ticket) for ticket in entries)
    require(results == [ticket for _, ticket in ranked], "results: not in the order of the ranks")
    selected = min(draw["quota"], len(entries))
    require(draw["selected"] == selected, "selected: another number than the quota allows")
    cut_off = ranked[selected - 1][0].hex() if selected else None
    require(tree_root(results[:selected]).hex() == draw["result_root"], "result: another root")
    require(draw["cut_off"] == cut_off, "cut-off: another rank")


def main(folder: str, kept: str = "") -> None:
    files = {name: Path(folder, name).read_bytes() for name in FILES}
    sums = {name: f"{sha256(files[name]).hexdigest()}  {name}\n" for name in FILES}
    published = Path(folder, "SHA256SUMS").read_bytes().decode()
    for name, line in sums.items():
        require(line in published, f"{name}: another checksum than in SHA256SUMS")
    require("".join(sums.values()) == published, "SHA256SUMS: badly written")
    if kept:
        require(Path(kept).read_bytes() == files["checkpoint"], "checkpoint: not the one you kept")
    else:
        unchecked.append("that this was fixed before the draw (give a checkpoint that you kept)")
    draw = json.loads(files["draw.json"])
    check_checkpoint(files["checkpoint"].decode(), draw)
    check_beacon(draw)
    check_draw(draw, *[tickets_in(name, files[name]) for name in FILES[2:4]])
    for run in draw["runs"][1:]:
        print(f"run {run['run']} was drawn because: {run['reason']}")
    for name in ["root", "seed", "entries", "quota", "selected", "cut_off"]:
        print(f"{name.replace('_', '-')}: {draw[name]}")
    print(*(f"NOT CHECKED: {what}" for what in unchecked), "OK: the rest agrees", sep="\n")


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except Exception as error:
        raise SystemExit(f"FAILED: {error!r}") from error
