from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from penstock.detect import judge
from penstock.detect.expectation import Mode, expect
from penstock.detect.series import Series

from .conftest import START, Day, as_history, context, days

SUNDAY = 6


def series(*values: float | None, floor: float = 0.01, rises_only: bool = False) -> Series:
    return Series(
        column="x",
        statistic="missing",
        unit="share",
        values=values,
        measurements=values,
        floor=floor,
        rises_only=rises_only,
    )


def test_a_level_is_the_median_of_the_past() -> None:
    found = expect(series(0.1, 0.3, 0.2, 0.2, 0.1, 0.3, 0.9), [0] * 7)

    assert found is not None
    assert found.mode is Mode.LEVEL
    assert found.expected == pytest.approx(0.2)


def test_a_steady_climb_is_expected_by_its_steps() -> None:
    climb = [number / 100 for number in range(30)]

    found = expect(series(*climb, 0.30), [0] * 31)

    assert found is not None
    assert found.mode is Mode.DIFFERENCE
    assert found.expected == pytest.approx(0.30)
    assert found.strain < 1


def test_a_week_day_pattern_is_expected_by_the_weekday() -> None:
    weekdays = [(START + timedelta(days=number)).weekday() for number in range(43)]
    values = [0.8 if day == SUNDAY else 0.2 for day in weekdays]

    found = expect(series(*values), weekdays)

    assert found is not None
    assert found.mode is Mode.WEEKDAY


@pytest.mark.parametrize("count", [20, 27])
def test_a_weekday_needs_twenty_eight_batches(count: int) -> None:
    weekdays = [(START + timedelta(days=number)).weekday() for number in range(count + 1)]
    values = [0.8 if day == SUNDAY else 0.2 for day in weekdays]

    found = expect(series(*values), weekdays)

    assert found is not None
    assert found.mode is not Mode.WEEKDAY


def test_batches_without_the_statistic_are_skipped() -> None:
    found = expect(series(0.1, None, 0.1, 0.1, None, 0.1, 0.1, 0.1, 0.5), [0] * 9)

    assert found is not None
    assert found.strain > 10
    assert [strain is None for strain in found.past][:5] == [True, True, True, True, True]


def test_a_level_forgets_what_is_long_ago() -> None:
    long_ago = [0.05, 0.15] * 30
    lately = [0.45, 0.55] * 120

    found = expect(series(*long_ago, *lately, 0.5), [0] * 301)

    assert found is not None
    assert found.mode is Mode.LEVEL
    assert found.expected == pytest.approx(0.5)


def test_two_weeks_of_two_batches_a_day_have_no_weekday_yet() -> None:
    weekdays = [(START + timedelta(hours=12 * number)).weekday() for number in range(28)]
    values = [0.8 if day == SUNDAY else 0.2 for day in weekdays]

    found = expect(series(*values), weekdays)

    assert found is not None
    assert found.mode is not Mode.WEEKDAY


def test_too_few_values_expect_nothing() -> None:
    assert expect(series(0.1, 0.1, 0.1, 0.9), [0] * 4) is None


def test_a_fall_of_what_only_may_not_rise_is_no_strain() -> None:
    found = expect(series(*[0.2, 0.3] * 10, 0.0, rises_only=True), [0] * 21)

    assert found is not None
    assert found.strain == 0


def test_one_wild_day_of_the_past_does_not_blind() -> None:
    calm = [0.1, 0.11, 0.09] * 10
    with_wild_day = [*calm[:15], 0.9, *calm[15:]]

    quiet = expect(series(*calm, 0.6), [0] * 31)
    after = expect(series(*with_wild_day, 0.6), [0] * 32)

    assert quiet is not None
    assert after is not None
    assert after.strain > 1.5
    assert max(s for s in after.past if s is not None) > 5


def test_a_quiet_sunday_is_no_alarm_but_a_quiet_monday_is() -> None:
    def sundays(number: int, day: Day) -> Day:
        return replace(day, rows=day.rows // 8) if number % 7 == SUNDAY else day

    history = as_history(days(62, of=sundays))
    quiet = Day(rows=250).profile()

    sunday = judge(quiet, history, context(62))
    monday = judge(quiet, history, context(63))

    assert not sunday.alarm
    assert [f.kind for f in monday.findings] == ["row_count"]
    assert "weekday" in monday.findings[0].message
    assert monday.findings[0].method is not None
    assert "Mondays" in monday.findings[0].method


def test_a_dataset_that_grows_every_day_is_no_alarm() -> None:
    def growing(number: int, day: Day) -> Day:
        return replace(day, rows=round(2000 * 1.03**number), mean=12 * 1.02**number)

    made = days(90, of=growing)
    history = as_history(made)

    alarms = [
        number
        for number in range(30, 90)
        if judge(made[number].profile(), history[:number], context(number)).alarm
    ]

    assert len(alarms) <= 2
