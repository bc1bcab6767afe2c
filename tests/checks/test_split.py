from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest

from penstock.checks import ScanInput, SplitFiles, read_examples, read_samples, scan, split
from penstock.contracts import Contract, RuleKind
from penstock.errors import NotConserved
from penstock.model import Example, Severity

if TYPE_CHECKING:
    from tests.checks.conftest import Shop

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TYPES = {"id": "BIGINT", "name": "VARCHAR", "price": "DOUBLE"}


def shop_contract(shop: Shop, **options: Any) -> Contract:
    return shop.contract(
        TYPES,
        *(
            shop.rule(f"{name}.type", RuleKind.TYPE, name, type=type_)
            for name, type_ in TYPES.items()
        ),
        shop.rule("id.required", RuleKind.REQUIRED, "id", severity=Severity.HIGH),
        shop.rule("id.unique", RuleKind.UNIQUE, "id"),
        shop.rule("price.range", RuleKind.RANGE, "price", minimum=0, maximum=100),
        shop.rule("name.length", RuleKind.LENGTH, "name", severity=Severity.LOW, maximum=3),
        **options,
    )


def run(data: ScanInput, contract: Contract, out: Path) -> SplitFiles:
    rules, _ = scan(data, contract, now=NOW)
    return split(data, contract, rules, out=out)


def reasons_of(path: Path) -> dict[int, list[str]]:
    rows = pq.read_table(path).to_pylist()
    return {row["_penstock_record"]: [r["rule"] for r in row["_penstock_reasons"]] for row in rows}


def test_nothing_is_written_where_nothing_failed(shop: Shop, tmp_path: Path) -> None:
    data = ScanInput(typed=shop.table(TYPES, [{"id": 1, "name": "long name", "price": 1.0}]))

    halves = run(data, shop_contract(shop), tmp_path / "out")

    assert halves == SplitFiles(clean=None, failed=None, rows_clean=1, rows_failed=0)
    assert list((tmp_path / "out").iterdir()) == []


def test_failed_rows_carry_all_their_reasons(shop: Shop, tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"id": 1, "name": "ann", "price": 1.0},
        {"id": 2, "name": "robert", "price": -1.0},
        {"id": 3, "name": "charles", "price": 5.0},
        {"id": None, "name": "d", "price": 101.0},
        {"id": 7, "name": "e", "price": None},
        {"id": 7, "name": "f", "price": 200.0},
    ]
    data = ScanInput(typed=shop.table(TYPES, rows))

    halves = run(data, shop_contract(shop), tmp_path)

    assert (halves.rows_clean, halves.rows_failed) == (2, 4)
    assert halves.failed is not None
    assert reasons_of(halves.failed) == {
        2: ["price.range", "name.length"],
        4: ["id.required", "price.range"],
        5: ["id.unique"],
        6: ["id.unique", "price.range"],
    }
    assert pq.read_table(halves.failed).to_pylist()[0]["_penstock_reasons"] == [
        {
            "rule": "price.range",
            "column": "price",
            "value": "-1.0",
            "severity": "medium",
            "reason": "below 0",
        },
        {
            "rule": "name.length",
            "column": "name",
            "value": "robert",
            "severity": "low",
            "reason": "longer than 3 characters",
        },
    ]
    assert halves.clean is not None
    assert pq.read_table(halves.clean).column("id").to_pylist() == [1, 3]
    assert pq.read_schema(halves.clean).names == pq.read_schema(data.typed).names


def test_rows_are_ordered_by_file_and_record(shop: Shop, tmp_path: Path) -> None:
    places = [("b", 2), ("a", 10), ("b", 1), ("a", 9)]
    rows: list[dict[str, Any]] = [
        {"id": 10 * sign + n, "price": price, "_penstock_file": start + file, "_penstock_record": r}
        for sign, start, price in ((1, "", -1.0), (2, "c", 1.0))
        for n, (file, r) in enumerate(places)
    ]
    data = ScanInput(typed=shop.table(TYPES, rows))

    halves = run(data, shop_contract(shop), tmp_path)

    for path, prefix in ((halves.failed, ""), (halves.clean, "c")):
        assert path is not None
        found = pq.read_table(path).select(["_penstock_file", "_penstock_record"]).to_pylist()
        assert [tuple(row.values()) for row in found] == [
            (f"{prefix}a", 9), (f"{prefix}a", 10), (f"{prefix}b", 1), (f"{prefix}b", 2)
        ]  # fmt: skip


def test_the_same_batch_gives_the_same_bytes(shop: Shop, tmp_path: Path) -> None:
    rows = [{"id": n % 9000, "name": f"n{n}", "price": float(n % 120)} for n in range(10_000)]
    data = ScanInput(typed=shop.table(TYPES, rows))
    contract = shop_contract(shop)

    digests = set()
    for attempt in range(3):
        halves = run(data, contract, tmp_path / f"{attempt}")
        assert halves.clean is not None
        assert halves.failed is not None
        both = halves.clean.read_bytes() + halves.failed.read_bytes()
        digests.add(hashlib.sha256(both).hexdigest())

    assert len(digests) == 1


