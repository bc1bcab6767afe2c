"""A batch's profile judged against the dataset's accepted history."""

from penstock.detect.context import Context, Judgement
from penstock.detect.judge import judge
from penstock.detect.threshold import FALSE_ALARMS

__all__ = ["FALSE_ALARMS", "Context", "Judgement", "judge"]
