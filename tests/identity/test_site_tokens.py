import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta

import pytest
from joserfc import jwt
from joserfc.jwk import OKPKey

from emask.database.vault import Keys
from emask.identity.site import Site
from emask.identity.site_keys import AGENT_KEY, SiteKeys
from emask.identity.site_tokens import LIFETIME, Purpose, SiteTokens
from emask.rules.refusals import EvidenceAltered, EvidenceExpired, EvidenceForeignOrigin

NOW = datetime(2020, 3, 12, 1, tzinfo=UTC)
SITE = Site(origin="https://mask.example")


@pytest.fixture
def tokens(keys: Keys) -> SiteTokens:
    return SiteTokens(SiteKeys(keys), SITE)


def test_a_token_names_itself(tokens: SiteTokens) -> None:
    first, second = (tokens.issue(Purpose.READ, now=NOW) for _ in range(2))
    read = [tokens.read(token, Purpose.READ, now=NOW) for token in (first, second)]
    assert len(set(read)) == 2
    assert tokens.read(first, Purpose.READ, now=NOW) == read[0]


def test_every_process_has_the_same_keys_and_every_installation_its_own(keys: Keys) -> None:
    assert SiteKeys(keys).published() == SiteKeys(keys).published()
    assert SiteKeys(Keys.generate()).published() != SiteKeys(keys).published()


def test_what_is_published_signs_nothing(keys: Keys) -> None:
    for key in SiteKeys(keys).published()["keys"]:
        assert "d" not in key
        assert key["kid"]


def test_whoever_has_the_published_half_can_verify(keys: Keys, tokens: SiteTokens) -> None:
    published = next(k for k in SiteKeys(keys).published()["keys"] if k["kid"] == AGENT_KEY)
    token = jwt.decode(
        tokens.issue(Purpose.SIGN, now=NOW), OKPKey.import_key(published), algorithms=["Ed25519"]
    )
    assert token.claims["iss"] == SITE.origin
    assert token.claims["exp"] - token.claims["iat"] == LIFETIME.total_seconds()


def test_a_token_is_for_one_purpose(tokens: SiteTokens) -> None:
    with pytest.raises(EvidenceAltered):
        tokens.read(tokens.issue(Purpose.SIGN, now=NOW), Purpose.READ, now=NOW)


@pytest.mark.parametrize("where", ["https://mask.example:8443", "http://mask.example"])
def test_a_token_is_for_one_origin(keys: Keys, tokens: SiteTokens, where: str) -> None:
    elsewhere = SiteTokens(SiteKeys(keys), Site(origin=where))
    with pytest.raises(EvidenceForeignOrigin):
        tokens.read(elsewhere.issue(Purpose.READ, now=NOW), Purpose.READ, now=NOW)


def test_a_token_lasts_five_minutes(tokens: SiteTokens) -> None:
    token = tokens.issue(Purpose.READ, now=NOW)
    tokens.read(token, Purpose.READ, now=NOW + timedelta(minutes=4, seconds=59))
    with pytest.raises(EvidenceExpired):
        tokens.read(token, Purpose.READ, now=NOW + timedelta(minutes=5))


def test_another_installation_issues_nothing_here(tokens: SiteTokens) -> None:
    stranger = SiteTokens(SiteKeys(Keys.generate()), SITE)
    with pytest.raises(EvidenceAltered):
        tokens.read(stranger.issue(Purpose.READ, now=NOW), Purpose.READ, now=NOW)


def test_no_letter_of_a_token_may_change(tokens: SiteTokens) -> None:
    token = tokens.issue(Purpose.READ, now=NOW)
    body = token.rpartition(".")[0]
    for place in range(len(body)):
        letter = "A" if token[place] != "A" else "B"
        with pytest.raises(EvidenceAltered):
            tokens.read(token[:place] + letter + token[place + 1 :], Purpose.READ, now=NOW)


@pytest.mark.parametrize("header", [{"alg": "none"}, {"alg": "Ed25519", "crit": 1}, {}, []])
def test_a_token_with_another_header_is_no_token(tokens: SiteTokens, header: object) -> None:
    _, payload, _ = tokens.issue(Purpose.READ, now=NOW).split(".")
    written = urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("=")
    with pytest.raises(EvidenceAltered):
        tokens.read(f"{written}.{payload}.", Purpose.READ, now=NOW)