def miscast_data(shop: Shop) -> ScanInput:
    typed = shop.table(TYPES, [{"id": 1, "name": "a", "price": 1.0}, {"id": 2, "price": 2.0}])
    miscast = shop.table(
        TYPES,
        [{"id": None, "name": "long", "price": -5.0}, {"id": 2, "name": "x", "price": None}],
        first_record=3,
        casts=[
            [{"column": "id", "value": "one", "reason": "no whole number"}],
            [{"column": "price", "value": "cheap", "reason": "no number"}],
        ],
    )
    return ScanInput(typed=typed, miscast=miscast)


def test_miscast_rows_fail_with_their_casts_and_all_else(shop: Shop, tmp_path: Path) -> None:
    halves = run(miscast_data(shop), shop_contract(shop), tmp_path)

    assert halves.clean is None
    assert (halves.rows_clean, halves.rows_failed) == (2, 0)
    assert halves.failed is not None
    assert reasons_of(halves.failed) == {
        3: ["id.type", "price.range", "name.length"],
        4: ["price.type", "id.unique"],
    }
    first = pq.read_table(halves.failed).to_pylist()[0]["_penstock_reasons"][0]
    assert first == {
        "rule": "id.type",
        "column": "id",
        "value": "one",
        "severity": "medium",
        "reason": "no whole number",
    }
    assert "_penstock_casts" not in pq.read_schema(halves.failed).names


def test_typed_and_miscast_rows_fail_together(shop: Shop, tmp_path: Path) -> None:
    data = miscast_data(shop)
    typed = shop.table(TYPES, [{"id": 1, "price": -1.0}, {"id": 2, "price": 2.0}])

    halves = run(ScanInput(typed=typed, miscast=data.miscast), shop_contract(shop), tmp_path)

    assert halves.failed is not None
    assert (halves.rows_clean, halves.rows_failed) == (1, 1)
    assert list(reasons_of(halves.failed)) == [1, 3, 4]


def test_an_empty_miscast_table_is_none(shop: Shop, tmp_path: Path) -> None:
    typed = shop.table(TYPES, [{"id": 1}])
    data = ScanInput(typed=typed, miscast=shop.table(TYPES, [], casts=[]))

    assert run(data, shop_contract(shop), tmp_path).failed is None


def test_references_split_rows_and_miscast_rows(shop: Shop, tmp_path: Path) -> None:
    rule = shop.rule("name.known", RuleKind.REFERENCE, "name", table="people", column="n")
    contract = shop.contract(TYPES, rule)
    data = ScanInput(
        typed=shop.table(TYPES, [{"name": "ann"}, {"name": "bob"}, {"name": None}]),
        miscast=shop.table(
            TYPES,
            [{"name": "eve"}],
            first_record=4,
            casts=[[{"column": "id", "value": "x", "reason": "no"}]],
        ),
        references={"other": shop.table({"n": "BIGINT"}, []),
                    "people": shop.table({"n": "VARCHAR"}, [{"n": "ann"}])},
    )  # fmt: skip

    halves = run(data, contract, tmp_path)

    assert halves.failed is not None
    assert reasons_of(halves.failed) == {2: ["name.known"], 4: ["id.type", "name.known"]}


def test_a_row_without_a_place_of_its_own_is_not_lost_silently(shop: Shop, tmp_path: Path) -> None:
    same = {"_penstock_record": 1}
    data = ScanInput(typed=shop.table(TYPES, [{"id": 1, "price": -1.0, **same}, {"id": 2, **same}]))

    with pytest.raises(NotConserved, match="0 are clean and 1 failed"):
        run(data, shop_contract(shop), tmp_path / "out")

    assert list((tmp_path / "out").iterdir()) == []


def test_samples_are_text_and_mask_what_is_sensitive(shop: Shop, tmp_path: Path) -> None:
    contract = shop_contract(shop, sensitive=["id"])
    halves = run(miscast_data(shop), contract, tmp_path)
    assert halves.failed is not None

    samples = read_samples(halves.failed, limit=1, contract=contract)
    both = read_samples(halves.failed, limit=9, contract=contract)

    assert len(samples) == 1
    assert samples[0].cells == {"id": None, "name": "long", "price": "-5.0"}
    assert samples[0].reasons == (
        "id: cannot be read: •••",
        "price: below 0",
        "name: longer than 3 characters",
    )
    assert both[1].cells["id"] == "•••"
    assert both[1].reasons[0] == "price: cannot be read: 'cheap' (no number)"


def test_examples_are_the_first_places_of_each_rule(shop: Shop, tmp_path: Path) -> None:
    rows = [{"id": n, "price": -float(n)} for n in range(1, 9)]
    contract = shop_contract(shop)
    halves = run(ScanInput(typed=shop.table(TYPES, rows)), contract, tmp_path)
    assert halves.failed is not None

    plain = read_examples(halves.failed, per_rule=2, contract=contract)
    masked = read_examples(
        halves.failed, per_rule=1, contract=shop_contract(shop, sensitive=["price"])
    )

    file = "file:///landing/a.csv"
    assert plain == {
        "price.range": (
            Example(file=file, record=1, value="-1.0"),
            Example(file=file, record=2, value="-2.0"),
        )
    }
    assert masked["price.range"][0].value == "•••"
