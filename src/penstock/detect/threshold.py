"""One threshold for the whole batch, so that false alarms stay within a budget."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.detect.expectation import Expectation

__all__ = ["FALSE_ALARMS", "set_threshold"]

FALSE_ALARMS = 0.02
"""Budget: the share of good batches that may be alarms."""

MARGIN = 1.1
LEAST = 1.5
MOST = 4.0
"""However calm or wild the past was, the threshold stays between these strains."""

YOUNG = 6.0
"""A short past says little about how far a good batch may stray: added as `YOUNG / batches`."""


def set_threshold(expectations: Sequence[Expectation], *, history: int) -> float:
    """Return the strain from which a batch is an alarm.

    Each batch of the past is given the score it would have had: its worst strain, each against
    the bound of the others. The threshold lets only the budgeted share of them be alarms.
    """
    scores = past_scores(expectations, history=history)
    allowed = int(FALSE_ALARMS * len(scores))
    reached = sorted(scores, reverse=True)[allowed] if scores else 0.0
    return min(max(reached * MARGIN, LEAST + YOUNG / history), MOST)


def past_scores(expectations: Sequence[Expectation], *, history: int) -> list[float]:
    """Return the score of each batch of the past that most statistics can speak about."""
    scores = []
    for position in range(history):
        strains = [e.past[position] for e in expectations]
        known = [strain for strain in strains if strain is not None]
        if known and 2 * len(known) >= len(strains):
            scores.append(max(known))
    return scores
