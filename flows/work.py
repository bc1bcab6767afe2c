"""Working on one claim: lease, release, steps, and what happens when a step fails."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from threading import Event, Thread

from prefect import get_run_logger

from penstock.agents.notify import tell
from penstock.errors import (
    ConfigError,
    Conflict,
    LandedFileChanged,
    PenstockError,
    StoreRefused,
    Terminal,
    Transient,
)
from penstock.flows.interrupted import find_interrupted
from penstock.flows.run import BatchRun, run_steps
from penstock.landing import ClaimLog, Lease, is_unchanged
from penstock.model import BatchId, BatchRecord, BatchState, Claim, Published, Request
from penstock.notify import build_targets, dead_message
from penstock.orchestration import spawn_batch_run
from penstock.release import build_release
from penstock.tools import Tools
from penstock.workflows import LoadedWorkflow

__all__ = ["Work", "open_claims"]

WAITS_FOR_PEOPLE = (Transient, StoreRefused, ConfigError, Conflict)
"""Failures that say nothing about the batch: it waits until the world or a person mended them."""


def open_claims(tools: Tools, dataset: str) -> ClaimLog:
    """Return the claims of a dataset."""
    return ClaimLog(tools.store, dataset, clock=tools.clock, lease_s=tools.settings.lease_s)


@dataclass(frozen=True, kw_only=True)
class Work:
    """What is fixed while a process works on the batches of one workflow."""

    tools: Tools
    loaded: LoadedWorkflow
    flow_run: str
    may_suspend: bool

    @cached_property
    def claims(self) -> ClaimLog:
        """Claims of the workflow's dataset."""
        return open_claims(self.tools, self.loaded.workflow.dataset)

    def process(self, claim: Claim, lease: Lease) -> BatchRecord:
        """Work on a claim until it is settled or held, and return how it stands.

        A failure that lies in the batch dead-letters it, and so does the last attempt where nobody
        can tell; an outage, or a definition that a person must mend, never does.
        Nothing is published because something failed.

        Raises:
            PenstockError: the failure, after it was recorded.
        """
        with _kept_alive(lease, every_s=self.tools.settings.lease_s / 3):
            record = self._process(claim, lease)
        if record.state is BatchState.HELD and not self.may_suspend:
            self._hand_over(record, lease)
        return record

    def _process(self, claim: Claim, lease: Lease) -> BatchRecord:
        ledger = self.tools.ledger
        release = build_release(self.loaded)
        targets = build_targets(self.loaded.workflow.notify)
        ledger.record_workflow(
            name=self.loaded.workflow.name,
            version=self.loaded.workflow.version,
            config_path=self.loaded.config_path,
            object_version=self.loaded.object_version,
            digest=self.loaded.digest,
        )
        ledger.record_release(release)
        record = ledger.begin(claim, release=release.id, flow_run=self.flow_run, owner=lease.owner)
        if record.state.is_settled and record.release != release.id:
            return record  # what an earlier release settled stays settled
        run = BatchRun(
            tools=self.tools,
            loaded=self.loaded,
            release=release,
            claim=claim,
            targets=targets,
            flow_run=self.flow_run,
            may_suspend=self.may_suspend,
        )
        try:
            published = find_interrupted(run, record) or run_steps(run)
        except Exception as exc:
            self._fail(run, record, lease, exc)
            raise
        self._say(run, published)
        return ledger.batch(claim.digest)

    def find_request(self, record: BatchRecord) -> Request | None:
        """Return the open request about a batch."""
        requests = self.tools.ledger.requests(state="open", claim=record.claim)
        return requests[0] if requests else None

    def _hand_over(self, record: BatchRecord, lease: Lease) -> None:
        """Start the run that will ask for a decision: it reuses what was judged, and suspends."""
        request = self.find_request(record)
        if request is None:
            return
        flow_run = spawn_batch_run(
            workflow=self.loaded.workflow.name,
            sequence=record.sequence,
            idempotency_key=f"{request.id}-{lease.attempt}",
        )
        if flow_run is not None:
            self.tools.ledger.set_flow_run(request.id, flow_run)
            return
        get_run_logger().warning(
            "There is no deployment of process-batch to ask for a decision: run `prefect deploy"
            " --all`, or decide with `penstock decide %s` and drain again.",
            request.id[:12],
        )

    def _fail(self, run: BatchRun, record: BatchRecord, lease: Lease, error: Exception) -> None:
        """Dead-letter the batch where no further attempt can help."""
        if isinstance(error, WAITS_FOR_PEOPLE):
            return
        is_last = record.attempts >= self.tools.settings.max_attempts
        if not (is_last or isinstance(error, Terminal)):
            return
        try:
            lease.renew()
        except Conflict:
            return  # another owner works on it now: the batch is theirs to settle
        ledger = self.tools.ledger
        if ledger.batch(run.claim.digest).state.is_settled:
            return
        if isinstance(error, LandedFileChanged):
            self._claim_rest(run.claim)
        what = str(error) if isinstance(error, PenstockError) else type(error).__name__
        dead = ledger.settle(run.claim.digest, BatchState.DEAD, reason=what)
        self.tools.lineage.fail(record=dead, release=run.release, reason=what)
        try:
            tell(
                dead_message(dead),
                run.targets,
                ledger,
                batch=BatchId(dead.batch or dead.claim),
                release=run.release.id,
            )
        except PenstockError as exc:
            get_run_logger().warning("Operations could not be told: %s", exc)

    def _claim_rest(self, claim: Claim) -> None:
        """Give the files that are still there a claim of their own: only the lost one is dead."""
        there = [file for file in claim.files if is_unchanged(file)]
        if there and len(there) < len(claim.files):
            rest = self.claims.claim_rest(claim, there)
            get_run_logger().warning(
                "%s of %s files are still there and become claim %s.",
                len(there),
                len(claim.files),
                rest.sequence,
            )

    def _say(self, run: BatchRun, published: Published | None) -> None:
        log = get_run_logger()
        if published is None:
            log.warning("Batch %s is held: a steward must decide.", run.batch[:12])
        else:
            counts = published.counts
            log.info(
                "Batch %s: %s rows published, %s quarantined, %s rejected.",
                run.batch[:12],
                counts.published,
                counts.quarantined,
                counts.rejected,
            )


@contextmanager
def _kept_alive(lease: Lease, *, every_s: float) -> Iterator[None]:
    """Renew a lease while its owner works, and give it back however the work ends.

    An owner that was taken over goes on: publishing is idempotent, so that two owners at once
    cost work but no rows.
    """
    ended = Event()
    log = get_run_logger()

    def renew() -> None:
        while not ended.wait(every_s):
            try:
                lease.renew()
            except Transient as exc:
                log.warning("The lease could not be renewed, trying again: %s", exc)
            except Conflict as exc:
                log.warning("%s", exc)
                return

    keeper = Thread(target=renew, name="lease", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        ended.set()
        keeper.join()
        try:
            lease.release()
        except PenstockError as exc:
            # It runs out by itself; what the work came to, a suspended run too, must not be lost.
            log.warning("The lease could not be given back: %s", exc)
