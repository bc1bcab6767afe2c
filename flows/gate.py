"""The gate: go on, or suspend until a steward has decided. Waking up is not deciding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, assert_never, cast

from prefect import get_run_logger, runtime
from prefect.exceptions import ObjectNotFound
from prefect.flow_runs import suspend_flow_run
from prefect.input import RunInput
from pydantic import Field, ValidationError, create_model

from penstock.agents.notify import tell
from penstock.errors import Conflict, NotAllowed, PenstockError
from penstock.flows.artifact import show_evidence
from penstock.gate import verdict_of
from penstock.lineage import Approval
from penstock.model import (
    BatchState,
    Choice,
    Claim,
    Evidence,
    Option,
    Release,
    Reported,
    Request,
    Severity,
    Verdict,
)
from penstock.notify import Target, held_message
from penstock.report import build_form, summarise
from penstock.tools import Tools

__all__ = ["pass_gate"]

BY_FORM = "prefect-form"
"""Who decided where the answer came through Prefect, which records no actor."""


def pass_gate(
    reported: Reported,
    *,
    tools: Tools,
    claim: Claim,
    release: Release,
    targets: Sequence[Target],
    flow_run: str,
    may_suspend: bool,
) -> Verdict | None:
    """Return the verdict on a batch; None where it is held and this run may not suspend.

    Where a steward must be asked, the run suspends: the process ends here, and after a resume
    the flow comes back to this point. Each time only a decision in the ledger about exactly this
    evidence and release lets the batch go on; without one the run suspends again.
    """
    ref = reported.evidence
    evidence = Evidence.decoded(tools.objects.read(ref))
    show_evidence(evidence, digest=ref.digest, link=reported.page.uri)
    decision = tools.ledger.decision(evidence=ref.digest, release=release.id)
    verdict = verdict_of(evidence, ref, decision)
    if verdict is not None:
        _say(verdict)
        return verdict
    request = _open(evidence, reported, tools=tools, claim=claim, release=release)
    tools.lineage.running(
        evidence=evidence,
        step="approval requested",
        approval=Approval(state="requested", evidence=ref.digest, request=request.id),
    )
    _tell_held(request, evidence, tools=tools, targets=targets)
    while True:
        decision = tools.ledger.decision(evidence=ref.digest, release=release.id)
        verdict = verdict_of(evidence, ref, decision)
        if verdict is not None:
            _say(verdict)
            return verdict
        if not may_suspend:
            return None
        tools.ledger.set_flow_run(request.id, flow_run)
        request = _suspend(request, evidence, tools=tools)


def _say(verdict: Verdict) -> None:
    if verdict.choice is not None:
        get_run_logger().info("The decision: %s, by %s.", verdict.choice, verdict.decided_by)


def _open(
    evidence: Evidence, reported: Reported, *, tools: Tools, claim: Claim, release: Release
) -> Request:
    reason = summarise(evidence)
    record = tools.ledger.batch(claim.digest)
    if not record.state.is_settled:
        tools.ledger.settle(
            claim.digest,
            BatchState.HELD,
            reason=reason,
            evidence=reported.evidence,
            page=reported.page,
        )
    return tools.ledger.open_request(
        dataset=evidence.dataset,
        claim=claim.digest,
        batch=evidence.batch,
        release=release.id,
        evidence=reported.evidence.digest,
        evidence_ref=reported.evidence,
        page=reported.page,
        options=tuple(option.choice for option in evidence.options),
        severity=evidence.worst or Severity.HIGH,
        summary=reason,
        flow_run=None,
    )


def _tell_held(
    request: Request, evidence: Evidence, *, tools: Tools, targets: Sequence[Target]
) -> None:
    message = held_message(request, evidence)
    try:
        tell(message, targets, tools.ledger, batch=request.batch, release=request.release)
    except PenstockError as exc:
        # The batch stays held either way, and the next wake-up tells those who were not reached.
        get_run_logger().warning("Stewards could not all be told: %s", exc)


def _suspend(request: Request, evidence: Evidence, *, tools: Tools) -> Request:
    """Suspend the run, or take the answer of the resume that woke it up."""
    log = get_run_logger()
    log.info(
        "Request %s asks a steward about batch %s, worst finding %s: answer with Resume in this"
        " UI, or with `penstock decide`. Evidence page: %s",
        request.id[:12],
        request.batch[:12],
        request.severity,
        request.page.uri,
    )
    # NOTE: a key that was used falls straight through the gate, so it grows with every retry
    # (run_count) and with every wake-up that brought no decision.
    run_count = runtime.flow_run.run_count
    key = f"gate-{request.evidence}-{run_count}-{request.wake_ups}"
    try:
        answer = suspend_flow_run(wait_for_input=_form(request, evidence), key=key, timeout=None)
    except (ObjectNotFound, ValidationError, NotImplementedError) as exc:
        log.warning("The run was woken up without an answer (%s).", type(exc).__name__)
        answer = None
    if answer is not None:
        said = answer.model_dump()
        _record(request, Choice(said["decision"]), said["note"], tools=tools)
    return tools.ledger.wake_up(request.id)


def _record(request: Request, choice: Choice, note: str, *, tools: Tools) -> None:
    try:
        tools.ledger.decide(
            request.id, choice=choice, note=note, by=BY_FORM, evidence=request.evidence
        )
    except (Conflict, NotAllowed) as exc:
        get_run_logger().warning("The answer is not taken: %s", exc)


def _form(request: Request, evidence: Evidence) -> type[RunInput]:
    """Return the form that Prefect shows: closed choices, nothing preselected."""
    choices = tuple(choice.value for choice in request.options)
    effects = " ".join(f"{_effect(option)}." for option in evidence.options)
    # NOTE: in Prefect's first UI a click opens the list and closes it again at once.
    effects += " (If no list opens, press Space.)"
    model = create_model(
        "Decision",
        __base__=RunInput,
        decision=(cast("Any", Literal[choices]), Field(description=effects)),
        note=(str, Field(default="", max_length=500, description="Why? Kept on record.")),
    )
    description = build_form(evidence, link=request.page.uri)
    return cast("type[RunInput]", model.with_initial_data(description=description))


def _effect(option: Option) -> str:
    """Say what a choice does; the table above it in the form has all numbers."""
    published, aside = f"{option.rows.published:,}", f"{option.rows.quarantined:,}"
    match option.choice:
        case Choice.APPROVE:
            return f"approve publishes {published} rows, failing ones too"
        case Choice.QUARANTINE:
            return f"quarantine publishes {published} clean rows and keeps {aside} aside"
        case Choice.REJECT:
            return "reject publishes nothing"
        case _:
            assert_never(option.choice)
