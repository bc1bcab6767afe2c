"""Flow: claim what is new in the landings and judge batch after batch in this process."""

from __future__ import annotations

from dataclasses import dataclass, field

from prefect import flow, get_run_logger, runtime

from penstock.agents import SPECS
from penstock.errors import NotFound, PenstockError
from penstock.flows.work import Work
from penstock.model import BatchRecord, Claim
from penstock.orchestration import is_waiting, wake_run
from penstock.release import build_release
from penstock.settings import read_settings
from penstock.stores import open_store, probe, probe_landing
from penstock.tools import Tools
from penstock.workflows import open_config

__all__ = ["drain"]


@dataclass(kw_only=True)
class Tally:
    """What one drain did."""

    states: dict[str, int] = field(default_factory=dict[str, int])
    failures: list[str] = field(default_factory=list[str])

    def fail(self, what: str) -> None:
        """Keep a failure, and log it at once."""
        get_run_logger().error(what)
        self.failures.append(what)

    def count(self, record: BatchRecord) -> None:
        """Count a batch under its state."""
        self.states[record.state.value] = self.states.get(record.state.value, 0) + 1


@flow(name="drain", persist_result=True, result_serializer="json")
def drain(workflow: str | None = None) -> dict[str, int]:
    """Empty the landings of one workflow, or of all; return batches by state.

    Each batch is judged here. One that must ask a steward gets a `process-batch` run of its own,
    which reuses what was judged here and suspends. A batch that cannot be judged does not keep
    the next one waiting. What an owner that died left behind is taken over.

    Raises:
        PenstockError: after everything else was done, when a definition could not be loaded or a
            batch could not be judged.
    """
    tools = Tools(settings=read_settings())
    probe(tools.store)
    config = open_config(tools.settings.config_uri, agents=SPECS)
    if workflow is not None:
        config.load(workflow)
    found = config.load_all()
    tally = Tally()
    for name, error in found.errors.items():
        if workflow in {None, name}:
            tally.fail(f"{name}: {error}")
    for loaded in found.loaded:
        if workflow in {None, loaded.workflow.name}:
            work = Work(
                tools=tools,
                loaded=loaded,
                flow_run=str(runtime.flow_run.id),
                may_suspend=False,
            )
            _claim(work, tally)
            _judge_waiting(work, tally)
    tools.lineage.resend()
    if tally.failures:
        raise PenstockError(
            f"{len(tally.failures)} of what was to be done failed: {'; '.join(tally.failures)}",
            remedy="Everything else was done. Mend the cause; the next drain tries again.",
        )
    return tally.states


def _claim(work: Work, tally: Tally) -> None:
    """Claim what is new; a landing that cannot be read does not stop what was claimed before."""
    workflow = work.loaded.workflow
    try:
        landing = open_store(workflow.landing.uri)
        probe_landing(landing)
        while work.claims.claim_new(
            landing,
            pattern=workflow.landing.pattern,
            requested_by="watcher",
            max_files=workflow.landing.max_files,
            max_bytes=workflow.landing.max_bytes,
            quiet_s=workflow.landing.quiet_s,
        ):
            pass
    except PenstockError as exc:
        tally.fail(f"{workflow.name}: {exc}")


def _judge_waiting(work: Work, tally: Tally) -> None:
    """Work on every claim that is not settled, in the order of arrival."""
    workflow, ledger = work.loaded.workflow, work.tools.ledger
    settled = ledger.settled(workflow.dataset)
    for sequence in work.claims.sequences():
        if sequence in settled:
            continue
        _judge(work, sequence, tally)
        if workflow.in_order and sequence not in ledger.settled(workflow.dataset):
            break


def _judge(work: Work, sequence: int, tally: Tally) -> None:
    """Work on a claim, unless a run or a steward already does."""
    try:
        claim = work.claims.read(sequence)
        if _waits_for_steward(work, claim):
            return
        lease = work.claims.acquire(sequence, owner=f"flow-run:{work.flow_run}")
        if lease is not None:
            tally.count(work.process(claim, lease))
    except Exception as exc:  # noqa: BLE001 - one batch must not keep the next ones waiting
        # The text of a foreign error may quote cells; Prefect's log of the step has it.
        what = str(exc) if isinstance(exc, PenstockError) else type(exc).__name__
        tally.fail(f"{work.loaded.workflow.dataset}#{sequence}: {what}")


def _waits_for_steward(work: Work, claim: Claim) -> bool:
    """True when a suspended run will wake up for this batch: then there is nothing to do here.

    Where the release changed since it was asked, the run is woken up: it judges the batch anew
    and asks about that, so that nobody decides on evidence that no longer counts.
    """
    try:
        record = work.tools.ledger.batch(claim.digest)
    except NotFound:
        return False
    request = work.find_request(record)
    if request is None or request.flow_run is None or not is_waiting(request.flow_run):
        return False
    if request.release != build_release(work.loaded).id:
        wake_run(request.flow_run)
    return True
