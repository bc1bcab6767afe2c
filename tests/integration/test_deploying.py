"""`prefect deploy --all` on a fresh server: the scheduler makes runs, and a worker does them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from penstock.embedded import EmbeddedPrefect
from penstock.orchestration import WORK_POOL
from plant import Api, environment, wait_until
from workbench import Workbench, good

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    bench = Workbench(home=tmp_path / "home", root=str(tmp_path))
    bench.configure()
    return bench


@pytest.fixture
def prefect(bench: Workbench, tmp_path: Path) -> Iterator[EmbeddedPrefect]:
    variables = environment() | bench.settings.environment()
    with EmbeddedPrefect(tmp_path / "prefect", environment=variables) as prefect:
        yield prefect


@pytest.fixture
def api(prefect: EmbeddedPrefect) -> Iterator[Api]:
    api = Api(prefect.api_url)
    yield api
    api.close()


def _prefect(prefect: EmbeddedPrefect, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "prefect", *arguments],
        cwd=REPOSITORY,
        env=os.environ | prefect.environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_scheduled_run_of_what_was_deployed_publishes_a_landed_batch(
    bench: Workbench, prefect: EmbeddedPrefect, api: Api
) -> None:
    bench.land("a.csv", good())
    _prefect(prefect, "work-pool", "create", WORK_POOL, "--type", "process")

    _prefect(prefect, "--no-prompt", "deploy", "--all")

    deployments = {one["name"]: one for one in api.post("/deployments/filter")}
    assert {name: one["entrypoint"] for name, one in deployments.items()} == {
        "drain": "penstock.flows.drain.drain",
        "process-batch": "penstock.flows.process_batch.process_batch",
    }
    assert [one["pull_steps"] for one in deployments.values()] == [[], []]
    assert str(REPOSITORY) not in {one["path"] for one in deployments.values()}

    def scheduled() -> list[str]:
        runs = api.post("/flow_runs/filter", {"sort": "EXPECTED_START_TIME_ASC"})
        return [run["id"] for run in runs if run["auto_scheduled"]]

    wait_until(scheduled)
    first = scheduled()[0]
    prefect.start_worker(WORK_POOL)
    api.put_into(first, "SCHEDULED", by_force=True)  # now, as *Run now* in the UI does
    wait_until(lambda: api.state(first) not in {"Scheduled", "Pending", "Submitting", "Running"})

    assert bench.published() == list(good())
    assert bench.states() == ["published"]
