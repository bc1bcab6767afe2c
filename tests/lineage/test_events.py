from __future__ import annotations

from typing import Any

import pytest

from penstock.lineage import Lineage
from penstock.model import Choice
from penstock.stores import MemoryStore

from .conftest import BATCH, TAGS, ManualClock, Samples


def told(samples: Samples, *, choice: Choice | None = None) -> dict[str, Any]:
    lineage = Lineage(MemoryStore("x"), clock=ManualClock(), warehouse="s3://lake/warehouse")
    start(lineage, samples)
    lineage.finish(published=samples.published(choice), evidence=samples.evidence())
    return lineage.events(claim=samples.claim, release=samples.release)[-1]


def start(lineage: Lineage, samples: Samples) -> str:
    return lineage.start(
        ingested=samples.ingested,
        scanned=samples.scanned,
        release=samples.release,
        claim=samples.claim,
        table="retail",
        tags=TAGS,
    )


def test_landed_files_of_a_bucket_are_inputs_by_bucket_and_key(samples: Samples) -> None:
    (given,) = told(samples)["inputs"]

    assert (given["namespace"], given["name"]) == ("s3://shop", "landing/day one.csv")
    assert given["facets"]["version"]["datasetVersion"].startswith("etag-")
    assert given["inputFacets"]["inputStatistics"]["rowCount"] == 10


def test_landed_files_of_a_folder_are_inputs_by_path() -> None:
    (given,) = told(Samples(("file:///data/day%20one.csv",)))["inputs"]

    assert (given["namespace"], given["name"]) == ("file", "/data/day one.csv")


def test_the_output_is_the_tables_place_with_a_link_to_its_name(samples: Samples) -> None:
    (table,) = told(samples)["outputs"]

    assert (table["namespace"], table["name"]) == ("s3://lake", "warehouse/retail")
    (link,) = table["facets"]["symlinks"]["identifiers"]
    assert (link["name"], link["type"]) == ("retail", "TABLE")
    assert table["facets"]["version"]["datasetVersion"] == "4711"
    assert table["outputFacets"]["outputStatistics"]["rowCount"] == 9
    assert [field["name"] for field in table["facets"]["schema"]["fields"]] == [
        "quantity",
        "country",
    ]


def test_rules_and_findings_are_assertions(samples: Samples) -> None:
    facet = told(samples)["inputs"][0]["inputFacets"]["dataQualityAssertions"]

    shown = {
        made["name"]: (made["assertion"], made["success"], made.get("column"), made["severity"])
        for made in facet["assertions"]
    }
    assert shown == {
        "quantity.required": ("not_null", False, "quantity", "error"),
        "key.unique": ("unique", True, None, "warn"),
        "country.reference": ("reference", False, "country", "warn"),
        "detect:quantity": ("negative", False, "quantity", "error"),
    }
    assert facet["assertions"][2]["params"]["outcome"] == "unknown"
    assert facet["assertions"][3]["expected"] == "1 to 3 %"
    assert facet["assertions"][3]["actual"] == "41 %"


def test_results_about_all_files_are_told_once() -> None:
    inputs = told(Samples(("s3://shop/b.csv", "s3://shop/a.csv")))["inputs"]

    assert [given["name"] for given in inputs] == ["a.csv", "b.csv"]
    assert ["dataQualityAssertions" in given["inputFacets"] for given in inputs] == [True, False]
    assertions = inputs[0]["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert assertions[0]["params"]["files"] == 2


def test_the_profile_becomes_metrics(samples: Samples) -> None:
    metrics = told(samples)["inputs"][0]["inputFacets"]["dataQualityMetrics"]

    assert metrics["rowCount"] == 9
    quantity = metrics["columnMetrics"]["quantity"]
    assert (quantity["nullCount"], quantity["count"], quantity["min"]) == (1, 8, -3.0)
    assert quantity["quantiles"]["0.5"] == 2.0
    assert "min" not in metrics["columnMetrics"]["country"]


@pytest.mark.parametrize(
    ("choice", "approval", "approver"),
    [(None, "automatic", "policy"), (Choice.QUARANTINE, "quarantine", "ann@desk-3")],
)
def test_a_published_batch_is_tagged_with_who_let_it_through(
    samples: Samples, choice: Choice | None, approval: str, approver: str
) -> None:
    event = told(samples, choice=choice)

    for facets in (event["run"]["facets"], event["outputs"][0]["facets"]):
        tags = {tag["key"]: tag["value"] for tag in facets["tags"]["tags"]}
        assert tags == {**TAGS, "approval": approval, "approver": approver}
    assert event["run"]["facets"]["penstock_approval"]["decidedBy"] == approver


def test_a_run_says_which_batch_it_is_about(samples: Samples) -> None:
    facet = told(samples)["run"]["facets"]["penstock_batch"]

    assert facet["batch"] == BATCH
    assert facet["evidence"] == samples.evidence().digest
    assert facet["rows"] == {"landed": 10, "published": 9, "quarantined": 1, "rejected": 0}


def test_a_rejected_batch_has_no_output(samples: Samples) -> None:
    event = told(samples, choice=Choice.REJECT)

    assert event["eventType"] == "ABORT"
    assert event["outputs"] == []
    assert event["inputs"] != []


def test_the_end_repeats_the_nominal_time_of_the_start(samples: Samples) -> None:
    facet = told(samples)["run"]["facets"]["nominalTime"]

    assert facet["nominalStartTime"] == "2026-11-20T12:00:00+00:00"


def test_a_failure_says_what_went_wrong_and_keeps_the_inputs(samples: Samples) -> None:
    lineage = Lineage(MemoryStore("x"), clock=ManualClock())
    start(lineage, samples)

    lineage.fail(record=samples.record(), release=samples.release, reason="Bucket is gone.")

    event = lineage.events(claim=samples.claim, release=samples.release)[-1]
    assert event["run"]["facets"]["errorMessage"]["message"] == "Bucket is gone."
    assert [given["name"] for given in event["inputs"]] == ["landing/day one.csv"]
    assert event["outputs"] == []


def test_where_the_code_lies_is_not_guessed(samples: Samples) -> None:
    assert "sourceCodeLocation" not in told(samples)["job"]["facets"]
