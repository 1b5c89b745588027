"""Signatures as they come in: one form is accepted, all others are refused and nothing crashes."""

import asyncio
from base64 import b64decode, b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st

from emask.database.vault import Keys
from emask.partners.certificates import CitizenCertificates
from emask.partners.certificates.chain import Chains
from emask.partners.certificates.signature import read_signature
from emask.rules.refusals import Refusal
from emask.sandbox.certificates import Authority, Condition
from emask.sandbox.certificates.signing import signed_message
from partners.citizens import (
    BASE,
    CHALLENGE,
    HOLDER,
    Citizens,
    evidence_of,
    issued,
    openssl,
    pem_of,
    refusal,
)

DETACHED = ("cms", "-sign", "-binary", "-outform", "DER", "-nosmimecap")
Sample = tuple[Authority, rsa.RSAPrivateKey, bytes]


@pytest.fixture(scope="session")
def sample(keys: Keys, key: rsa.RSAPrivateKey) -> Sample:
    """A signature with the certificates of holder and authority, as cards send it."""
    authority = Authority(keys, BASE)
    holder = authority.issue(HOLDER, key.public_key(), Condition.GOOD)
    message = signed_message(
        CHALLENGE.encode(),
        key=key,
        certificates=[holder, authority.issuer.certificate],
        at=datetime.fromisoformat("2020-03-12T09:00:00+08:00"),
    )
    return authority, key, message


async def signed_by_openssl(
    folder: Path, holder: x509.Certificate, key: rsa.RSAPrivateKey, *options: str
) -> str:
    done = await openssl(
        *DETACHED,
        "-md",
        "sha256",
        *options,
        "-signer",
        str(pem_of(folder, "holder", holder, key)),
        stdin=CHALLENGE.encode(),
    )
    assert done.returncode == 0, done.stderr
    return b64encode(done.stdout).decode()


async def test_what_others_sign_is_accepted(
    citizens: Citizens, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    holder = issued(citizens.authority.issuer, key)
    assert await refusal(citizens, await signed_by_openssl(tmp_path, holder, key)) == ""


async def test_others_accept_what_is_signed(citizens: Citizens, tmp_path: Path) -> None:
    signature, content, roots, between = (
        tmp_path / name for name in ("signature", "content", "roots", "between")
    )
    signature.write_bytes(b64decode(await citizens.sign()))
    content.write_text(CHALLENGE)
    roots.write_bytes(citizens.authority.root.certificate.public_bytes(Encoding.PEM))
    between.write_bytes(citizens.authority.issuer.certificate.public_bytes(Encoding.PEM))
    checked = await openssl(
        *("cms", "-verify", "-binary", "-inform", "DER", "-in", str(signature)),
        *("-content", str(content), "-purpose", "any"),
        *("-CAfile", str(roots), "-certfile", str(between)),
        *("-attime", str(int((await citizens.clock.now()).timestamp()))),
    )
    assert checked.returncode == 0, checked.stderr
    assert checked.stdout == CHALLENGE.encode()


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("-nodetach",), id="encapsulated"),
        pytest.param(("-noattr",), id="no signed attributes"),
        pytest.param(("-md", "sha1"), id="SHA-1"),
        pytest.param(("-md", "sha512"), id="SHA-512"),
        pytest.param(("-nocerts",), id="no certificate"),
        pytest.param(("-keyid",), id="signer named by key"),
    ],
)
async def test_other_forms_are_refused(
    citizens: Citizens, key: rsa.RSAPrivateKey, tmp_path: Path, options: tuple[str, ...]
) -> None:
    holder = issued(citizens.authority.issuer, key)
    evidence = await signed_by_openssl(tmp_path, holder, key, *options)
    assert await refusal(citizens, evidence) == "certificate_invalid"


