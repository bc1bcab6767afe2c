"""A migrated ledger on SQLite and on PostgreSQL, sample values, and racing processes."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import NullPool, create_engine, make_url

from penstock.ledger import Ledger
from penstock.ledger.schema import metadata
from penstock.model import (
    BatchId,
    BatchRecord,
    Choice,
    Claim,
    Column,
    ColumnProfile,
    Digest,
    FileRef,
    Ingested,
    IngestedFile,
    LandedFile,
    Profile,
    Release,
    ReleaseId,
    Severity,
    batch_id,
    hash_bytes,
)

START = datetime(2026, 11, 20, 8, tzinfo=UTC)


class ManualClock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class Samples:
    """Values as the rest of Penstock would hand them to the ledger."""

    release_id = ReleaseId(hash_bytes(b"release"))

    def release(self, word: str = "release") -> Release:
        return Release(
            id=ReleaseId(hash_bytes(word.encode())),
            code=hash_bytes(b"code"),
            code_version="0.1.0",
            workflow="retail@3",
            workflow_digest=hash_bytes(b"workflow"),
            contract="retail@1.0.0",
            contract_digest=hash_bytes(b"contract"),
            libraries={"duckdb": "2.0.1", "pyarrow": "22.0"},
        )

    def claim(self, sequence: int = 1, *, dataset: str = "retail", **changed: Any) -> Claim:
        values: dict[str, Any] = {
            "dataset": dataset,
            "sequence": sequence,
            "files": (
                LandedFile(
                    uri=f"file:///landing/{sequence}.csv",
                    version=f"v{sequence}",
                    size=100,
                    modified_at=START,
                ),
            ),
            "requested_by": "watcher@host",
            "claimed_at": START + timedelta(days=sequence),
        }
        return Claim(**(values | changed))

    def file(self, word: str, *, rows: int | None = None) -> FileRef:
        digest = hash_bytes(word.encode())
        uri = f"file:///store/objects/{digest[:2]}/{digest}"
        return FileRef(uri=uri, digest=digest, size=len(word), rows=rows)

    def ingested(self, claim: Claim, *, content: str | None = None) -> Ingested:
        raws = {f.uri: self.file(content or f"{f.uri}{f.version}") for f in claim.files}
        return Ingested(
            batch=batch_id({uri: raw.digest for uri, raw in raws.items()}),
            dataset=claim.dataset,
            claim=claim.digest,
            files=tuple(
                IngestedFile(
                    uri=file.uri,
                    version=file.version,
                    raw=raws[file.uri],
                    records=10,
                    rows_typed=10,
                    rows_miscast=0,
                    records_rejected=0,
                )
                for file in claim.files
            ),
            columns=(Column(name="quantity", type="BIGINT"),),
            typed=self.file("typed", rows=10),
            miscast=None,
            rejects=None,
        )

    def profile(self, rows: int = 10, mean: float = 0.1 + 0.2) -> Profile:
        column = ColumnProfile(
            name="größe",
            type="DOUBLE",
            missing=0,
            mean=mean,
            stddev=1e-300,
            quantiles=(1.0, 2.5, 1e22, 3.0, 4.0),
        )
        return Profile(rows=rows, columns=(column,), engine="duckdb-2")

    def request(self, batch: BatchId, *, evidence: str = "evidence", **changed: Any) -> Any:
        ref = self.file(evidence)
        values: dict[str, Any] = {
            "dataset": "retail",
            "claim": self.claim_of(batch),
            "batch": batch,
            "release": self.release_id,
            "evidence": ref.digest,
            "evidence_ref": ref,
            "page": self.file("page"),
            "options": (Choice.QUARANTINE, Choice.REJECT),
            "severity": Severity.HIGH,
            "summary": "Seven rows are out of range.",
            "flow_run": "run-1",
        }
        return values | changed

    def claim_of(self, batch: BatchId) -> Digest:
        """Return the claim that `identified` made for a batch."""
        claims = (self.claim(sequence) for sequence in range(1, 10))
        return next(
            (one.digest for one in claims if self.ingested(one).batch == batch),
            self.claim().digest,
        )

    def identified(self, ledger: Ledger, sequence: int = 1, **changed: Any) -> BatchRecord:
        """Begin a claim under the sample release and identify its batch."""
        claim = self.claim(sequence, **changed)
        ledger.record_release(self.release())
        ledger.begin(claim, release=self.release_id, flow_run="run-1", owner="worker-1")
        return ledger.identify(claim.digest, self.ingested(claim))

    def asked(self, ledger: Ledger) -> tuple[str, str]:
        """Open a request about a batch; its id and evidence digest."""
        batch = self.identified(ledger).batch
        assert batch is not None
        request = ledger.open_request(**self.request(batch))
        return request.id, request.evidence


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture(scope="session")
def make() -> Samples:
    return Samples()


@pytest.fixture(scope="session")
def postgres_server() -> str:
    url = os.environ.get("PENSTOCK_TEST_POSTGRES")
    if not url:
        pytest.skip("PENSTOCK_TEST_POSTGRES names no PostgreSQL server")
    return url


@pytest.fixture(scope="session")
def new_postgres(postgres_server: str) -> Iterator[Callable[[], str]]:
    """Create empty databases that are dropped after the session."""
    made: list[str] = []
    server = create_engine(postgres_server, isolation_level="AUTOCOMMIT")

    def create() -> str:
        name = f"penstock_test_{secrets.token_hex(6)}"
        with server.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        made.append(name)
        return make_url(postgres_server).set(database=name).render_as_string(hide_password=False)

    yield create
    with server.connect() as connection:
        for name in made:
            connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    server.dispose()


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ledger") / "template.db"
    with Ledger(f"sqlite:///{path}") as ledger:
        ledger.migrate()
    return path


@pytest.fixture(scope="session")
def migrated_postgres(new_postgres: Callable[[], str]) -> str:
    url = new_postgres()
    with Ledger(url) as ledger:
        ledger.migrate()
    return url


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    if request.param == "postgresql":
        request.getfixturevalue("postgres_server")
    return str(request.param)


@pytest.fixture
def empty_url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database without tables, for this test alone."""
    if backend == "sqlite":
        return f"sqlite:///{tmp_path / 'empty.db'}"
    return str(request.getfixturevalue("new_postgres")())


