"""A process that has everything imported and forks a child for each job: many runs, cheaply.

Started as a program it reads lines of JSON, `[{"job": ..., "environment": ..., "log": ...,
"arguments": ...}, ...]`. It runs the jobs of a line side by side and answers with how each child
ended, as `subprocess` says it: 0, 1, or -9.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any, Self


class Nursery:
    """The nursery, seen from a test."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as sink:
            self._process = subprocess.Popen(
                [sys.executable, __file__],
                env=os.environ | environment,
                cwd=log.parent,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                text=True,
                start_new_session=True,
            )

    def run(self, *jobs: Mapping[str, object]) -> list[int]:
        """Run jobs side by side and return how each ended."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(jobs) + "\n")
        self._process.stdin.flush()
        ended: list[int] = json.loads(self._process.stdout.readline())
        return ended

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._process as process:
            process.kill()


def _drain(workflow: str) -> None:
    from penstock.flows import drain  # noqa: PLC0415 - needs Prefect's settings

    drain(workflow)


def _deploy(environment: dict[str, str], every_s: float | None) -> None:
    from penstock.flows import build_deployments  # noqa: PLC0415 - as above
    from penstock.orchestration import deploy  # noqa: PLC0415 - as above

    every = None if every_s is None else timedelta(seconds=every_s)
    deploy(build_deployments(drain_every=every, environment=environment))


def _process(workflow: str, sequence: int) -> None:
    from penstock.flows import process_batch  # noqa: PLC0415 - as above

    process_batch(workflow, sequence)


JOBS: dict[str, Callable[..., None]] = {"drain": _drain, "deploy": _deploy, "process": _process}


def _carry_out(job: dict[str, Any]) -> None:
    from prefect.settings import (  # noqa: PLC0415 - as above
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        temporary_settings,
    )

    # Without heartbeats a run ends a second sooner.
    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        JOBS[job["job"]](**job["arguments"])


def _fork(job: dict[str, Any]) -> int:
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        sink = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(sink, 1)
        os.dup2(sink, 2)
        os.environ.update(job["environment"])
        _carry_out(job)
        status = 0
    except BaseException as exc:  # noqa: BLE001 - a child must not go on as its parent
        print(f"{type(exc).__name__}: {exc}", file=sys.stderr)  # noqa: T201 - into its log
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def main() -> None:
    """Serve until the lines end."""
    import penstock.flows  # noqa: F401, PLC0415 - what makes a start slow

    for line in sys.stdin:
        children = [_fork(job) for job in json.loads(line)]
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(ended), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
