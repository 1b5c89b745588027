"""Checkpoints: written and read as C2SP's signed notes are, and no other way."""

from base64 import b64decode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from emask.draw.checkpoint import BadNote, Checkpoint, NoteSigner, open_note

# The example of Go's implementation of signed notes.
SEED = b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
VERIFIER_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
NOTE = (
    TEXT
    + "\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdng"
    "otpRZb6KE6RyyBwJnAM=\n"
)
SIGNER = NoteSigner(name="PeterNeumann", key=Ed25519PrivateKey.from_private_bytes(SEED))
OTHER = NoteSigner(name="somebody", key=Ed25519PrivateKey.from_private_bytes(bytes(32)))


def test_the_example_is_signed_and_opened() -> None:
    assert SIGNER.verifier_key == VERIFIER_KEY
    assert SIGNER.sign(TEXT) == NOTE
    assert open_note(NOTE, VERIFIER_KEY) == TEXT


def test_signatures_of_others_do_not_matter() -> None:
    cosigned = NOTE + OTHER.sign(TEXT).splitlines(keepends=True)[-1]
    assert open_note(cosigned, VERIFIER_KEY) == TEXT
    assert open_note(cosigned, OTHER.verifier_key) == TEXT
    with pytest.raises(BadNote, match="not signed by this key"):
        open_note(NOTE, OTHER.verifier_key)


def test_no_changed_note_opens() -> None:
    for place in range(0, len(NOTE), 3):
        changed = NOTE[:place] + chr(ord(NOTE[place]) ^ 1) + NOTE[place + 1 :]
        with pytest.raises(BadNote):
            open_note(changed, VERIFIER_KEY)


def test_no_changed_key_opens() -> None:
    for place in range(0, len(VERIFIER_KEY), 3):
        changed = (
            VERIFIER_KEY[:place] + chr(ord(VERIFIER_KEY[place]) ^ 1) + VERIFIER_KEY[place + 1 :]
        )
        with pytest.raises(BadNote):
            open_note(NOTE, changed)


def test_a_checkpoint_is_read_as_it_was_written() -> None:
    for extensions in ((), ("quota 20", "run 1")):
        checkpoint = Checkpoint(
            origin="example.org/draw", size=8, root=bytes(range(32)), extensions=extensions
        )
        assert Checkpoint.read(checkpoint.text()) == checkpoint
    assert checkpoint.text() == (
        "example.org/draw\n8\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nquota 20\nrun 1\n"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a\n1\n",
        "a\none\nAA==\n",
        "a\n01\nAA==\n",
        "a\n1\nAA=\n",
        "a\n1\nAA==",
        "a\n1\nAA==\n\n",
    ],
)
def test_anything_else_is_no_checkpoint(text: str) -> None:
    with pytest.raises(BadNote):
        Checkpoint.read(text)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\n"])
def test_a_name_must_not_break_the_note(name: str) -> None:
    with pytest.raises(BadNote):
        NoteSigner(name=name, key=OTHER.key).sign(TEXT)
