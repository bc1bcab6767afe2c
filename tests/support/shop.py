"""The demo's shop on a real server and worker: good days published, bad days held."""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from penstock.demo import Stage
from penstock.embedded import EmbeddedPrefect
from penstock.flows import build_deployments
from penstock.model import BatchRecord, Request
from penstock.orchestration import DRAIN_DEPLOYMENT, deploy, start_run, wait_for_run
from penstock.tools import Tools

GOOD_DAYS, BAD_DAYS = 3, 3
PATIENCE_S = 120.0
"""Longer than any run takes on a busy machine."""

Row = tuple[str | None, ...]


@dataclass(frozen=True, kw_only=True)
class Shop:
    """The demo's folder after its good days were published and its bad days held."""

    stage: Stage
    prefect: EmbeddedPrefect
    tools: Tools
    held: Mapping[str, Request]
    """The open request about each bad day, by the name of its file."""
    undecided: list[str]
    """Bad days that no test has taken yet."""

    def api(self) -> AbstractContextManager[object]:
        """Let Prefect's client in this process talk to the shop's server."""
        return _talk_to(self.prefect)

    def run_page(self, request: Request, *, ui: str = "") -> str:
        """Return the address of a held run's page, in the first UI or in `/v2`."""
        return f"{self.prefect.ui_url}{ui}/runs/flow-run/{request.flow_run}"

    def state(self, request: Request) -> str:
        """Return the name of a run's state."""
        with self.api():
            return str(wait_for_run(str(request.flow_run), timeout_s=PATIENCE_S).name)

    def await_end(self, request: Request) -> BatchRecord:
        """Return the batch as soon as its resumed run has ended."""
        assert self.state(request) == "Completed"
        return self.tools.ledger.batch(request.batch)

    def landed(self, day: str) -> list[Row]:
        """Return the records of a landed file as they stand there, header not included."""
        text = gzip.decompress((self.stage.landing / day).read_bytes()).decode()
        return [
            tuple(cell or None for cell in record)
            for record in list(csv.reader(io.StringIO(text)))[1:]
        ]

    def published(self, day: str) -> Counter[Row]:
        """Return the published rows that came from a landed file, cell by cell as text."""
        found = self.tools.tables.query(
            "SELECT * EXCLUDE (_penstock_batch, _penstock_record) FROM retail"
        )
        return Counter(
            as_text(list(row.values()))
            for row in found.to_pylist()
            if row.pop("_penstock_file").endswith(f"/{day}")
        )


def as_text(cells: Sequence[object]) -> Row:
    """Write cells so that a landed row and a published one can be compared."""
    *before, price, customer, country = cells
    exact = None if price is None else f"{Decimal(str(price)):.3f}"
    texts = (None if cell is None else str(cell) for cell in (*before, exact, customer, country))
    return tuple(texts)


def _talk_to(prefect: EmbeddedPrefect) -> AbstractContextManager[object]:
    return temporary_settings({PREFECT_API_URL: prefect.api_url})


@contextmanager
def open_shop(folder: Path) -> Iterator[Shop]:
    """Publish a few real days, damage as many, and wait until a run is suspended for each."""
    stage = Stage(folder)
    stage.set_up()
    good, bad = stage.days[:GOOD_DAYS], stage.days[-BAD_DAYS:]
    for day in good:
        stage.land(day)
    for day in bad:
        stage.land_damaged(day)
    environment = stage.settings.environment()
    prefect = EmbeddedPrefect(stage.folder / "prefect", environment=environment)
    tools = Tools(settings=stage.settings)
    with prefect:
        with _talk_to(prefect):
            _deploy(environment)
            prefect.start_worker("penstock")
            _drain()
            held = _await_held(tools, bad)
        yield Shop(stage=stage, prefect=prefect, tools=tools, held=held, undecided=list(held))


def _deploy(environment: Mapping[str, str]) -> None:
    deploy(build_deployments(drain_every=None, environment=environment))


def _drain() -> None:
    run = start_run(DRAIN_DEPLOYMENT, {"workflow": "retail"})
    state = wait_for_run(run, timeout_s=PATIENCE_S)
    assert state.is_completed(), state


def _await_held(tools: Tools, days: list[str]) -> dict[str, Request]:
    for request in tools.ledger.requests(dataset="retail"):
        state = wait_for_run(str(request.flow_run), timeout_s=PATIENCE_S)
        assert state.name == "Suspended", state
    requests = tools.ledger.requests(dataset="retail")
    assert len(requests) == len(days)
    batches = {record.batch: record for record in tools.ledger.batches("retail")}
    return dict(zip(days, sorted(requests, key=lambda r: batches[r.batch].sequence), strict=True))
