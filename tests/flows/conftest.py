"""Installations whose flows run on the session's Prefect server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from workbench import Workbench


@pytest.fixture
def use(monkeypatch: pytest.MonkeyPatch) -> Callable[[Workbench], None]:
    """Let flows of this process find an installation."""

    def use(bench: Workbench) -> None:
        for name, value in bench.settings.environment().items():
            monkeypatch.setenv(name, value)

    return use


@pytest.fixture
def bench(
    prefect_server: None,  # noqa: ARG001 - must be up first
    tmp_path: Path,
    use: Callable[[Workbench], None],
) -> Workbench:
    bench = Workbench(home=tmp_path / "home", root=str(tmp_path))
    use(bench)
    bench.configure()
    return bench
