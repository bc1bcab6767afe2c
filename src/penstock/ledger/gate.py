"""Requests to stewards, and their decisions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NoReturn

from sqlalchemy import Connection

from penstock.errors import Conflict, NotAllowed, NotFound, Tampered
from penstock.ledger.batches import require_batch
from penstock.ledger.catalogue import require_release
from penstock.ledger.change import Change, Part, begins, find, find_all, require_prefix, select_as
from penstock.ledger.schema import decisions, requests
from penstock.ledger.stored import prose
from penstock.ledger.superseded import supersede_requests
from penstock.model import (
    BatchId,
    Choice,
    Decision,
    Digest,
    FileRef,
    ReleaseId,
    Request,
    Severity,
    digest_of,
)

__all__ = ["Gate"]

ID_LENGTH = 16
"""Characters of a request's id: short enough to type, too many to meet by chance."""


class Gate(Part):
    """Questions about exactly one evidence digest, and the one answer each may have."""

    def open_request(
        self,
        *,
        dataset: str,
        claim: Digest,
        batch: BatchId,
        release: ReleaseId,
        evidence: Digest,
        evidence_ref: FileRef,
        page: FileRef,
        options: Sequence[Choice],
        severity: Severity,
        summary: str,
        flow_run: str | None = None,
    ) -> Request:
        """Ask about this evidence, or return the request that already does.

        Open requests about other evidence of the claim, or under another release, are superseded.
        A superseded request that is asked again is open again.

        Raises:
            Tampered: when the evidence's file is not the evidence.
            NotAllowed: when there is nothing to choose.
        """
        _require_askable(evidence, evidence_ref, options)
        key = digest_of([batch, release, evidence], tag="penstock/request-id/1")[:ID_LENGTH]
        with self._change() as change:
            require_release(change, release)
            require_batch(change, batch)
            supersede_requests(change, claim, by=key)
            existing = _by_id(change.connection, key)
            if existing is not None:
                return _reopened(change, existing)
            request = Request(
                id=key,
                dataset=dataset,
                claim=claim,
                batch=batch,
                release=release,
                evidence=evidence,
                evidence_ref=evidence_ref,
                page=page,
                options=tuple(options),
                severity=severity,
                summary=prose(summary),
                state="open",
                flow_run=flow_run,
                wake_ups=0,
                opened_at=change.at,
            )
            change.insert(requests, dict(request))
            _audit_opened(change, request)
            return request

    def requests(
        self,
        *,
        state: str | None = "open",
        dataset: str | None = None,
        batch: BatchId | None = None,
        claim: Digest | None = None,
    ) -> list[Request]:
        """Return requests, oldest first; `state=None` for all of them."""
        query = select_as(requests, Request).order_by(requests.c.opened_at, requests.c.id)
        wanted = ((requests.c.state, state), (requests.c.dataset, dataset))
        for column, value in (*wanted, (requests.c.batch, batch), (requests.c.claim, claim)):
            if value is not None:
                query = query.where(column == value)
        with self._database.reading() as connection:
            return find_all(connection, Request, query)

    def request(self, text: str) -> Request:
        """Return a request by its id, by its batch's, or by the beginning of one (6 or more).

        Of several requests about one batch the open one is meant, else the newest.

        Raises:
            NotFound: when nothing begins like that.
            Conflict: when requests about several batches do.
        """
        with self._database.reading() as connection:
            return _resolve(connection, text)

    def set_flow_run(self, request: str, flow_run: str) -> Request:
        """Name the Prefect run to wake after a decision."""
        with self._change() as change:
            found = _resolve(change.connection, request)
            if found.flow_run == flow_run:
                return found
            change.update(requests, requests.c.id == found.id, {"flow_run": flow_run})
            body = {"request": found.id, "from": found.flow_run, "flow_run": flow_run}
            change.audit("request.flow_run", f"batch:{found.batch}", body)
            return found.model_copy(update={"flow_run": flow_run})

    def wake_up(self, request: str) -> Request:
        """Count that the run woke up and found no decision."""
        with self._change() as change:
            found = _resolve(change.connection, request)
            count = found.wake_ups + 1
            change.update(requests, requests.c.id == found.id, {"wake_ups": count})
            change.audit(
                "request.woken", f"batch:{found.batch}", {"request": found.id, "wake_ups": count}
            )
            return found.model_copy(update={"wake_ups": count})

    def decide(
        self, request: str, *, choice: Choice, note: str, by: str, evidence: Digest
    ) -> Decision:
        """Record a steward's verdict; the same verdict again gives the first decision.

        Raises:
            NotAllowed: for a choice that is not open, other evidence than was asked about, a
                request that was superseded, or a decision that nobody answers for.
            Conflict: when the request was decided otherwise; says by whom.
        """
        with self._change() as change:
            found = _resolve(change.connection, request)
            _require_decidable(found, choice, by, evidence)
            earlier = _decision_of(change.connection, found)
            if earlier is not None:
                return _same_or_conflict(earlier, choice)
            decision = Decision(
                id=digest_of([found.id], tag="penstock/decision-id/1")[:ID_LENGTH],
                request=found.id,
                batch=found.batch,
                evidence=found.evidence,
                release=found.release,
                choice=choice,
                note=prose(note),
                by=prose(by),
                at=change.at,
            )
            change.insert(decisions, dict(decision))
            change.update(requests, requests.c.id == found.id, {"state": "decided"})
            change.audit(
                "decision.recorded",
                f"batch:{found.batch}",
                decision.model_dump(mode="json", exclude={"at", "batch"}),
            )
            return decision

    def decision(self, *, evidence: Digest, release: ReleaseId) -> Decision | None:
        """Return the decision on exactly this evidence under exactly this release, if any."""
        query = select_as(decisions, Decision).where(
            decisions.c.evidence == evidence, decisions.c.release == release
        )
        with self._database.reading() as connection:
            return find(connection, Decision, query)


