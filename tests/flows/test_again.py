"""The same files again, outages and kills between swap and record: ledger and table agree."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from pyiceberg.catalog.sql import SqlCatalog

from penstock.errors import PenstockError, StoreRefused, StoreUnavailable
from penstock.flows import drain
from penstock.ledger import Ledger
from penstock.model import BatchState, Choice, Evidence
from penstock.stores import open_store
from workbench import CONTRACT, Workbench, bad, good

pytestmark = pytest.mark.timeout(120)


def land_again(bench: Workbench, name: str) -> None:
    """Write the same bytes again: a new version of the same file."""
    path = Path(f"{bench.landing_uri}/{name}".removeprefix("file://"))
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data)


@contextmanager
def failing(error: Exception, *, at: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let a call of the published tables or the ledger fail."""
    from penstock.tables import Tables  # noqa: PLC0415 - slow to load

    def fail(*_: object, **__: object) -> None:
        raise error

    owner = Ledger if hasattr(Ledger, at) else Tables
    with monkeypatch.context() as patch:
        patch.setattr(owner, at, fail)
        yield


def test_the_same_file_landed_again_is_asked_about_for_itself(bench: Workbench) -> None:
    bench.land("a.csv", good())
    drain("orders")
    land_again(bench, "a.csv")

    drain("orders")

    assert bench.states() == ["published", "held"]
    request = bench.request()
    evidence = Evidence.decoded(bench.tools.objects.read(request.evidence_ref))
    assert evidence.claim == bench.batches()[1].claim
    assert "redelivery" in {finding.kind for finding in evidence.findings}
    assert request.options == (Choice.REJECT,)


def test_a_rejected_file_landed_again_is_asked_about_again(bench: Workbench) -> None:
    bench.land("a.csv", bad())
    drain("orders")
    bench.decide(Choice.REJECT)
    drain("orders")
    land_again(bench, "a.csv")

    drain("orders")

    assert bench.states() == ["rejected", "held"]


def test_an_undone_batch_can_be_published_again(bench: Workbench) -> None:
    bench.land("a.csv", good())
    drain("orders")
    batch = bench.batches()[0].batch
    catalog = SqlCatalog("penstock", uri=bench.settings.catalog_url)
    catalog.load_table(("penstock", "orders")).delete(f"_penstock_batch = '{batch}'")
    catalog.close()
    assert bench.published() == []
    land_again(bench, "a.csv")
    drain("orders")
    bench.decide(Choice.APPROVE)

    drain("orders")

    assert bench.states() == ["published", "published"]
    assert bench.published() == list(good())


def test_killed_between_swap_and_record_and_a_new_release_comes_to_what_is_in_the_table(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.land("a.csv", good(count=30))
    with (
        failing(StoreUnavailable("Down.", remedy="Wait."), at="complete", monkeypatch=monkeypatch),
        pytest.raises(PenstockError),
    ):
        drain("orders")
    assert bench.published() == list(good(count=30))
    stricter = CONTRACT.replace("minimum: 0, maximum: 1000", "minimum: 0, maximum: 5")
    bench.configure(contract=stricter, version=2)

    drain("orders")

    (record,) = bench.batches()
    assert (record.state, record.rows_published) == (BatchState.PUBLISHED, 30)
    assert bench.tools.ledger.requests() == []


def test_two_datasets_on_one_landing_are_both_asked_about(bench: Workbench) -> None:
    config = open_store(bench.settings.config_uri)
    for kind in ("workflows", "contracts"):
        text = config.get(f"{kind}/orders.yaml").replace(b"orders", b"copies")
        config.put(f"{kind}/copies.yaml", text)
    bench.land("a.csv", bad())

    drain()

    requests = bench.tools.ledger.requests()
    assert sorted(request.dataset for request in requests) == ["copies", "orders"]


@pytest.mark.parametrize(
    "error",
    [StoreUnavailable("Down.", remedy="Wait."), StoreRefused("No.", remedy="Renew the token.")],
    ids=lambda error: type(error).__name__,
)
def test_an_outage_dead_letters_nothing(
    bench: Workbench, error: PenstockError, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.land("a.csv", good())
    monkeypatch.setenv("PENSTOCK_MAX_ATTEMPTS", "2")
    for _ in range(3):
        with (
            failing(error, at="publish", monkeypatch=monkeypatch),
            pytest.raises(PenstockError),
        ):
            drain("orders")

    assert drain("orders") == {"published": 1}
    assert bench.published() == list(good())


def test_a_failure_nobody_understands_is_dead_lettered_after_so_many_attempts(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.land("a.csv", bad())
    monkeypatch.setenv("PENSTOCK_MAX_ATTEMPTS", "2")
    drain("orders")
    bench.decide(Choice.APPROVE)
    for _ in range(2):
        with (
            failing(RuntimeError("cell x"), at="publish", monkeypatch=monkeypatch),
            pytest.raises(PenstockError, match="RuntimeError"),
        ):
            drain("orders")

    (record,) = bench.batches()
    assert (record.state, record.reason) == (BatchState.DEAD, "RuntimeError")


def test_a_dead_batch_leaves_no_open_request(bench: Workbench) -> None:
    bench.land("a.csv", bad())
    drain("orders")
    claim = bench.batches()[0].claim

    bench.tools.ledger.settle(claim, BatchState.DEAD, reason="lost")

    assert bench.tools.ledger.requests() == []


def test_a_mended_definition_goes_on_at_once(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.configure(notify="[{kind: webhook, url_env: ORDERS_HOOK}]", version=2)
    bench.land("a.csv", good())
    with pytest.raises(PenstockError, match="ORDERS_HOOK"):
        drain("orders")
    monkeypatch.setenv("ORDERS_HOOK", "http://127.0.0.1:9/none")

    assert drain("orders") == {"published": 1}


def test_an_unreadable_lease_does_not_stop_the_other_batches(bench: Workbench) -> None:
    bench.land("a.csv", good())
    bench.land("b.csv", good(100))
    bench.tools.store.put("claims/orders/0000000001/attempt-000001.json", b"")

    with pytest.raises(PenstockError, match="attempt-000001"):
        drain("orders")

    assert bench.published() == list(good(100))
