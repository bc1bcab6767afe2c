"""The `penstock` command in this process, and installations for it to talk about."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from penstock.cli import main
from penstock.model import BatchRecord, Choice
from workbench import CONTRACT, Workbench, bad, good


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out, parse_constant=_refuse)

    @property
    def error(self) -> str:
        """The one line of an error, with nothing on stdout."""
        assert self.code == 2, self
        assert self.out == ""
        assert "Traceback" not in self.err
        (line,) = [line for line in self.err.splitlines() if not line.endswith(" ...")]
        return line.removeprefix("penstock: ")


def _refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


Command = Callable[..., Answer]


@pytest.fixture
def penstock(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command as its console script does."""

    def run(*arguments: object) -> Answer:
        monkeypatch.setattr(sys, "argv", ["penstock", *map(str, arguments)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert isinstance(ended.value.code, int | None)
        return Answer(code=ended.value.code or 0, out=out, err=err)

    return run


@pytest.fixture(autouse=True)
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep commands from this machine's own installation; return the home they find."""
    for name in ("CONFIG", "STORE", "LEDGER", "CATALOG", "WAREHOUSE"):
        monkeypatch.delenv(f"PENSTOCK_{name}", raising=False)
    monkeypatch.setenv("PENSTOCK_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "80")
    return tmp_path / "home"


@pytest.fixture
def contract(tmp_path: Path) -> Path:
    path = tmp_path / "orders.yaml"
    path.write_text(CONTRACT)
    return path


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    return write(tmp_path / "clean.csv", good())


@pytest.fixture
def failing(tmp_path: Path) -> Path:
    """Twenty rows, of which eight break the range of `pieces`."""
    return write(tmp_path / "failing.csv", bad())


@pytest.fixture
def configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """An installation that nothing has run in; it needs no Prefect server."""
    bench = Workbench(home=tmp_path / "home", root=str(tmp_path))
    use(bench, monkeypatch)
    bench.configure()
    return bench


@pytest.fixture
def bench(prefect_server: None, configured: Workbench) -> Workbench:  # noqa: ARG001 - must be up
    """An installation in which flows run."""
    return configured


@pytest.fixture(scope="session")
def worked(
    prefect_server: None,  # noqa: ARG001 - must be up first
    tmp_path_factory: pytest.TempPathFactory,
) -> Workbench:
    """An installation with a batch published, one held, one rejected, and one dead."""
    from penstock.errors import PenstockError  # noqa: PLC0415 - with what follows
    from penstock.flows import drain  # noqa: PLC0415 - Prefect must know its server first
    from penstock.landing import ClaimLog  # noqa: PLC0415 - as above
    from penstock.stores import open_store  # noqa: PLC0415 - as above

    root = tmp_path_factory.mktemp("worked")
    bench = Workbench(home=root / "home", root=str(root))
    bench.configure()
    with pytest.MonkeyPatch.context() as patch:
        use(bench, patch)
        bench.land("a-rejected.csv", bad(100))
        drain("orders")
        bench.decide(Choice.REJECT, note="wrong \x1b[31munit")
        bench.land("b-published.csv", good())
        bench.land("c-held.csv", bad(200))
        drain("orders")
        bench.land("d-dead.csv", good(300))
        claims = ClaimLog(bench.tools.store, "orders")
        claims.claim_new(open_store(bench.landing_uri), pattern="*", requested_by="watcher")
        (root / "landing" / "d-dead.csv").unlink()
        with pytest.raises(PenstockError):
            drain("orders")
    assert bench.states() == ["rejected", "published", "held", "dead"]
    return bench


@pytest.fixture
def installed(worked: Workbench, monkeypatch: pytest.MonkeyPatch) -> Workbench:
    """The installation that commands only look at."""
    use(worked, monkeypatch)
    return worked


def use(bench: Workbench, patch: pytest.MonkeyPatch) -> None:
    for name, value in bench.settings.environment().items():
        patch.setenv(name, value)


def write(path: Path, rows: Any) -> Path:
    lines = ["id,item,pieces", *(",".join(map(str, row)) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def batch_of(bench: Workbench, state: str) -> BatchRecord:
    (record,) = [record for record in bench.batches() if record.state.value == state]
    return record
