"""Claims and the batches they became: their states, files and row counts."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from sqlalchemy import Connection, bindparam, insert, select, update

from penstock.errors import Conflict, NotFound
from penstock.ledger.batch_states import FINAL, require_legal, require_no_contradiction
from penstock.ledger.catalogue import require_release
from penstock.ledger.change import Change, Part, find, select_as
from penstock.ledger.schema import batch_files, batches
from penstock.ledger.stored import prose
from penstock.ledger.superseded import supersede_requests
from penstock.model import (
    BatchId,
    BatchRecord,
    BatchState,
    Claim,
    Digest,
    FileRef,
    Ingested,
    ReleaseId,
    RowCounts,
)

__all__ = ["Batches", "require_batch"]


class Batches(Part):
    """One row per claim, from the first attempt to its settled state."""

    def begin(
        self, claim: Claim, *, release: ReleaseId, flow_run: str | None, owner: str
    ) -> BatchRecord:
        """Start the first or the next attempt at a claim.

        A published or rejected batch stays what it is: its record comes back unchanged.

        Raises:
            NotFound: when the release was not recorded.
            Conflict: when the dataset's sequence number belongs to another claim.
        """
        with self._change() as change:
            require_release(change, release)
            existing = _of_claim(change.connection, claim.digest)
            if existing is not None and existing.state in FINAL:
                return existing
            if existing is None or existing.sequence != claim.sequence:
                _require_free_sequence(change, claim)
            attempt = {
                "state": BatchState.RUNNING,
                "release": release,
                "owner": owner,
                # What was held came to rest: waking up again and again uses no attempts up.
                "attempts": 1
                if existing is None or existing.state is BatchState.HELD
                else existing.attempts + 1,
                "reason": None,
                "updated_at": change.at,
            }
            if existing is None:
                _insert_claim(change, claim, {**attempt, "flow_run": flow_run})
            else:
                run = {"flow_run": flow_run or existing.flow_run}
                change.update(batches, batches.c.claim == claim.digest, {**attempt, **run})
            record = _require_claim(change.connection, claim.digest)
            change.audit(
                "batch.begun",
                f"claim:{claim.digest}",
                {
                    **_identity(record),
                    "attempt": record.attempts,
                    "from": None if existing is None else existing.state.value,
                    "release": release,
                    "flow_run": flow_run,
                    "owner": owner,
                    "requested_by": claim.requested_by,
                    "files": len(claim.files),
                },
            )
            return record

    def identify(self, claim: Digest, ingested: Ingested) -> BatchRecord:
        """Give the claim its batch id, and its files their content digests.

        Raises:
            Conflict: when the claim has another batch id already, is of other files, or is settled.
        """
        with self._change() as change:
            record = _require_claim(change.connection, claim)
            if record.batch == ingested.batch:
                return record
            _require_same(change, record, ingested)
            change.update(
                batches,
                batches.c.claim == claim,
                {"batch": ingested.batch, "updated_at": change.at},
            )
            _set_contents(change, claim, ingested)
            record = _require_claim(change.connection, claim)
            change.audit(
                "batch.identified",
                f"claim:{claim}",
                {**_identity(record), "files": len(ingested.files), "records": ingested.records},
            )
            return record

    def settle(
        self,
        claim: Digest,
        state: BatchState,
        *,
        reason: str | None = None,
        evidence: FileRef | None = None,
        page: FileRef | None = None,
        snapshot: int | None = None,
        counts: RowCounts | None = None,
    ) -> BatchRecord:
        """Bring a batch to rest: held, published, rejected or dead.

        The reason is that of the new state; what else is not given stays as it was. Settling again
        into the same state gives the record as it is, but a batch held again takes what is given.

        Raises:
            Conflict: for a step that no batch may take, or other counts or snapshot than recorded.
            NotConserved: when rows to be published do not add up to those that landed.
        """
        given = _given(
            reason=reason, evidence=evidence, page=page, snapshot=snapshot, counts=counts
        )
        with self._change() as change:
            before = _require_claim(change.connection, claim)
            require_legal(before, state, counts)
            changed = {name: new for name, new in given.items() if getattr(before, name) != new}
            if before.state is state and (state.is_settled or not changed):
                require_no_contradiction(before, changed)
                return before
            change.update(
                batches,
                batches.c.claim == claim,
                {
                    **({} if before.state is state else {"reason": None}),
                    **given,
                    "state": state,
                    "updated_at": change.at,
                },
            )
            if state.is_settled:
                supersede_requests(change, claim, by=f"batch.{state.value}")
            record = _require_claim(change.connection, claim)
            change.audit(f"batch.{state.value}", f"claim:{claim}", _settlement(before, record))
            return record


def require_batch(change: Change, batch: BatchId) -> None:
    """Refuse a change about a batch that no claim became."""
    query = select(batches.c.claim).where(batches.c.batch == batch).limit(1)
    if change.connection.execute(query).first() is None:
        raise NotFound(
            f"There is no batch {batch[:12]!r}.", remedy="Begin its claim and identify it first."
        )


def _of_claim(connection: Connection, claim: Digest) -> BatchRecord | None:
    return find(
        connection, BatchRecord, select_as(batches, BatchRecord).where(batches.c.claim == claim)
    )


def _require_claim(connection: Connection, claim: Digest) -> BatchRecord:
    record = _of_claim(connection, claim)
    if record is None:
        raise NotFound(f"Claim {claim[:12]!r} was never begun.", remedy="Begin it first.")
    return record


def _require_free_sequence(change: Change, claim: Claim) -> None:
    taken = (batches.c.dataset == claim.dataset) & (batches.c.sequence == claim.sequence)
    other = change.connection.execute(
        select(batches.c.claim).where(taken | (batches.c.claim == claim.digest))
    ).scalar()
    if other is not None:
        raise Conflict(
            f"Claim {claim.digest[:12]} cannot be number {claim.sequence} of {claim.dataset!r}:"
            f" claim {other[:12]} is recorded otherwise.",
            remedy="One ledger goes with one claim log: check that both belong together.",
        )


def _insert_claim(change: Change, claim: Claim, attempt: Mapping[str, object]) -> None:
    change.insert(
        batches,
        {
            "claim": claim.digest,
            "dataset": claim.dataset,
            "sequence": claim.sequence,
            "requested_by": claim.requested_by,
            "claimed_at": claim.claimed_at,
            **attempt,
        },
    )
    files = [{"claim": claim.digest, **file.model_dump()} for file in claim.files]
    change.connection.execute(insert(batch_files), files)


def _set_contents(change: Change, claim: Digest, ingested: Ingested) -> None:
    is_file = (batch_files.c.claim == claim) & (batch_files.c.uri == bindparam("of_uri"))
    change.connection.execute(
        update(batch_files).where(is_file).values(content=bindparam("digest")),
        [{"of_uri": file.uri, "digest": file.raw.digest} for file in ingested.files],
    )


def _require_same(change: Change, record: BatchRecord, ingested: Ingested) -> None:
    if record.batch is not None or record.state.is_settled:
        raise Conflict(
            f"Claim {record.claim[:12]} is {record.state} as batch {(record.batch or 'none')[:12]}"
            f" and cannot become batch {ingested.batch[:12]}.",
            remedy="Claimed file versions never change: look at what wrote to the landed files.",
        )
    query = select(batch_files.c.uri, batch_files.c.version).where(
        batch_files.c.claim == record.claim
    )
    claimed = {(uri, version) for uri, version in change.connection.execute(query)}
    read = {(file.uri, file.version) for file in ingested.files}
    if (ingested.claim, ingested.dataset) != (record.claim, record.dataset) or claimed != read:
        raise Conflict(
            f"Batch {ingested.batch[:12]} was not read from the {len(claimed)} file versions of"
            f" claim {record.claim[:12]}.",
            remedy="Ingest the claim's own files.",
        )


def _given(*, reason: str | None, counts: RowCounts | None, **facts: object) -> dict[str, object]:
    rows = {} if counts is None else {f"rows_{name}": n for name, n in counts.model_dump().items()}
    words = None if reason is None else prose(reason)
    return {k: v for k, v in {"reason": words, **facts, **rows}.items() if v is not None}


def _identity(record: BatchRecord) -> dict[str, JsonValue]:
    return {"dataset": record.dataset, "sequence": record.sequence, "batch": record.batch}


def _settlement(before: BatchRecord, record: BatchRecord) -> dict[str, JsonValue]:
    return {
        **_identity(record),
        "from": before.state.value,
        "release": record.release,
        "reason": record.reason,
        "evidence": None if record.evidence is None else record.evidence.digest,
        "page": None if record.page is None else record.page.digest,
        "snapshot": record.snapshot,
        "rows_landed": record.rows_landed,
        "rows_published": record.rows_published,
        "rows_quarantined": record.rows_quarantined,
        "rows_rejected": record.rows_rejected,
    }
