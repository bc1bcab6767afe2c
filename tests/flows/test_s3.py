"""Config, landing, store and warehouse on a real S3 server: whole journeys, and refusals."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from penstock.errors import PenstockError
from penstock.flows import drain
from penstock.landing import ClaimLog
from penstock.model import Choice, Evidence, FileRef
from penstock.stores import open_store, open_uri
from workbench import Workbench, bad, good

if TYPE_CHECKING:
    from tests.conftest import S3Server

pytestmark = [pytest.mark.integration, pytest.mark.timeout(180)]

NO_BUCKET = "s3://penstock-no-such-bucket/x"


@pytest.fixture
def bench(
    prefect_server: None,  # noqa: ARG001 - must be up first
    s3_env: S3Server,
    tmp_path: Path,
    use: Callable[[Workbench], None],
) -> Workbench:
    bench = Workbench(home=tmp_path / "home", root=f"s3://{s3_env.bucket}/{uuid4().hex}")
    use(bench)
    bench.configure()
    return bench


def test_a_good_batch_goes_from_bucket_to_bucket(bench: Workbench) -> None:
    bench.land("a.csv", good())

    assert drain("orders") == {"published": 1}

    (record,) = bench.batches()
    assert bench.published() == list(good())
    assert (record.rows_landed, record.rows_published) == (20, 20)
    assert record.evidence is not None
    assert record.evidence.uri.startswith(f"{bench.root}/store/")
    assert sorted(path.name for path in bench.home.iterdir() if path.is_dir()) == ["scratch"]
    assert left_in(bench.settings.scratch) == []


def test_a_compressed_file_below_a_folder_is_read(bench: Workbench) -> None:
    lines = ["id,item,pieces", *(",".join(map(str, row)) for row in good())]
    bench.land("2026/11/a.csv.gz", gzip.compress("\n".join(lines).encode()))
    bench.configure(version=2)
    put_config(bench, pattern="**/*.gz")

    assert drain("orders") == {"published": 1}

    assert bench.published() == list(good())


@pytest.mark.parametrize(
    ("choice", "rows"),
    [(Choice.APPROVE, bad()), (Choice.QUARANTINE, bad()[8:]), (Choice.REJECT, [])],
)
def test_a_held_batch_waits_in_the_bucket_for_its_decision(
    bench: Workbench, choice: Choice, rows: list[object]
) -> None:
    bench.land("a.csv", bad())
    assert drain("orders") == {"held": 1}
    assert bench.published() == []
    page = read(bench.request().page)
    bench.decide(choice)

    drain("orders")

    assert bench.published() == rows
    assert b"orders" in page
    evidence = Evidence.decoded(read(bench.batches()[0].evidence))
    assert evidence.files[0].uri == f"{bench.root}/landing/a.csv"
    assert bench.tools.ledger.verify_audit() is None


def test_a_key_overwritten_after_its_claim_is_claimed_anew(bench: Workbench) -> None:
    bench.land("a.csv", good(count=5))
    claims = ClaimLog(bench.tools.store, "orders")
    claims.claim_new(open_store(bench.landing_uri), pattern="*", requested_by="watcher")
    bench.land("a.csv", good(count=9))

    with pytest.raises(PenstockError, match=r"a\.csv"):
        drain("orders")

    assert bench.states() == ["dead", "published"]
    assert bench.published() == list(good(count=9))


def test_the_ledger_points_at_the_definitions_object(bench: Workbench) -> None:
    bench.land("a.csv", good())

    drain("orders")

    (record,) = bench.tools.ledger.workflows()
    assert record.config_path == f"{bench.root}/config/workflows/orders.yaml"
    assert record.object_version is not None


@pytest.mark.parametrize("identity", ["reader", "wrong secret"])
def test_credentials_that_do_not_suffice_are_named_and_nothing_is_begun(
    bench: Workbench, s3_env: S3Server, monkeypatch: pytest.MonkeyPatch, identity: str
) -> None:
    bench.land("a.csv", good())
    with monkeypatch.context() as patch:
        if identity == "reader":
            patch.setenv("AWS_ACCESS_KEY_ID", s3_env.reader_access_key)
            patch.setenv("AWS_SECRET_ACCESS_KEY", s3_env.reader_secret_key)
        else:
            patch.setenv("AWS_SECRET_ACCESS_KEY", "mistyped")
        with pytest.raises(PenstockError) as refusal:
            drain("orders")

    assert bench.root in str(refusal.value)
    assert "AWS_SECRET_ACCESS_KEY" in str(refusal.value)
    assert "mistyped" not in str(refusal.value)
    assert s3_env.reader_secret_key not in str(refusal.value)
    assert bench.batches() == []
    assert ClaimLog(bench.tools.store, "orders").sequences() == []

    assert drain("orders") == {"published": 1}


@pytest.mark.parametrize("place", ["config", "store", "landing"])
def test_a_missing_bucket_is_named_and_nothing_is_begun(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    bench.land("a.csv", good())
    if place == "landing":
        put_config(bench, landing=NO_BUCKET)
    else:
        monkeypatch.setenv(f"PENSTOCK_{place.upper()}", NO_BUCKET)

    with pytest.raises(PenstockError, match="penstock-no-such-bucket") as refusal:
        drain("orders")

    assert "Create bucket" in str(refusal.value)
    assert bench.batches() == []
    assert bench.published() == []


def test_a_missing_warehouse_bucket_is_named_and_the_batch_waits_for_the_right_one(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.land("a.csv", good())
    with monkeypatch.context() as patch:
        patch.setenv("PENSTOCK_WAREHOUSE", NO_BUCKET)
        with pytest.raises(PenstockError, match="penstock-no-such-bucket"):
            drain("orders")

    assert bench.published() == []
    assert "published" not in bench.states()
    assert bench.tools.ledger.verify_audit() is None

    assert drain("orders") == {"published": 1}
    assert bench.published() == list(good())


def put_config(bench: Workbench, *, pattern: str = "*", landing: str | None = None) -> None:
    """Change what the definition says of the landing."""
    config = open_store(bench.settings.config_uri)
    text = (
        config.get("workflows/orders.yaml")
        .decode()
        .replace('pattern: "*"', f'pattern: "{pattern}"')
    )
    if landing is not None:
        text = text.replace(bench.landing_uri, landing)
    config.put("workflows/orders.yaml", text.encode())


def read(ref: FileRef | None) -> bytes:
    assert ref is not None
    store, key = open_uri(ref.uri)
    return store.get(key)


def left_in(scratch: Path) -> list[str]:
    """Files in work that nobody works on; copies of objects are kept for the next run."""
    return [path.name for path in scratch.iterdir() if path.name != "objects"]