def _require_askable(evidence: Digest, file: FileRef, options: Sequence[Choice]) -> None:
    if file.digest != evidence:
        raise Tampered(
            f"The evidence {evidence[:12]} is said to lie in {file.uri}, which has digest"
            f" {file.digest[:12]}.",
            remedy="Store the evidence's canonical bytes and refer to them.",
        )
    if not options:
        raise NotAllowed(
            "A request without options cannot be decided.", remedy="Offer at least `reject`."
        )


def _reopened(change: Change, existing: Request) -> Request:
    if existing.state != "superseded":
        return existing
    change.update(requests, requests.c.id == existing.id, {"state": "open"})
    request = existing.model_copy(update={"state": "open"})
    _audit_opened(change, request)
    return request


def _audit_opened(change: Change, request: Request) -> None:
    change.audit(
        "request.opened",
        f"batch:{request.batch}",
        {
            "request": request.id,
            "dataset": request.dataset,
            "release": request.release,
            "evidence": request.evidence,
            "page": request.page.digest,
            "options": [choice.value for choice in request.options],
            "severity": request.severity.value,
            "flow_run": request.flow_run,
        },
    )


def _by_id(connection: Connection, key: str) -> Request | None:
    return find(connection, Request, select_as(requests, Request).where(requests.c.id == key))


def _resolve(connection: Connection, text: str) -> Request:
    prefix = require_prefix(text, what="request")
    exact = _by_id(connection, prefix)
    if exact is not None:
        return exact
    query = (
        select_as(requests, Request)
        .where(begins(requests.c.id, prefix) | begins(requests.c.batch, prefix))
        .order_by((requests.c.state == "open").desc(), requests.c.opened_at.desc())
    )
    found = find_all(connection, Request, query)
    if not found:
        raise NotFound(
            f"There is no request {text!r}.", remedy="`penstock requests` lists those that wait."
        )
    if len({request.batch for request in found}) > 1:
        raise Conflict(
            f"{text!r} can mean {len(found)} requests:"
            f" {', '.join(sorted(request.id for request in found)[:5])}.",
            remedy="Give more of the id.",
        )
    return found[0]


def _require_decidable(request: Request, choice: Choice, by: str, evidence: Digest) -> None:
    if evidence != request.evidence:
        _refuse(
            f"Request {request.id} is about evidence {request.evidence[:12]}, not {evidence[:12]}.",
            "Read the request's own evidence page and decide on that.",
        )
    if request.state == "superseded":
        _refuse(
            f"Request {request.id} no longer counts: batch {request.batch[:12]} was judged again,"
            " or could not be processed.",
            "List the open requests, or look at the batch with `penstock explain`.",
        )
    if choice not in request.options:
        _refuse(
            f"{choice.value!r} is not open for request {request.id}.",
            f"Choose one of: {', '.join(option.value for option in request.options)}.",
        )
    if not by.strip():
        _refuse(f"Nobody answers for a decision on request {request.id}.", "Say who decides.")


def _refuse(what: str, remedy: str) -> NoReturn:
    raise NotAllowed(what, remedy=remedy)


def _decision_of(connection: Connection, request: Request) -> Decision | None:
    query = select_as(decisions, Decision).where(decisions.c.request == request.id)
    return find(connection, Decision, query)


def _same_or_conflict(earlier: Decision, choice: Choice) -> Decision:
    if earlier.choice is choice:
        return earlier
    raise Conflict(
        f"Request {earlier.request} was decided already: {earlier.choice.value!r} by"
        f" {earlier.by} at {earlier.at:%Y-%m-%d %H:%M:%S} UTC.",
        remedy="A decision is not taken back; speak with who decided.",
    )
