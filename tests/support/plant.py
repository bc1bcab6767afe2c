"""A real Prefect server and worker with everything a journey of batches needs around them."""

from __future__ import annotations

import json
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import httpx
from pyiceberg.exceptions import NoSuchTableError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from nursery import Nursery
from penstock.embedded import EmbeddedPrefect
from penstock.orchestration import WORK_POOL
from penstock.stores import join_uri
from penstock.tables.catalog import NAMESPACE, open_catalog
from penstock.tables.presence import ancestors
from workbench import Workbench

SEAM = Path(__file__).parent / "seam"
WEBHOOK = "[{kind: webhook, url_env: ORDERS_HOOK}]"
PATIENCE_S = 90.0
"""Longer than any step takes on a busy machine; a test that waits this long has failed."""


def environment() -> dict[str, str]:
    """Return what every process of a plant gets: quick polls, and the seam where it can be used."""
    return {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(SEAM), os.environ.get("PYTHONPATH")])),
        "PREFECT_WORKER_QUERY_SECONDS": "1",
        "PREFECT_LOGGING_TO_API_ENABLED": "false",
    }


def wait_until(claim: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
    """Come back as soon as something is true; fail when it does not become true."""
    end, pause = monotonic() + patience_s, Event()
    while not claim():
        assert monotonic() < end, f"not true within {patience_s:.0f} s"
        pause.wait(0.2)


class Api:
    """Prefect's API as a browser uses it. A busy server's 503 is asked again."""

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=30)

    def close(self) -> None:
        self._client.close()

    @retry(
        retry=retry_if_exception_type((httpx.TransportError, httpx.HTTPStatusError)),
        wait=wait_fixed(0.3),
        stop=stop_after_delay(30),
        reraise=True,
    )
    def post(self, path: str, body: Mapping[str, object] | None = None) -> Any:
        response = self._client.post(path, json=dict(body or {}))
        if response.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            response.raise_for_status()
        assert response.is_success, response.text
        return response.json()

    def state(self, flow_run: str) -> str:
        """Return the name of a run's state."""
        (run,) = self.post("/flow_runs/filter", {"flow_runs": {"id": {"any_": [flow_run]}}})
        return str(run["state_name"])

    def resume(self, flow_run: str, answer: Mapping[str, object] | None) -> str:
        """Resume a run as the form does; return what the server says: ACCEPT, REJECT, ABORT."""
        body = {} if answer is None else {"run_input": answer}
        said: dict[str, Any] = {}

        def is_answered() -> bool:
            # A run is seen as suspended a moment before its form is there.
            said.update(self.post(f"/flow_runs/{flow_run}/resume", body))
            return "schema not found" not in str(said["details"])

        wait_until(is_answered)
        return str(said["status"])

    def put_into(self, flow_run: str, kind: str, *, by_force: bool) -> None:
        """Put a run into a state; by force, whatever Prefect's rules say."""
        self.post(
            f"/flow_runs/{flow_run}/set_state",
            {"state": {"type": kind, "name": kind.capitalize()}, "force": by_force},
        )

    def cancel_all(self) -> None:
        """Cancel what has not ended, so that no worker takes it up later."""
        ended = ["COMPLETED", "FAILED", "CANCELLED", "CRASHED"]
        for run in self.post(
            "/flow_runs/filter", {"flow_runs": {"state": {"type": {"not_any_": ended}}}}
        ):
            self.put_into(run["id"], "CANCELLED", by_force=True)

    def start(self, deployment: str, parameters: Mapping[str, object]) -> str:
        """Start a run of a deployment, given as `flow/deployment`."""
        found = self._client.get(f"/deployments/name/{deployment}").json()
        run = self.post(
            f"/deployments/{found['id']}/create_flow_run", {"parameters": dict(parameters)}
        )
        return str(run["id"])

    def task_states(self, flow_run: str) -> dict[str, list[str]]:
        """Return, by step, the states that a run's tasks came to, in the order they began."""
        found = self.post(
            "/task_runs/filter",
            {
                "flow_runs": {"id": {"any_": [flow_run]}},
                "sort": "EXPECTED_START_TIME_ASC",
                "limit": 200,
            },
        )
        states: dict[str, list[str]] = {}
        for run in sorted(found, key=lambda one: str(one["start_time"] or one["end_time"])):
            states.setdefault(run["name"].split(" ")[0], []).append(run["state_name"])
        return states


@dataclass
class Post:
    """One message that a webhook was sent."""

    path: str
    key: str
    body: dict[str, Any]


