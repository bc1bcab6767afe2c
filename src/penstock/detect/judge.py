"""The judgement of a batch: exact checks first, then its statistics against the past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.detect.context import Judgement
from penstock.detect.exact import check_content
from penstock.detect.expectation import Expectation, expect
from penstock.detect.series import read_series
from penstock.detect.threshold import set_threshold
from penstock.detect.wording import Comparison, describe
from penstock.model import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.detect.context import Context
    from penstock.model import HistoryEntry, Profile

__all__ = ["judge"]

WARN_FROM = 4
HOLD_FROM = 20
"""Accepted batches from which a batch is compared at all, and from which it may be held."""

REMEMBERED = 120
"""Accepted batches that are compared with: the newest ones."""


def judge(profile: Profile, history: Sequence[HistoryEntry], context: Context) -> Judgement:
    """Judge a batch against the accepted batches before it, oldest first.

    The same arguments give the same judgement. Profiles of another engine are left out: their
    numbers are not comparable.
    """
    findings = check_content(profile, history, context)
    comparable = [entry for entry in history if entry.profile.engine == profile.engine]
    comparable = comparable[-REMEMBERED:]
    if len(comparable) < WARN_FROM:
        return Judgement(
            state="learning",
            score=2.0 if findings else 0.0,
            alarm=bool(findings),
            findings=findings,
            threshold=None,
            history=len(comparable),
        )
    expectations = _expectations(profile, comparable, context)
    threshold = set_threshold(expectations, history=len(comparable))
    score = max((e.strain / threshold for e in expectations), default=0.0)
    may_hold = len(comparable) >= HOLD_FROM
    comparison = Comparison(
        batch=profile,
        history=comparable,
        context=context,
        threshold=threshold,
        worst=Severity.CRITICAL if may_hold else Severity.MEDIUM,
    )
    noticed = describe([e for e in expectations if e.strain > threshold], comparison)
    return Judgement(
        state="judged" if may_hold else "warning",
        score=round(max(score, 2.0 if findings else 0.0), 6),
        alarm=bool(findings or noticed),
        findings=(*findings, *noticed),
        threshold=round(threshold, 6),
        history=len(comparable),
    )


def _expectations(
    profile: Profile, history: Sequence[HistoryEntry], context: Context
) -> list[Expectation]:
    weekdays = [entry.at.weekday() for entry in history] + [context.claimed_at.weekday()]
    found = (
        expect(series, weekdays)
        for series in read_series([entry.profile for entry in history], profile)
    )
    return [expectation for expectation in found if expectation is not None]
