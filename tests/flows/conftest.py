"""Flows on one ephemeral Prefect server for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings
from prefect.testing.utilities import prefect_test_harness

from workbench import Workbench


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[None]:
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}),
    ):
        yield


@pytest.fixture
def bench(
    prefect_server: None,  # noqa: ARG001 - must be up first
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Workbench:
    bench = Workbench(home=tmp_path / "home", root=str(tmp_path))
    for name, value in bench.settings.environment().items():
        monkeypatch.setenv(name, value)
    bench.configure()
    return bench
