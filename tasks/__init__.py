"""One Prefect task per step: retries, cache key, timeout, stored result."""

from penstock.tasks.results import result_shelf
from penstock.tasks.step import StepCall, build_task

__all__ = ["StepCall", "build_task", "result_shelf"]
