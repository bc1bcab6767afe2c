from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from penstock.errors import PenstockError, StoreRefused, StoreUnavailable, Transient
from penstock.stores import open_store
from penstock.tables import Tables

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conftest import S3Server
    from tests.tables.conftest import MakeBatch, Publish, PublishedRows

pytestmark = pytest.mark.integration


@pytest.fixture
def warehouse(s3_env: S3Server, tmp_path: Path) -> str:
    """A prefix of its own for each test."""
    return f"s3://{s3_env.bucket}/{tmp_path.name}/tables of penstock"


def test_batch_is_published_found_verified_queried_and_exported(
    tables: Tables, make_batch: MakeBatch, publish: Publish, warehouse: str, tmp_path: Path
) -> None:
    batch = make_batch(rows=5)

    snapshot = publish(tables, batch)

    assert publish(tables, batch) == snapshot == tables.find("orders", batch.id)
    tables.verify("orders", batch.id, rows=5)
    assert tables.query("SELECT max(id) AS id FROM orders").to_pylist() == [{"id": 4}]
    assert tables.export("orders", ["id"], tmp_path / "out.parquet") == 5
    keys = [info.key for info in open_store(warehouse).list("orders/data/")]
    assert keys == [f"orders/data/{batch.ref.digest}.parquet"]


def test_metadata_holds_no_credentials(
    tables: Tables, make_batch: MakeBatch, publish: Publish, warehouse: str, s3_env: S3Server
) -> None:
    publish(tables, make_batch())

    store = open_store(warehouse)
    written = b"".join(store.get(info.key) for info in store.list("orders/metadata/"))

    assert s3_env.secret_key.encode() not in written
    assert b"s3.access-key-id" not in written


def test_placing_again_uploads_nothing(
    tables: Tables, make_batch: MakeBatch, warehouse: str
) -> None:
    batch = make_batch()
    first = tables.place("orders", batch.ref, batch.source)
    before = list(open_store(warehouse).list())

    second = tables.place("orders", batch.ref, batch.source)

    assert second == first
    assert list(open_store(warehouse).list()) == before


def test_four_publishers_at_once_all_arrive_once(
    *,
    tables: Tables,
    make_batch: MakeBatch,
    published_rows: PublishedRows,
    warehouse: str,
    catalog: str,
    publish: Publish,
) -> None:
    batches = [make_batch(str(number), rows=3 + number) for number in range(4)]

    def work(index: int) -> None:
        with Tables(catalog=catalog, warehouse=warehouse) as own:
            for _ in range(100):
                try:
                    publish(own, batches[index])
                except Transient:
                    continue
                else:
                    return

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert published_rows(tables) == {batch.id: batch.rows for batch in batches}


def test_bucket_that_does_not_answer_is_transient(
    *,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    monkeypatch: pytest.MonkeyPatch,
    catalog: str,
    warehouse: str,
) -> None:
    batch = make_batch()
    publish(tables, batch)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")

    with (
        Tables(catalog=catalog, warehouse=warehouse) as later,
        pytest.raises(StoreUnavailable, match="warehouse did not answer"),
    ):
        later.find("orders", batch.id)


def test_credentials_that_may_only_read_cannot_publish(
    *,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    s3_env: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    catalog: str,
    warehouse: str,
) -> None:
    publish(tables, make_batch("before"))
    batch = make_batch()
    placed = tables.place("orders", batch.ref, batch.source)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", s3_env.reader_access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", s3_env.reader_secret_key)

    with Tables(catalog=catalog, warehouse=warehouse) as reading:
        with pytest.raises(StoreRefused, match="denied access"):
            reading.publish("orders", placed, columns=batch.columns, batch=batch.id, summary={})
        assert reading.find("orders", batch.id) is None
        assert reading.query("SELECT count(*) AS n FROM orders").to_pylist() == [{"n": 3}]


def test_secret_stays_out_of_errors(
    *,
    make_batch: MakeBatch,
    publish: Publish,
    s3_env: S3Server,
    monkeypatch: pytest.MonkeyPatch,
    catalog: str,
    warehouse: str,
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-value")

    with (
        Tables(catalog=catalog, warehouse=warehouse) as wrong,
        pytest.raises(PenstockError) as refusal,
    ):
        publish(wrong, make_batch())

    assert "wrong-secret-value" not in str(refusal.value)
    assert s3_env.secret_key not in str(refusal.value)
