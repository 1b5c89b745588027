import pytest

from emask.identity.site import Site

SERVICE = Site(origin="https://mask.example")
DEMO = Site(origin="http://localhost:8000")


def test_a_site_is_known_by_its_host() -> None:
    assert (SERVICE.host, DEMO.host) == ("mask.example", "localhost")
    assert SERVICE.address("/zh/") == "https://mask.example/zh/"


@pytest.mark.parametrize("site", [SERVICE, DEMO])
def test_its_own_pages_are_its_own(site: Site) -> None:
    assert site.is_own(site.origin, host="whatever")


@pytest.mark.parametrize(
    "origin",
    ["http://mask.example", "https://mask.example:8443", "https://evil.mask.example", "null", ""],
)
def test_a_services_pages_have_its_very_origin(origin: str) -> None:
    assert not SERVICE.is_own(origin, host=origin.rpartition("/")[2])


def test_a_demo_may_be_reached_by_another_name_or_port() -> None:
    for host in ("127.0.0.1:8000", "localhost:18000", "demo.test"):
        assert DEMO.is_own(f"http://{host}", host=host)


@pytest.mark.parametrize("origin", ["http://evil.test", "https://localhost:8000", "null", ""])
def test_a_demos_other_visitors_are_still_others(origin: str) -> None:
    assert not DEMO.is_own(origin, host="localhost:8000")
