"""Python loads this by itself where its folder is on PYTHONPATH: steps that die when told to.

In a process whose environment names a folder in PENSTOCK_TEST_SEAM, each step looks there for a
file before and after its work: `kill-publish-after` holding "self" or "group" kills the process,
or its whole process group, and `fail-publish-before` raises. A file works once. What was called
is written into the file `calls`. Elsewhere nothing happens.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Sequence
from functools import wraps
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

WATCHED = "penstock.flows.run"


class _Watch(MetaPathFinder):
    """Wrap the steps as soon as the module that runs them was imported."""

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != WATCHED:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is None or spec.loader is None:
            return None
        loader: Any = spec.loader
        load = loader.exec_module

        def load_and_wrap(module: ModuleType) -> None:
            load(module)
            _wrap_steps(module)

        loader.exec_module = load_and_wrap
        return spec


def _wrap_steps(run: Any) -> None:
    from penstock.notify import WebhookTarget  # noqa: PLC0415 - only once penstock is wanted
    from penstock.tables import Tables  # noqa: PLC0415 - as above

    for name, agent in run.AGENTS.items():
        object.__setattr__(agent, "decide", _at(name, agent.decide))
    run.pass_gate = _at("gate", run.pass_gate)
    # Within a step: what was done is not recorded yet.
    Tables.publish = _at("table", Tables.publish)  # type: ignore[method-assign]  # that is the seam
    WebhookTarget.send = _at("webhook", WebhookTarget.send)  # type: ignore[method-assign]  # as above


def _at(name: str, act: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(act)
    def call(*args: Any, **kwargs: Any) -> Any:
        _look(name, "before")
        made = act(*args, **kwargs)
        _look(name, "after")
        return made

    return call


def _look(name: str, when: str) -> None:
    place = os.environ.get("PENSTOCK_TEST_SEAM")
    if place is None:
        return
    folder = Path(place)
    if when == "before":
        with (folder / "calls").open("a") as calls:
            calls.write(f"{name}\n")
    kill, fail = folder / f"kill-{name}-{when}", folder / f"fail-{name}-{when}"
    if kill.exists():
        is_group = kill.read_text() == "group"
        kill.unlink()
        os.kill(0 if is_group else os.getpid(), signal.SIGKILL)
    if fail.exists():
        fail.unlink()
        raise RuntimeError(f"told to fail {when} {name}")


sys.meta_path.insert(0, _Watch())
