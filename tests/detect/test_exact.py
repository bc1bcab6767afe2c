from __future__ import annotations

from penstock.detect import judge
from penstock.model import Severity

from .conftest import Day, as_history, batch_id, context, days

SAME = "a" * 64
NEW = "b" * 64


def test_content_delivered_before_is_a_redelivery_of_severity_high() -> None:
    judgement = judge(Day().profile(), [], context(9, digests=(SAME,), seen={SAME: [batch_id(4)]}))

    assert [(f.id, f.kind, f.severity) for f in judgement.findings] == [
        ("detect:redelivery", "redelivery", Severity.HIGH)
    ]
    assert (judgement.state, judgement.alarm) == ("learning", True)
    assert judgement.score > 1
    assert f"`{batch_id(4)[:12]}`" in judgement.findings[0].message


def test_content_of_the_history_is_a_redelivery_too() -> None:
    history = as_history(days(30))

    judgement = judge(
        history[3].profile, history, context(30, digests=(NEW, history[3].digests[0]))
    )

    assert [f.kind for f in judgement.findings] == ["redelivery"]
    assert judgement.findings[0].observed == "1 of 2 files delivered before"


def test_the_same_file_under_the_same_name_again_is_a_redelivery() -> None:
    judgement = judge(Day().profile(), [], context(9, digests=(SAME,), seen={SAME: [batch_id(9)]}))

    assert [f.kind for f in judgement.findings] == ["redelivery"]


def test_new_content_is_no_redelivery() -> None:
    judgement = judge(Day().profile(), [], context(9, digests=(NEW,), seen={SAME: [batch_id(4)]}))

    assert not judgement.alarm


def test_the_same_content_twice_in_one_batch_is_of_severity_high() -> None:
    judgement = judge(Day().profile(), [], context(1, digests=(SAME, NEW, SAME)))

    assert [(f.kind, f.severity) for f in judgement.findings] == [("repeated_file", Severity.HIGH)]
    assert "3 files landed together, 1 of them" in judgement.findings[0].message


def test_a_batch_without_rows_is_no_redelivery() -> None:
    judgement = judge(
        Day(rows=0).profile(),
        [],
        context(1, digests=(SAME, SAME), seen={SAME: [batch_id(0)]}),
    )

    assert not judgement.alarm


def test_a_redelivery_can_hold_while_statistics_only_warn() -> None:
    history = as_history(days(6))
    bad = Day(missing=0.9).profile()

    judgement = judge(bad, history, context(6, digests=history[2].digests))

    assert [(f.kind, f.severity) for f in judgement.findings] == [
        ("redelivery", Severity.HIGH),
        ("missing", Severity.MEDIUM),
    ]
