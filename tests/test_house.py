"""Guards over the whole tree: sizes, names, and who writes which table."""

import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "emask"
AGENT = ROOT / "agent" / "src"
VAGUE = {"utils", "util", "common", "helpers", "helper", "misc"}

# Whoever may write a table; everybody may read it. `sandbox` and `programme` make up people and
# towns through the same functions as everybody else and write no table of the product.
WRITERS = {
    "clock": {"database"},
    # a fact and its notice together
    "outbox": {"database", "notices", "entitlement", "payment", "rounds"},
    "early_receipt": {"notices"},
    "inbox": {"database"},
    "audit_log": {"database"},
    "round": {"rounds", "draw"},  # the draw freezes a round
    "round_step": {"programme"},
    "counter_policy": {"rounds"},
    "store": {"rounds"},
    "list_import": {"rounds"},
    "store_change": {"rounds"},
    "person": {"identity"},
    "nhi_card": {"identity"},
    "registration": {"identity"},
    "certificate_binding": {"identity"},
    "device": {"identity"},
    "own_handset": {"identity"},
    "device_code": {"identity"},
    "used_evidence": {"identity"},
    "wrong_try": {"identity"},
    "staff": {"identity"},
    "session_generation": {"identity"},
    "ended_session": {"identity"},
    "people_import": {"identity"},
    "claim": {"entitlement"},
    "claim_move": {"entitlement"},
    "preorder": {"preorder"},
    "draw": {"draw"},
    "draw_result": {"draw"},
    "orders": {"payment", "delivery"},
    "payment_attempt": {"payment"},
    "payment_reference": {"payment"},
    "payment_event": {"payment"},
    "payment_inquiry": {"payment"},
    "gateway_pause": {"payment"},
    "payment_allowance": {"payment"},
    "transfer_file": {"payment"},
    "refund": {"payment"},
    "refund_step": {"payment"},
    "payee_account": {"payment"},
    "settlement_row": {"payment"},
    "reconciliation": {"payment"},
    "reconciliation_difference": {"payment"},
    "shipment": {"delivery"},
    "shipment_confirmation": {"delivery"},
    "shortage": {"delivery"},
    "packing_file": {"delivery"},
    "packing_file_line": {"delivery"},
    "parcel": {"delivery"},
    "slip": {"delivery"},
    "collection": {"delivery"},
    "collection_undone": {"delivery"},
    "pickup_attempt": {"delivery"},
    "centre_stock": {"delivery"},
    "stock_use": {"delivery"},
    "consignment": {"delivery"},
    "consignment_status": {"delivery"},
    "carrier_pause": {"delivery"},
    "counter_site": {"counter"},
    "counter_site_change": {"counter"},
    "counter_supply": {"counter"},
    "counter_delivery": {"counter"},
    "counter_count": {"counter"},
    "counter_holiday": {"counter"},
    "counter_stock": {"counter"},
    "counter_sale": {"counter"},
    "proxy_visit": {"counter"},
    "offline_sale": {"counter"},
    "api_client": {"counter"},
    "api_client_assertion": {"counter"},
    "idempotent_call": {"counter"},
}

_WRITE = re.compile(r"\b(?:INSERT INTO|UPDATE|DELETE FROM|COPY)\s+([a-z_]+)\b(?!\.)")


def sources() -> Iterator[Path]:
    yield from SOURCE.rglob("*.py")


def test_no_file_is_too_long_to_know() -> None:
    files = [*sources(), *AGENT.rglob("*.py"), *(ROOT / "tests").rglob("*.py")]
    long = {
        str(path): count for path in files if (count := len(path.read_text().splitlines())) > 400
    }
    assert not long


def test_no_name_says_nothing() -> None:
    assert not [path for path in sources() if VAGUE & {path.stem, path.parent.name}]


def writers_found() -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for path in sources():
        package = path.relative_to(SOURCE).parts[0]
        for table in _WRITE.findall(path.read_text()):
            if table in WRITERS:
                found[table].add(package)
    return found


@pytest.mark.parametrize("table", sorted(WRITERS))
def test_each_table_has_its_writers_only(table: str) -> None:
    assert writers_found()[table] <= WRITERS[table]


def test_no_address_of_a_download_is_kept() -> None:
    kept = [
        ROOT / "requirements.lock",
        ROOT / "agent" / "requirements.lock",
        ROOT / "frontend" / "package-lock.json",
    ]
    assert not [path for path in kept if path.exists() and "://" in path.read_text()]


def test_the_card_agent_stands_alone() -> None:
    of_emask = re.compile(r"^\s*(?:from|import) emask\b", re.MULTILINE)
    of_agent = re.compile(r"^\s*(?:from|import) emask_card_agent\b", re.MULTILINE)
    assert not [path for path in AGENT.rglob("*.py") if of_emask.search(path.read_text())]
    assert not [path for path in sources() if of_agent.search(path.read_text())]
