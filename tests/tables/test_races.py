from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from penstock.errors import Transient
from penstock.tables import Tables

if TYPE_CHECKING:
    from tests.tables.conftest import (
        Batch,
        MakeBatch,
        Publish,
        PublishApart,
        PublishedRows,
    )

TRIES = 100


@pytest.mark.parametrize("count", [2, 6])
@pytest.mark.parametrize("first_exists", [True, False])
def test_batches_published_by_processes_at_once_all_arrive_once(
    *,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    publish_apart: PublishApart,
    published_rows: PublishedRows,
    count: int,
    first_exists: bool,
) -> None:
    batches = [make_batch(str(number), rows=3 + number) for number in range(count)]
    if first_exists:
        publish(tables, batches[0])

    codes = publish_apart(*batches)

    assert codes == [0] * count
    assert published_rows(tables) == {batch.id: batch.rows for batch in batches}


@pytest.mark.parametrize("count", [2, 6])
def test_batches_published_by_threads_at_once_all_arrive_once(
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    published_rows: PublishedRows,
    count: int,
) -> None:
    batches = [make_batch(str(number), rows=3 + number) for number in range(count)]
    barrier = Barrier(count)

    def work(batch: Batch) -> int:
        barrier.wait()
        for _ in range(TRIES):
            try:
                return publish(tables, batch)
            except Transient:
                continue
        raise AssertionError

    with ThreadPoolExecutor(count) as pool:
        snapshots = list(pool.map(work, batches))

    assert len(set(snapshots)) == count
    assert published_rows(tables) == {batch.id: batch.rows for batch in batches}


def test_same_batch_published_by_six_processes_arrives_once(
    tables: Tables,
    make_batch: MakeBatch,
    publish_apart: PublishApart,
    published_rows: PublishedRows,
) -> None:
    batch = make_batch()

    codes = publish_apart(*[batch] * 6)

    assert codes == [0] * 6
    assert published_rows(tables) == {batch.id: 3}


@pytest.mark.parametrize(
    "step", ["placed", "looked", "created", "branched", "added", "audited", "compared", "swapped"]
)
def test_batch_of_a_killed_publisher_arrives_once_when_published_again(
    *,
    tables: Tables,
    make_batch: MakeBatch,
    publish: Publish,
    publish_apart: PublishApart,
    published_rows: PublishedRows,
    step: str,
) -> None:
    batch, other = make_batch("killed"), make_batch("other")

    codes = publish_apart(batch, die_at=step)
    publish(tables, other)
    publish(tables, batch)

    assert codes == [-signal.SIGKILL]
    tables.verify("orders", batch.id, rows=3)
    assert published_rows(tables) == {batch.id: 3, other.id: 3}


def test_batch_killed_after_the_swap_is_found_by_whoever_looks(
    tables: Tables, make_batch: MakeBatch, publish: Publish, publish_apart: PublishApart
) -> None:
    batch = make_batch()

    publish_apart(batch, die_at="swapped")

    assert tables.find("orders", batch.id) == publish(tables, batch)
