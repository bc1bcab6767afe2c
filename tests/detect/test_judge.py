from __future__ import annotations

from dataclasses import replace

import pytest

from penstock.detect import FALSE_ALARMS, judge
from penstock.model import Severity

from .conftest import Day, as_history, context, days, entry


def test_with_less_than_four_accepted_batches_it_is_learning(good_day: Day) -> None:
    wild = replace(good_day, rows=3, mean=10**9)

    judgement = judge(wild.profile(), as_history(days(3)), context(3))

    assert judgement.state == "learning"
    assert not judgement.alarm
    assert judgement.findings == ()


def test_with_no_history_at_all_it_is_learning(good_day: Day) -> None:
    assert judge(good_day.profile(), [], context(0)).state == "learning"


@pytest.mark.parametrize("count", [4, 12, 19])
def test_until_twenty_accepted_batches_a_statistic_can_only_warn(good_day: Day, count: int) -> None:
    bad = replace(good_day, missing=0.9)

    judgement = judge(bad.profile(), as_history(days(count)), context(count))

    assert judgement.state == "warning"
    assert judgement.alarm
    assert {finding.severity for finding in judgement.findings} == {Severity.MEDIUM}


def test_from_twenty_accepted_batches_a_statistic_may_hold(good_day: Day) -> None:
    bad = replace(good_day, missing=0.2)

    judgement = judge(bad.profile(), as_history(days(20)), context(20))

    assert judgement.state == "judged"
    assert [(f.column, f.kind, f.severity) for f in judgement.findings] == [
        ("quantity", "missing", Severity.HIGH)
    ]


def test_a_good_batch_is_no_alarm(good_day: Day) -> None:
    judgement = judge(good_day.profile(), as_history(days(60)), context(60))

    assert not judgement.alarm
    assert judgement.findings == ()
    assert judgement.score < 1


def test_false_alarms_stay_near_the_budget() -> None:
    made = days(260)
    history = as_history(made)

    alarms = [
        judge(made[number].profile(), history[:number], context(number)).alarm
        for number in range(60, 260)
    ]

    assert sum(alarms) / len(alarms) <= 2 * FALSE_ALARMS


def test_the_same_arguments_give_the_same_judgement(good_day: Day) -> None:
    bad = replace(good_day, missing=0.3, negative=0.5, rows=400)
    history = as_history(days(60))

    first, second = (judge(bad.profile(), history, context(60)) for _ in range(2))

    assert first == second
    assert first.model_dump_json() == second.model_dump_json()


def test_a_batch_is_not_compared_with_another_engine(good_day: Day) -> None:
    other = [
        entry(number, day.profile().model_copy(update={"engine": "spark-4"}))
        for number, day in enumerate(days(30))
    ]

    judgement = judge(good_day.profile(), [*other, *as_history(days(5))], context(35))

    assert (judgement.state, judgement.history) == ("warning", 5)


def test_an_empty_batch_is_an_alarm_about_its_rows() -> None:
    judgement = judge(Day(rows=0).profile(), as_history(days(30)), context(30))

    assert [(f.kind, f.severity) for f in judgement.findings] == [("row_count", Severity.CRITICAL)]


def test_a_single_stray_row_of_a_small_batch_is_no_alarm() -> None:
    calm = as_history([Day(rows=50, negative=0.0) for _ in range(40)])

    judgement = judge(Day(rows=50, negative=0.0, missing=1 / 50).profile(), calm, context(40))

    assert not judgement.alarm


def test_one_percent_missing_is_an_alarm_where_nothing_ever_was(good_day: Day) -> None:
    bad = replace(good_day, missing=0.01)

    judgement = judge(bad.profile(), as_history(days(60)), context(60))

    assert [(f.kind, f.severity) for f in judgement.findings] == [("missing", Severity.MEDIUM)]


def test_severity_grows_with_the_share_of_rows(good_day: Day) -> None:
    history = as_history(days(60))

    worst = [
        judge(replace(good_day, missing=share).profile(), history, context(60)).findings[0].severity
        for share in (0.012, 0.2, 0.95)
    ]

    assert worst == [Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL]
