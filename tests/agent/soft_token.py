"""A certificate card made of software: a token of SoftHSM, in a folder of a test's own."""

import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

MODULE: Final = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN: Final = "246810"


@dataclass(frozen=True)
class SoftToken:
    """A token; SoftHSM never locks its PIN.

    Args:
        folder: where it is kept.
        module: the PKCS#11 module that uses it.
    """

    folder: Path
    module: Path = MODULE

    @property
    def environment(self) -> dict[str, str]:
        """What a program needs in its environment to see this token and no other."""
        return {"SOFTHSM2_CONF": str(self.folder / "softhsm2.conf")}


def make_soft_token(
    folder: Path,
    key: RSAPrivateKey,
    certificate: x509.Certificate,
    issuers: Sequence[x509.Certificate] = (),
    *,
    pin: str = PIN,
) -> SoftToken:
    """A token that holds this key and certificate, and those of its issuers."""
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\n"
    )
    token = SoftToken(folder)
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    softhsm = ["/usr/bin/softhsm2-util", "--pin", pin]
    _run(token, *softhsm, "--init-token", "--free", "--label", "citizen", "--so-pin", "87654321")
    _run(
        token,
        *softhsm,
        *("--import", str(folder / "key.pem"), "--token", "citizen", "--label", "sign"),
        *("--id", "01"),
    )
    for number, one in enumerate((certificate, *issuers), 1):
        (folder / "certificate.der").write_bytes(one.public_bytes(Encoding.DER))
        _run(
            token,
            *("/usr/bin/pkcs11-tool", "--module", str(MODULE), "--login", "--pin", pin),
            *("--token-label", "citizen", "--write-object", str(folder / "certificate.der")),
            *("--type", "cert", "--id", f"{number:02}", "--label", f"certificate {number}"),
        )
    (folder / "key.pem").unlink()
    return token


def _run(token: SoftToken, *command: str) -> None:
    subprocess.run(
        command, check=True, capture_output=True, env={**os.environ, **token.environment}
    )