async def test_other_paddings_are_refused(
    citizens: Citizens, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    pem = pem_of(tmp_path, "holder", issued(citizens.authority.issuer, key), key)
    done = await openssl(
        *DETACHED,
        *("-signer", str(pem), "-keyopt", "rsa_padding_mode:pss"),
        stdin=CHALLENGE.encode(),
    )
    assert await refusal(citizens, b64encode(done.stdout).decode()) == "certificate_invalid"


async def test_two_signers_are_one_too_many(
    citizens: Citizens, key: rsa.RSAPrivateKey, tmp_path: Path
) -> None:
    other = rsa.generate_private_key(65537, 2048)
    second = pem_of(
        tmp_path, "second", issued(citizens.authority.issuer, other, serial_number=78), other
    )
    holder = issued(citizens.authority.issuer, key)
    evidence = await signed_by_openssl(tmp_path, holder, key, "-signer", str(second))
    assert await refusal(citizens, evidence) == "certificate_invalid"


@pytest.mark.parametrize("bits", [1024, 4104])
async def test_keys_are_neither_short_nor_endless(
    citizens: Citizens, opening: datetime, bits: int
) -> None:
    odd = rsa.generate_private_key(65537, bits)
    holder = issued(citizens.authority.issuer, odd)
    assert await refusal(citizens, evidence_of(holder, odd, at=opening)) == "certificate_invalid"


async def test_a_certificate_that_is_not_the_signers_is_refused(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    stolen = await citizens.cards.certificate_for(HOLDER)  # without its key
    assert await refusal(citizens, evidence_of(stolen, key, at=opening)) == "certificate_invalid"


async def test_the_signer_is_the_one_that_the_signature_names(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    mine = issued(citizens.authority.issuer, key, serial_number=0x1234567)
    der = b64decode(evidence_of(mine, key, at=opening))
    before, between, after = der.split(b"\x02\x04\x01\x23\x45\x67")  # in certificate and signer
    named_otherwise = (
        before + b"\x02\x04\x01\x23\x45\x67" + between + b"\x02\x04\x01\x23\x45\x68" + after
    )
    evidence = b64encode(named_otherwise).decode()
    assert await refusal(citizens, evidence) == "certificate_invalid"


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: "", id="empty"),
        pytest.param(lambda text: text + "\n", id="line end"),
        pytest.param(lambda text: " " + text, id="space"),
        pytest.param(lambda text: text[:-1], id="cut"),
        pytest.param(lambda text: text.replace("A", "é", 1), id="not ASCII"),
        pytest.param(lambda text: "\ud800" + text, id="no character"),
        pytest.param(lambda text: b64encode(b64decode(text) + b"\0").decode(), id="a byte more"),
        pytest.param(lambda text: b64encode(b64decode(text)[:-1]).decode(), id="a byte less"),
        pytest.param(lambda text: text * 20, id="very long"),
    ],
)
async def test_evidence_is_exactly_one_message_in_base64(
    citizens: Citizens, change: Callable[[str], str]
) -> None:
    assert await refusal(citizens, change(await citizens.sign())) == "certificate_invalid"


async def test_bits_that_decoding_would_ignore_are_refused(
    citizens: Citizens, key: rsa.RSAPrivateKey, opening: datetime
) -> None:
    some = (  # of several lengths, as the length of serial numbers varies
        evidence_of(
            issued(citizens.authority.issuer, key, serial_number=256**size), key, at=opening
        )
        for size in range(12)
    )
    evidence = next(text for text in some if text.endswith("="))
    body = evidence.rstrip("=")
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    surplus = body[:-1] + digits[digits.index(body[-1]) + 1] + "=" * (len(evidence) - len(body))
    assert b64decode(surplus) == b64decode(evidence)
    assert await refusal(citizens, evidence) == ""
    assert await refusal(citizens, surplus) == "certificate_invalid"


async def test_a_challenge_is_ascii(citizens: Citizens) -> None:
    assert await refusal(citizens, await citizens.sign(), "挑戰") == "certificate_invalid"


def accepts(chains: Chains, der: bytes) -> bool:
    """Everything that is decided before anybody is asked about revocation."""
    try:
        signature = read_signature(b64encode(der).decode(), challenge=CHALLENGE)
        signature.check(chains.signer(signature))
    except Refusal:
        return False
    return True


def test_no_bit_can_be_changed(sample: Sample) -> None:
    """None that means anything.

    The authority's certificate comes along and is not used: ours is. And a bit string that ends
    in a zero may say that its last bit is no part of it, which alters no byte of what is signed.
    """
    authority, key, message = sample
    unused = message.index(authority.issuer.der)
    holder = authority.issue(HOLDER, key.public_key(), Condition.GOOD)
    unused_bits = message.index(holder.signature) - 1
    void = {unused_bits, *range(unused, unused + len(authority.issuer.der))}
    chains = Chains(authority.trust())
    assert accepts(chains, message)
    for place in sorted(set(range(len(message))) - void):
        for bit in range(8):
            altered = bytearray(message)
            altered[place] ^= 1 << bit
            assert not accepts(chains, bytes(altered)), (place, bit)


@given(st.binary(max_size=400))
def test_nothing_but_refusals_comes_of_noise(sample: Sample, noise: bytes) -> None:
    assert not accepts(Chains(sample[0].trust()), noise)


@given(st.data())
def test_nothing_but_refusals_comes_of_mangled_messages(
    sample: Sample, data: st.DataObject
) -> None:
    _, _, message = sample
    mangled = bytearray(message)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(mangled) - 1))
        end = start + data.draw(st.integers(0, 6))
        mangled[start:end] = data.draw(st.binary(max_size=6))
    nobody = httpx2.MockTransport(lambda _: httpx2.Response(404))

    async def verify() -> str:
        async with httpx2.AsyncClient(transport=nobody) as client:
            try:
                await CitizenCertificates(sample[0].trust(), client).verify(
                    b64encode(mangled).decode(),
                    challenge=CHALLENGE,
                    at=datetime.fromisoformat("2020-03-12T09:00:00+08:00"),
                )
            except Refusal as refused:
                return refused.code
        return "accepted"

    assert asyncio.run(verify()) != "accepted"
