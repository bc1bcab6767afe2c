"""Publish in processes of their own, which may kill themselves at a given step.

Reads one list of jobs per line, forks a process for each, lets all of them go at the same moment,
and answers with their exit codes. Loading Iceberg once for all of them is what makes it fast.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import penstock.tables.warehouse  # noqa: F401 - loaded before the first fork
from penstock.errors import Transient
from penstock.model import BatchId, Column, FileRef
from penstock.tables import Tables

TRIES = 100


def publish(job: dict[str, Any], gate: int) -> None:
    def die(step: str) -> None:
        if step == job["die_at"]:
            os.kill(os.getpid(), signal.SIGKILL)

    os.read(gate, 1)
    columns = [Column.model_validate(column) for column in job["columns"]]
    with Tables(catalog=job["catalog"], warehouse=job["warehouse"], on_step=die) as tables:
        placed = tables.place(
            job["dataset"], FileRef.model_validate(job["ref"]), Path(job["source"])
        )
        for attempt in range(TRIES):
            try:
                tables.publish(
                    job["dataset"],
                    placed,
                    columns=columns,
                    batch=BatchId(job["batch"]),
                    summary={"release": "r1"},
                )
            except Transient:
                if attempt + 1 == TRIES:
                    raise
            else:
                return


def fork(job: dict[str, Any], gate: int, opener: int) -> int:
    process = os.fork()
    if process:
        return process
    os.close(opener)
    try:
        publish(job, gate)
    except BaseException:  # noqa: BLE001 - a forked process must never run on into the loop
        sys.excepthook(*sys.exc_info())
        os._exit(1)
    os._exit(0)


for line in sys.stdin:
    gate, opener = os.pipe()
    processes = [fork(job, gate, opener) for job in json.loads(line)]
    os.close(gate)
    os.close(opener)
    codes = [os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) for process in processes]
    print(json.dumps(codes), flush=True)  # noqa: T201 - the answer
