"""How texts are cut into parts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emask.notices.texts import Kind, notice_text
from emask.partners.sms.segments import Alphabet, alphabet_of, count_parts, parts_of

GSM_LETTERS = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ!\"#¤%&'()*+,-./09:;<=>?¡AZÄÖÑÜ§¿azäöñüà^{}\\[~]|€\f"
)
FIGURES: dict[str, object] = {
    "total": 22,
    "pay_until": "2020-03-18T12:00:00+08:00",
    "collect_from": "2020-03-26",
    "collect_until": "2020-03-29",
    "pickup_number": "1234567",
}


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", 1),
        ("測" * 70, 1),
        ("測" * 71, 2),
        ("測" * 134, 2),
        ("測" * 135, 3),
        ("測" * 150, 3),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("a" * 159 + "測", 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        ("𠮷" * 35, 1),
        ("𠮷" * 36, 2),
    ],
)
def test_parts_are_counted(text: str, parts: int) -> None:
    assert count_parts(text) == parts


def test_a_rare_character_at_the_edge_moves_on_whole() -> None:
    assert parts_of("測" * 66 + "𠮷" + "測" * 10) == ["測" * 66, "𠮷" + "測" * 10]


def test_an_escaped_letter_at_the_edge_moves_on_whole() -> None:
    assert parts_of("a" * 152 + "€" + "a" * 10) == ["a" * 152, "€" + "a" * 10]


def test_gsm_letters_are_written_by_their_table() -> None:
    assert Alphabet.GSM.octets("@ Aa€à") == bytes([0x00, 0x20, 0x41, 0x61, 0x1B, 0x65, 0x7F])


@pytest.mark.parametrize("letter", ["\x1b", "`", "測", "ç"])
def test_what_gsm_has_not_is_ucs2(letter: str) -> None:
    assert alphabet_of("mask" + letter) is Alphabet.UCS2


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_our_notices_have_one_part(kind: Kind, language: str) -> None:
    assert count_parts(notice_text(kind, "en" if language == "en" else "zh", FIGURES)) == 1


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(GSM_LETTERS))))
def test_parts_are_the_text_and_fit(text: str) -> None:
    alphabet, parts = alphabet_of(text), parts_of(text)
    assert "".join(parts) == text
    places = [len(alphabet.octets(part)) // (2 if alphabet else 1) for part in parts]
    assert max(places) <= (alphabet.alone if len(parts) == 1 else alphabet.together)
    # No part but the last has room for the letter that follows it.
    assert all(place >= alphabet.together - 1 for place in places[:-1])


@given(st.text(st.sampled_from(GSM_LETTERS), max_size=400))
def test_gsm_letters_need_no_other_alphabet(text: str) -> None:
    assert alphabet_of(text) is Alphabet.GSM
    assert count_parts(text) <= max(1, -(-2 * len(text) // 152))


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=300))
def test_each_part_can_be_read_alone(text: str) -> None:
    joined = "".join(
        part.encode("utf-16-be").decode("utf-16-be", errors="strict") for part in parts_of(text)
    )
    assert joined == text


@given(st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(GSM_LETTERS))))
def test_what_is_written_reads_as_it_was(text: str) -> None:
    alphabet = alphabet_of(text)
    assert "".join(alphabet.text(alphabet.octets(part)) for part in parts_of(text)) == text


@given(st.sampled_from(Alphabet), st.binary(max_size=160))
def test_no_octets_break_the_reader(alphabet: Alphabet, octets: bytes) -> None:
    assert len(alphabet.text(octets)) <= len(octets)
