"""Lineage of batches: OpenLineage events, kept first and then sent."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from typing import Any

from penstock.lineage.naming import log_name
from penstock.lineage.outbox import Event, Outbox, Waiting
from penstock.lineage.run import Approval, LineageRun, ParentRun
from penstock.lineage.transport import Sender
from penstock.model import (
    BatchRecord,
    Choice,
    Claim,
    Clock,
    Evidence,
    Ingested,
    Published,
    Release,
    Scanned,
    Value,
    utc_now,
)
from penstock.stores import ObjectStore

__all__ = ["Lineage", "Resent"]

log = logging.getLogger(__name__)

PATIENCE = 3
"""Runs in a row that could not be sent after which the transport is taken to be down."""


class Resent(Value):
    """What became of the events that were waiting."""

    sent: int
    waiting: int


class Lineage:
    """The life of each batch as events: START, RUNNING, then one of COMPLETE, ABORT, FAIL.

    An event is durable before it is sent, and written at most once: telling the same thing again
    changes nothing, nothing follows a terminal event, and a batch that failed and is processed
    again gets a new run. A transport that is down never raises: events wait for `resend`. Each
    method returns the id of the run; the outbox itself may raise `StoreUnavailable`.
    """

    def __init__(
        self,
        store: ObjectStore,
        transport: Mapping[str, Any] | None = None,
        *,
        clock: Clock = utc_now,
        warehouse: str | None = None,
        namespace: str = "penstock",
    ) -> None:
        self._outbox = Outbox(store)
        self._sender = None if transport is None else Sender(transport)
        self._clock = clock
        self._warehouse = warehouse
        self._namespace = namespace

    def start(
        self,
        *,
        ingested: Ingested,
        scanned: Scanned,
        release: Release,
        claim: Claim,
        table: str,
        tags: Mapping[str, str],
        parent: ParentRun | None = None,
    ) -> str:
        """Tell that a batch is being judged."""
        run = LineageRun.of_scan(
            ingested=ingested,
            scanned=scanned,
            release=release,
            claim=claim,
            table=table,
            tags=tags,
            parent=parent,
        )
        return self._tell(run, "START")

    def running(
        self,
        *,
        evidence: Evidence,
        step: str,
        approval: Approval | None = None,
    ) -> str:
        """Tell how far a batch is: once for each `step`, as in `approval requested`."""
        run = LineageRun.of_evidence(evidence)
        return self._tell(run, "RUNNING", step=step, approval=approval)

    def finish(self, *, published: Published, evidence: Evidence) -> str:
        """Tell how a batch ended: `abort` when a steward rejected it, else `complete`."""
        is_rejected = published.verdict.choice is Choice.REJECT
        end = self.abort if is_rejected else self.complete
        return end(published=published, evidence=evidence)

    def complete(self, *, published: Published, evidence: Evidence) -> str:
        """Tell what was published."""
        run = LineageRun.of_evidence(evidence, table=published.table)
        return self._tell(run, "COMPLETE", published=published, approval=_approval(published))

    def abort(self, *, published: Published, evidence: Evidence) -> str:
        """Tell that nothing of a batch was published because somebody said so."""
        run = LineageRun.of_evidence(evidence)
        return self._tell(run, "ABORT", published=published, approval=_approval(published))

    def fail(self, *, record: BatchRecord, release: Release, reason: str) -> str:
        """Tell that a batch could not be processed."""
        return self._tell(LineageRun.of_record(record, release=release), "FAIL", error=reason)

    def events(self, *, claim: Claim, release: Release) -> list[Event]:
        """Return what was told of a claim under a release."""
        return self._outbox.events(log_name(claim.digest, release.id))

    def export(self) -> Iterator[str]:
        """Yield every event as a line of JSON, run after run."""
        return self._outbox.export()

    def resend(self) -> Resent:
        """Send what waits, each run in its order, and stop when the transport seems down."""
        return self._send(None)

    def _tell(
        self,
        run: LineageRun,
        kind: str,
        *,
        published: Published | None = None,
        approval: Approval | None = None,
        step: str | None = None,
        error: str | None = None,
    ) -> str:
        from penstock.lineage.events import (  # noqa: PLC0415 - loads the client, 0.1 s
            EventMaker,
            News,
        )

        news = News(kind=kind, published=published, approval=approval, step=step, error=error)
        maker = EventMaker(
            run=run, namespace=self._namespace, warehouse=self._warehouse, at=self._clock()
        )
        name = log_name(run.claim, run.release)
        events = self._outbox.append(name, lambda known: maker.make(known, news))
        self._send(name)
        return str(events[-1]["run"]["runId"])

    def _send(self, name: str | None) -> Resent:
        sender = self._sender
        if sender is None:
            return Resent(sent=0, waiting=0)
        sent = waiting = 0
        failed: list[str] = []
        try:
            for item in self._outbox.waiting(name):
                # Nothing overtakes an event of its own run.
                if item.log in failed or len(failed) >= PATIENCE:
                    waiting += 1
                elif self._deliver(sender, item):
                    failed.clear()
                    sent += 1
                else:
                    failed.append(item.log)
                    waiting += 1
        finally:
            sender.close()
        return Resent(sent=sent, waiting=waiting)

    def _deliver(self, sender: Sender, item: Waiting) -> bool:
        event = self._outbox.read(item)
        try:
            sender.send(event)
        except Exception as exc:  # noqa: BLE001 - lineage never breaks a batch
            # The error's text is left out: it may quote the event or an access key.
            log.warning(
                "Lineage event %s of %s was not sent (%s) and waits in the outbox.",
                item.number,
                item.log,
                type(exc).__name__,
            )
            return False
        self._outbox.mark_sent(item)
        return True


def _approval(published: Published) -> Approval:
    verdict = published.verdict
    return Approval(
        state="automatic" if verdict.choice is None else verdict.choice.value,
        evidence=verdict.evidence.digest,
        decision=verdict.decision,
        decided_by=verdict.decided_by,
    )
