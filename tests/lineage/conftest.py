from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from referencing import Registry, Resource

from penstock.lineage.custom import SCHEMAS
from penstock.model import (
    BatchId,
    BatchRecord,
    BatchState,
    Choice,
    Claim,
    Column,
    ColumnProfile,
    Disposition,
    Evidence,
    FileRef,
    Finding,
    Ingested,
    IngestedFile,
    LandedFile,
    Outcome,
    Profile,
    Published,
    Release,
    ReleaseId,
    RowCounts,
    RuleResult,
    Scanned,
    Severity,
    Split,
    Verdict,
)
from penstock.stores import LocalStore, MemoryStore, ObjectStore

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH = BatchId("b" * 64)
TAGS = {"source": "s3://shop/landing", "transform": "retail@3", "model": "detect/1"}
URI = "s3://shop/landing/day one.csv"


class ManualClock:
    """Moves a second with each look."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(params=["folder", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    return LocalStore(tmp_path / "state") if request.param == "folder" else MemoryStore("lineage")


class Samples:
    """One batch of a shop at every point of its life."""

    def __init__(self, uris: tuple[str, ...] = (URI,), *, claimed_at: datetime = NOON) -> None:
        self.claim = Claim(
            dataset="retail",
            sequence=1,
            files=tuple(
                LandedFile(uri=uri, version=f"etag-{uri}", size=120, modified_at=NOON)
                for uri in uris
            ),
            requested_by="watcher@host",
            claimed_at=claimed_at,
        )
        self.release = Release(
            id=ReleaseId("e" * 64),
            code="c" * 64,
            code_version="0.1.0",
            workflow="retail@3",
            workflow_digest="d" * 64,
            contract="retail@1.0.0",
            contract_digest="a" * 64,
            libraries={"duckdb": "2.0.0"},
        )
        files = tuple(
            IngestedFile(
                uri=file.uri,
                version=file.version,
                raw=ref("objects/ab/raw.csv"),
                records=10,
                rows_typed=9,
                rows_miscast=1,
                records_rejected=0,
            )
            for file in self.claim.files
        )
        self.ingested = Ingested(
            batch=BATCH,
            dataset="retail",
            claim=self.claim.digest,
            files=files,
            columns=(
                Column(name="quantity", type="BIGINT"),
                Column(name="country", type="VARCHAR"),
            ),
            typed=ref("objects/ab/typed.parquet"),
            miscast=None,
            rejects=None,
        )
        self.scanned = Scanned(batch=BATCH, rules=rules(), profile=profile())

    def evidence(self) -> Evidence:
        ingested = self.ingested
        return Evidence(
            batch=BATCH,
            release=self.release.id,
            dataset="retail",
            workflow="retail@3",
            contract="retail@1.0.0",
            claim=self.claim.digest,
            requested_by="watcher@host",
            files=ingested.files,
            columns=ingested.columns,
            typed=ingested.typed,
            miscast=None,
            rejects=None,
            split=Split(clean=None, failed=None, rows_clean=9, rows_failed=0),
            rules=self.scanned.rules,
            findings=(
                Finding(
                    id="detect:quantity",
                    kind="negative",
                    message="`quantity`: 41 % negative.",
                    severity=Severity.HIGH,
                    column="quantity",
                    expected="1 to 3 %",
                    observed="41 %",
                ),
            ),
            agents=("detect=detect/1:judged",),
            profile=self.scanned.profile,
            history=(),
            references=(),
            remainder_worst=None,
            samples=(),
            tags=TAGS,
            gate=(),
            asks=(),
            automatic=None,
            options=(),
        )

    def published(self, choice: Choice | None = None) -> Published:
        is_rejected = choice is Choice.REJECT
        return Published(
            batch=BATCH,
            dataset="retail",
            table="retail",
            snapshot=None if is_rejected else 4711,
            counts=RowCounts(
                landed=10,
                published=0 if is_rejected else 9,
                quarantined=0 if is_rejected else 1,
                rejected=10 if is_rejected else 0,
            ),
            verdict=Verdict(
                batch=BATCH,
                release=self.release.id,
                evidence=ref("evidence/one.json"),
                disposition=Disposition.NOTHING if is_rejected else Disposition.CLEAN,
                choice=choice,
                decision=None if choice is None else "decision-1",
                decided_by="policy" if choice is None else "ann@desk-3",
            ),
        )

    def record(self, *, batch: BatchId | None = BATCH) -> BatchRecord:
        return BatchRecord(
            claim=self.claim.digest,
            dataset="retail",
            sequence=1,
            batch=batch,
            state=BatchState.DEAD,
            release=self.release.id,
            requested_by="watcher@host",
            claimed_at=NOON,
            flow_run=None,
            attempts=3,
            evidence=None,
            page=None,
            snapshot=None,
            rows_landed=None,
            rows_published=None,
            rows_quarantined=None,
            rows_rejected=None,
            reason="StoreUnavailable",
            updated_at=NOON,
        )


def ref(key: str) -> FileRef:
    return FileRef(uri=f"s3://state/{key}", digest="f" * 64, size=100)


def rules() -> tuple[RuleResult, ...]:
    def rule(name: str, kind: str, columns: tuple[str, ...], outcome: Outcome) -> RuleResult:
        return RuleResult(
            rule=name,
            kind=kind,
            columns=columns,
            severity=Severity.HIGH if kind == "required" else Severity.LOW,
            outcome=outcome,
            expected="what the contract says",
            observed="1 of 9 rows",
            rows_checked=9,
            rows_failed=int(outcome is Outcome.FAILED),
            splits_rows=True,
            reason="no such table" if outcome is Outcome.UNKNOWN else None,
        )

    return (
        rule("quantity.required", "required", ("quantity",), Outcome.FAILED),
        rule("key.unique", "unique", ("quantity", "country"), Outcome.PASSED),
        rule("country.reference", "reference", ("country",), Outcome.UNKNOWN),
    )


def profile() -> Profile:
    return Profile(
        rows=9,
        columns=(
            ColumnProfile(
                name="quantity",
                type="BIGINT",
                missing=1,
                distinct=5,
                minimum="-3",
                maximum="40",
                quantiles=(-3.0, 1.0, 2.0, 6.0, 40.0),
            ),
            ColumnProfile(
                name="country", type="VARCHAR", missing=0, minimum="DE", maximum="UK", distinct=2
            ),
        ),
        engine="duckdb-2",
    )


@pytest.fixture
def samples() -> Samples:
    return Samples()


Check = Callable[[dict[str, Any]], None]


@pytest.fixture(scope="session")
def check() -> Check:
    """Validate an event against the specification: core, every facet, and formats."""
    folder = Path(__file__).parent / "openlineage"
    schemas = [json.loads(path.read_text()) for path in sorted(folder.rglob("*.json"))]
    named = {
        (name, property_["$ref"].partition("#")[2]): schema["$id"]
        for schema in schemas
        for name, property_ in schema.get("properties", {}).items()
    }
    registry: Registry[Any] = Registry().with_resources(
        (schema["$id"], Resource.from_contents(schema)) for schema in [*schemas, *SCHEMAS.values()]
    )

    def validate(instance: object, reference: str) -> None:
        Draft202012Validator(
            {"$ref": reference}, registry=registry, format_checker=FormatChecker()
        ).validate(instance)

    def check_event(event: dict[str, Any]) -> None:
        assert event["schemaURL"].endswith("OpenLineage.json#/$defs/RunEvent")
        validate(event, event["schemaURL"])
        datasets = [*event["inputs"], *event["outputs"]]
        holders = [event["run"]["facets"], event["job"]["facets"]]
        holders += [dataset["facets"] for dataset in datasets]
        holders += [dataset.get("inputFacets", {}) for dataset in datasets]
        holders += [dataset.get("outputFacets", {}) for dataset in datasets]
        for name, facet in ((n, f) for holder in holders for n, f in holder.items()):
            url = facet["_schemaURL"]
            identity, _, fragment = url.partition("#")
            assert name in SCHEMAS or named[name, fragment] == identity, name
            validate(facet, url)

    return check_event


class Collector:
    """A real HTTP server that takes events, or says that it cannot."""

    def __init__(self) -> None:
        self.events: list[dict[str, Any]] = []
        self.requests = 0
        self.status = 201
        self.refused: set[str] = set()
        """Kinds of events that are answered with 400."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                event = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                collector.requests += 1
                is_refused = event["eventType"] in collector.refused
                status = 400 if is_refused else collector.status
                if status < 300:
                    collector.events.append(event)
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def transport(self) -> dict[str, Any]:
        host, port = self._server.server_address[:2]
        return {"type": "http", "url": f"http://{host!s}:{port}"}

    @property
    def kinds(self) -> list[str]:
        return [event["eventType"] for event in self.events]

    def stop(self) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()


@pytest.fixture
def collector() -> Iterator[Collector]:
    started = Collector()
    yield started
    started.stop()