class Receiver:
    """A webhook's other end."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                posts.append(
                    Post(self.path, str(self.headers["Idempotency-Key"]), json.loads(body))
                )
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@dataclass
class Plant:
    """What all journeys of a session share."""

    prefect: EmbeddedPrefect
    nursery: Nursery
    receiver: Receiver
    api: Api
    server: int
    worker: int | None = None
    sites: int = 0

    def restart_server(self) -> None:
        """Kill the server, and start one in the same place."""
        os.killpg(self.server, signal.SIGKILL)
        self.server = self.prefect.start_server()

    def start_worker(self) -> None:
        """Start a worker unless one runs."""
        if self.worker is None:
            self.worker = self.prefect.start_worker(WORK_POOL)

    def kill_worker(self) -> None:
        """Kill the worker and the runs it carries out."""
        if self.worker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.worker, signal.SIGKILL)
        self.worker = None


@dataclass(kw_only=True)
class Site(Workbench):
    """One installation at a plant: own landing, ledger, tables and webhook address."""

    plant: Plant
    name: str = ""
    seam: Path = field(init=False)

    def __post_init__(self) -> None:
        self.plant.sites += 1
        self.name = f"/{self.plant.sites}"
        self.home.mkdir(parents=True)
        self.seam = self.home / "seam"
        self.seam.mkdir()
        (self.seam / "calls").touch()
        self.configure(notify=WEBHOOK)

    @property
    def variables(self) -> dict[str, str]:
        """Environment of every run of this installation."""
        return self.settings.environment() | {
            "ORDERS_HOOK": self.plant.receiver.url(self.name),
            "PENSTOCK_TEST_SEAM": str(self.seam),
            "PENSTOCK_MAX_ATTEMPTS": "1000",
        }

    def job(self, name: str, **arguments: object) -> dict[str, object]:
        """Describe a job for the nursery."""
        return {
            "job": name,
            "arguments": arguments,
            "environment": self.variables,
            "log": str(self.home / "runs.log"),
        }

    def drain(self) -> int:
        """Drain the landing in a process of its own; return how that ended."""
        return self.plant.nursery.run(self.job("drain", workflow="orders"))[0]

    def drain_until_settled(self) -> None:
        """Drain until nothing is left to do: what a dead owner held is free after its lease."""
        wait_until(lambda: self.drain() == 0 and set(self.states()) <= {"published", "rejected"})

    def deploy(self, *, every_s: float | None = None) -> None:
        """Make this the installation that the deployments work for."""
        job = self.job("deploy", environment=self.variables, every_s=every_s)
        assert self.plant.nursery.run(job) == [0], (self.home / "runs.log").read_text()

    def mark(self, what: str, who: str = "self") -> Path:
        """Have a step killed or failed once, `kill-publish-after`; the file goes when it was."""
        mark = self.seam / what
        mark.write_text(who)
        return mark

    def calls(self) -> Counter[str]:
        """Return how often each step was really carried out."""
        return Counter((self.seam / "calls").read_text().split())

    def messages(self, kind: str) -> list[str]:
        """Return the idempotency keys that the webhook was sent, one per post."""
        posts = self.plant.receiver.posts
        return [one.key for one in posts if one.path == self.name and one.body["kind"] == kind]

    def snapshots(self) -> list[str]:
        """Return the batches in the table's history of snapshots, one entry per snapshot."""
        settings = self.settings
        catalog = open_catalog(settings.catalog_url, warehouse=settings.warehouse_uri)
        try:
            table = catalog.load_table(f"{NAMESPACE}.orders")
        except NoSuchTableError:
            return []
        finally:
            catalog.close()
        summaries = [snapshot.summary for snapshot in ancestors(table)]
        found = [summary["penstock.batch"] for summary in summaries if summary is not None]
        return [batch for batch in found if batch is not None]

    def suspended_runs(self, count: int) -> dict[int, str]:
        """Wait until this many requests have a suspended run; return the runs by sequence."""

        def look() -> dict[int, str]:
            open_requests = {one.batch: one for one in self.tools.ledger.requests()}
            return {
                record.sequence: request.flow_run
                for record in self.batches()
                if record.batch is not None
                and (request := open_requests.get(record.batch)) is not None
                and request.flow_run is not None
                and self.plant.api.state(request.flow_run) == "Suspended"
            }

        wait_until(lambda: len(look()) == count)
        return look()

    def suspended_run(self) -> str:
        """Wait until the run of the one open request is suspended, and return it."""
        (run,) = self.suspended_runs(1).values()
        return run

    def wait_for_states(self, *states: str) -> None:
        """Wait until the batches have come to these states, in the order they landed."""
        wait_until(lambda: self.states() == list(states))


@contextmanager
def build_plant(folder: Path) -> Iterator[Plant]:
    """Start a server; everything ends with the context."""
    prefect = EmbeddedPrefect(folder / "prefect", environment=environment())
    receiver = Receiver()
    api = Api(prefect.api_url)
    try:
        server = prefect.start_server()
        with Nursery(prefect.environment(), folder / "nursery.log") as nursery:
            yield Plant(
                prefect=prefect,
                nursery=nursery,
                receiver=receiver,
                api=api,
                server=server,
            )
    finally:
        prefect.stop()
        receiver.close()
        api.close()


def site_of(plant: Plant, folder: Path, **fields: Any) -> Site:
    """Return a new installation in a folder."""
    return Site(home=folder / "home", root=join_uri(str(folder), "site"), plant=plant, **fields)