@pytest.fixture
def url(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A migrated database without rows."""
    if backend == "sqlite":
        path = tmp_path / "ledger.db"
        shutil.copy(request.getfixturevalue("migrated_sqlite"), path)
        return f"sqlite:///{path}"
    found = str(request.getfixturevalue("migrated_postgres"))
    run_sql(
        found,
        "ALTER TABLE audit DISABLE TRIGGER USER",
        "ALTER TABLE decisions DISABLE TRIGGER USER",
        *(f"DELETE FROM {table.name}" for table in reversed(metadata.sorted_tables)),  # noqa: S608 - our names
        "ALTER TABLE audit ENABLE ALWAYS TRIGGER audit_append_only",
        "ALTER TABLE decisions ENABLE ALWAYS TRIGGER decisions_append_only",
        "CREATE UNIQUE INDEX IF NOT EXISTS uq_audit_previous ON audit (previous)",
    )
    return found


@pytest.fixture
def ledger(url: str, clock: ManualClock) -> Iterator[Ledger]:
    with Ledger(url, clock=clock) as opened:
        yield opened


@pytest.fixture
def sql(url: str) -> Callable[..., list[tuple[Any, ...]]]:
    """Run statements in the ledger's database past the ledger; the last one's rows."""
    return lambda *statements: run_sql(url, *statements)


@pytest.fixture
def tamper(url: str, backend: str) -> Callable[..., object]:
    """Run statements on the audit table as somebody who switched its protection off."""
    off = ["ALTER TABLE audit DISABLE TRIGGER USER"]
    if backend == "sqlite":
        off = [f"DROP TRIGGER audit_no_{change}" for change in ("update", "delete", "replace")]
    return lambda *statements: run_sql(url, *off, *statements)


def run_sql(url: str, *statements: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = []
    with create_engine(url, poolclass=NullPool).begin() as connection:
        for statement in statements:
            result = connection.exec_driver_sql(statement)
            rows = [tuple(row) for row in result] if result.returns_rows else []
    return rows


@pytest.fixture(scope="session")
def race() -> Iterator[Callable[..., list[Any]]]:
    """Let processes do the same thing at the same moment; what each got, or its error.

    `race(url, calls, kill=False)`: `calls` is one list of `[method, keywords]` per process. With
    `kill`, each process is killed by signal 9 when it is about to commit.
    """
    script = Path(__file__).with_name("racers.py")
    with subprocess.Popen(
        [sys.executable, "-W", "error", script],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def run(url: str, calls: list[list[Any]], *, kill: bool = False) -> list[Any]:
            stdin.write(json.dumps({"url": url, "calls": calls, "kill": kill}) + "\n")
            stdin.flush()
            answer: list[Any] = json.loads(stdout.readline())
            return answer

        yield run
        stdin.close()
