from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.detect import Judgement, judge
from penstock.model import Finding, Severity

from .conftest import Day, as_history, context, days


def judged(bad: Day, **more: object) -> Judgement:
    return judge(bad.profile(), as_history(days(60)), context(60, **more))


def only(judgement: Judgement) -> Finding:
    assert len(judgement.findings) == 1
    return judgement.findings[0]


def test_a_message_says_what_is_and_what_was() -> None:
    finding = only(judged(Day(negative=0.41)))

    assert finding.message == "`quantity`: 41 % negative; the last 60 batches had 1 to 3 %."
    assert finding.rows_share == pytest.approx(0.39, abs=0.01)
    assert finding.rows == round((finding.rows_share or 0) * 2000)


def test_a_scale_error_is_one_critical_finding_told_by_the_median() -> None:
    finding = only(judged(Day(mean=1200)))

    assert finding.severity is Severity.CRITICAL
    assert finding.kind == "q50"
    assert finding.message.startswith("`quantity`: median 1080; the last 60 batches had ")
    assert "Also unusual: " in finding.message


def test_a_truncated_batch_is_one_finding_about_the_rows() -> None:
    finding = only(judged(Day(rows=400)))

    assert (finding.id, finding.kind, finding.column) == (
        "detect:row_count",
        "row_count",
        None,
    )
    assert finding.severity is Severity.CRITICAL
    assert finding.message.startswith("The batch has 400 rows; the last 60 batches had 1,8")


def test_each_column_has_at_most_one_finding() -> None:
    judgement = judged(Day(missing=0.5, negative=0.6, mean=900, countries={"XX": 1.0}))

    assert [f.column for f in judgement.findings] == ["country", "quantity"]
    assert {f.id for f in judgement.findings} == {"detect:country", "detect:quantity"}


def test_unseen_values_are_named() -> None:
    finding = only(judged(Day(countries={"GB": 0.8, "FR": 0.1, "gb": 0.07, "Fr": 0.03})))

    assert finding.kind == "unseen"
    assert "10 % values never seen before" in finding.message
    assert "New: `gb` (140 rows), `Fr` (60 rows)." in finding.message


def test_values_that_trade_places_are_noticed() -> None:
    finding = only(judged(Day(countries={"GB": 0.1, "FR": 0.9})))

    assert finding.kind == "mix"
    assert "80 % moved to other values" in finding.message


def test_series_and_band_are_there_to_be_plotted() -> None:
    finding = only(judged(Day(negative=0.41)))

    assert len(finding.series) == 61
    assert finding.series[-1] == pytest.approx(0.41)
    assert finding.band is not None
    low, high = finding.band
    assert low is not None
    assert high is not None
    assert 0 <= low < 0.01
    assert max(v for v in finding.series[:-1] if v is not None) <= high < 0.41
    assert finding.expected == "0.08 to 3.5 %"
    assert finding.observed == "41 %"
    assert finding.method == "level of 60 accepted batches"


def test_the_worst_finding_comes_first() -> None:
    history = as_history(days(60))
    bad = replace(Day(), negative=0.95, countries={"GB": 0.88, "FR": 0.1, "gb": 0.02})

    judgement = judge(bad.profile(), history, context(60))

    ranks = [finding.severity.rank for finding in judgement.findings]
    assert ranks == sorted(ranks, reverse=True)
    assert judgement.findings[0].column == "quantity"
