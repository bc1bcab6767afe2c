"""The configs that come along can be used as they are."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from penstock.agents import SPECS
from penstock.contracts import load_contract
from penstock.validation import check_files
from penstock.workflows import draw_text, open_config

DEPLOYMENTS = Path(__file__).parents[2] / "deployments"
RETAIL_DAYS = Path(__file__).parents[3] / "shared/data/retail_daily"
NOW = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    "folder", [path.parent for path in DEPLOYMENTS.glob("*/workflows")], ids=lambda path: path.name
)
def test_sample_config_loads(folder: Path) -> None:
    loaded, errors = open_config(str(folder), agents=SPECS).load_all()

    assert errors == {}
    assert loaded


def test_retail_runs_the_whole_pipeline() -> None:
    workflow = open_config(str(DEPLOYMENTS / "retail"), agents=SPECS).load("retail").workflow

    assert draw_text(workflow).endswith(
        "ingest -> scan -> (validate, detect) -> tag -> report -> gate -> prepare -> publish"
        " -> notify\n"
    )
    assert workflow.landing.uri == (DEPLOYMENTS / "retail/landing/retail").as_uri()


@pytest.mark.skipif(not RETAIL_DAYS.is_dir(), reason="the retail days are not here")
@pytest.mark.parametrize("day", ["2010-12-06", "2011-02-06", "2011-04-18", "2011-06-30"])
def test_real_retail_day_keeps_its_contract(day: str) -> None:
    contract = load_contract(DEPLOYMENTS / "retail/contracts/retail.yaml")

    check = check_files([RETAIL_DAYS / f"{day}.csv.gz"], contract, now=NOW)

    assert check.passed
    assert check.findings == ()
