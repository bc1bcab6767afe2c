"""Publishing trusts nothing that was carried along: it derives the verdict and hashes the file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from evidence import RELEASE, evidence, ingested, split
from penstock.agents import AGENTS, SPECS, Brief
from penstock.errors import NotAllowed, PenstockError, Tampered
from penstock.gate import verdict_of
from penstock.model import (
    BATCH_COLUMN,
    FILE_COLUMN,
    RECORD_COLUMN,
    Choice,
    Claim,
    Evidence,
    FileRef,
    LandedFile,
    Prepared,
    Release,
    Value,
    Verdict,
    digest_of,
    hash_bytes,
    utc_now,
)
from penstock.tools import Tools
from penstock.workflows import open_config
from workbench import Workbench


@dataclass
class Held:
    """A batch with staged files and frozen evidence that asks a steward."""

    tools: Tools
    brief: Brief
    evidence: Evidence
    ref: FileRef

    def decide(self, choice: Choice) -> Verdict:
        ledger = self.tools.ledger
        request = ledger.open_request(
            dataset="orders",
            claim=self.brief.claim.digest,
            batch=self.evidence.batch,
            release=self.evidence.release,
            evidence=self.ref.digest,
            evidence_ref=self.ref,
            page=self.ref,
            options=tuple(option.choice for option in self.evidence.options),
            severity=self.evidence.findings[0].severity,
            summary="why",
            flow_run=None,
        )
        made = ledger.decide(request.id, choice=choice, note="", by="ann", evidence=self.ref.digest)
        verdict = verdict_of(self.evidence, self.ref, made)
        assert verdict is not None
        return verdict

    def do(self, agent: str, **given: Value) -> Any:
        spec = AGENTS[agent].spec
        with self.tools.toolbox(AGENTS[agent].tools, targets=()) as box:
            return AGENTS[agent].decide(spec.takes(**given), self.brief, box)

    def rows(self) -> int | None:
        if "orders" not in self.tools.tables.names():
            return None
        return int(self.tools.tables.query("SELECT count(*) AS n FROM orders").to_pylist()[0]["n"])


@pytest.fixture
def held(tmp_path: Path) -> Held:
    bench = Workbench(home=tmp_path / "home", root=str(tmp_path))
    bench.configure()
    loaded = open_config(bench.settings.config_uri, agents=SPECS).load("orders")
    tools = bench.tools
    staged = {name: _stage(tools, tmp_path, name, rows) for name, rows in SIZES.items()}
    batch = ingested().model_copy(update={"typed": staged["typed"]})
    halves = split(clean=8, failed=2).model_copy(
        update={"clean": staged["clean"], "failed": staged["failed"]}
    )
    found = evidence(batch, halves, asks=("why",))
    ref = tools.objects.add_bytes(found.encoded(), suffix=".json")
    release = Release(
        id=RELEASE,
        code=hash_bytes(b"code"),
        code_version="1",
        workflow="orders@1",
        workflow_digest=loaded.digest,
        contract="orders@1.0.0",
        contract_digest=loaded.contract_digest,
        libraries={},
    )
    claim = Claim(
        dataset="orders",
        sequence=1,
        files=(LandedFile(uri="memory://t/a.csv", version="1", size=1, modified_at=utc_now()),),
        requested_by="test",
        claimed_at=utc_now(),
    )
    tools.ledger.record_release(release)
    tools.ledger.begin(claim, release=RELEASE, flow_run=None, owner="test")
    tools.ledger.identify(claim.digest, ingested().model_copy(update={"claim": claim.digest}))
    brief = Brief(
        step="publish",
        agent="publish/1",
        workflow=loaded.workflow,
        contract=loaded.contract,
        release=release,
        claim=claim,
    )
    return Held(tools=tools, brief=brief, evidence=found, ref=ref)


SIZES = {"typed": 10, "clean": 8, "failed": 2}


def _stage(tools: Tools, folder: Path, name: str, rows: int) -> FileRef:
    table = pa.table(
        {
            "id": pa.array(range(rows), pa.int64()),
            BATCH_COLUMN: pa.array([ingested().batch] * rows),
            FILE_COLUMN: pa.array(["memory://t/a.csv"] * rows),
            RECORD_COLUMN: pa.array(range(1, rows + 1), pa.int64()),
        }
    )
    path = folder / f"{name}.parquet"
    pq.write_table(table, path)
    return tools.objects.add_file(path, rows=rows, suffix=".parquet")


@contextmanager
def refused(held: Held, kind: type[PenstockError]) -> Iterator[None]:
    before = held.rows()
    with pytest.raises(kind):
        yield
    assert held.rows() == before


@pytest.mark.parametrize(("choice", "rows"), [(Choice.APPROVE, 10), (Choice.QUARANTINE, 8)])
def test_a_decision_publishes_its_file(held: Held, choice: Choice, rows: int) -> None:
    prepared = held.do("prepare", verdict=held.decide(choice))

    published = held.do("publish", prepared=prepared)

    assert (held.rows(), published.counts.published) == (rows, rows)


def test_publishing_twice_adds_nothing(held: Held) -> None:
    prepared = held.do("prepare", verdict=held.decide(Choice.QUARANTINE))

    first = held.do("publish", prepared=prepared)
    second = held.do("publish", prepared=prepared)

    assert (held.rows(), first.snapshot) == (8, second.snapshot)


def test_a_verdict_without_a_decision_is_not_prepared(held: Held) -> None:
    verdict = held.decide(Choice.QUARANTINE)
    forged = verdict.model_copy(update={"evidence": _other_evidence(held)})

    with refused(held, NotAllowed):
        held.do("prepare", verdict=forged)


def test_another_choice_than_the_decided_one_is_not_prepared(held: Held) -> None:
    decided = held.decide(Choice.REJECT)
    forged = decided.model_copy(update={"choice": Choice.APPROVE, "disposition": "all"})

    with refused(held, NotAllowed):
        held.do("prepare", verdict=forged)


def test_prepared_for_another_choice_is_not_published(held: Held) -> None:
    prepared: Prepared = held.do("prepare", verdict=held.decide(Choice.QUARANTINE))
    forged = prepared.model_copy(update={"file": held.evidence.typed})

    with refused(held, NotAllowed):
        held.do("publish", prepared=forged)


def test_an_overwritten_staged_file_is_not_prepared(held: Held) -> None:
    verdict = held.decide(Choice.APPROVE)
    _overwrite(held.evidence.typed)

    with refused(held, Tampered):
        held.do("prepare", verdict=verdict)


def test_an_overwritten_placed_file_is_not_published(held: Held) -> None:
    prepared: Prepared = held.do("prepare", verdict=held.decide(Choice.APPROVE))
    assert prepared.file is not None
    _overwrite(prepared.file)

    with refused(held, Tampered):
        held.do("publish", prepared=prepared)


def test_overwritten_evidence_is_not_believed(held: Held) -> None:
    verdict = held.decide(Choice.APPROVE)
    _overwrite(held.ref)

    with refused(held, Tampered):
        held.do("prepare", verdict=verdict)


def test_a_rejected_batch_publishes_nothing(held: Held) -> None:
    prepared = held.do("prepare", verdict=held.decide(Choice.REJECT))

    published = held.do("publish", prepared=prepared)

    assert published.snapshot is None
    assert published.counts.rejected == 10
    assert held.rows() is None


def _other_evidence(held: Held) -> FileRef:
    other = held.evidence.model_copy(update={"requested_by": digest_of("x", tag="t/1")})
    return held.tools.objects.add_bytes(other.encoded(), suffix=".json")


def _overwrite(ref: FileRef) -> None:
    path = Path(ref.uri.removeprefix("file://"))
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))
