"""Claims hold between processes, also when one of them is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from penstock.landing import ClaimLog
from penstock.stores import ObjectStore, open_store

DRAIN = """
import json, sys
from penstock.landing import ClaimLog
from penstock.stores import open_store
landing, state = map(open_store, sys.argv[1:])
log = ClaimLog(state, "orders")
log.sequences()
print("ready", flush=True)
sys.stdin.readline()
claimed = []
while claim := log.claim_new(landing, pattern="*.csv", requested_by="race", max_files=2):
    claimed += [file.uri for file in claim.files]
print(json.dumps(claimed))
"""

DIE = """
import os, signal, sys
from penstock.landing import ClaimLog
from penstock.stores import open_store
landing, state = map(open_store, sys.argv[1:])
ClaimLog(state, "orders").claim_new(landing, pattern="*.csv", requested_by="dies")
os.kill(os.getpid(), signal.SIGKILL)
"""


def start(script: str, landing: ObjectStore, state: ObjectStore) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, landing.root, state.root],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def race(landing: ObjectStore, state: ObjectStore) -> None:
    keys = [f"{number:02}.csv" for number in range(16)]
    for key in keys:
        landing.put(key, b"")
    processes = [start(DRAIN, landing, state) for _ in range(4)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"

    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    claimed = [uri for process in processes for uri in json.loads(process.communicate()[0])]

    assert sorted(uri.rpartition("/")[2] for uri in claimed) == keys


def test_processes_never_claim_a_file_twice(tmp_path: Path) -> None:
    race(open_store(tmp_path / "landing"), open_store(tmp_path / "state"))


@pytest.mark.integration
def test_processes_never_claim_an_object_twice(s3_env: Any) -> None:
    root = f"s3://{s3_env.bucket}/processes-{os.getpid()}"

    race(open_store(f"{root}/landing"), open_store(f"{root}/state"))


def test_the_claim_of_a_killed_process_is_taken_up(tmp_path: Path) -> None:
    landing, state = open_store(tmp_path / "landing"), open_store(tmp_path / "state")
    landing.put("a.csv", b"")
    with start(DIE, landing, state) as process:
        assert process.wait() == -signal.SIGKILL

    log = ClaimLog(state, "orders")

    assert log.claim_new(landing, pattern="*.csv", requested_by="me") is None
    assert log.sequences() == [1]
    lease = log.acquire(1, owner="me")
    assert lease
    assert lease.attempt == 1
