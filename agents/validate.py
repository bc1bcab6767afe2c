"""Validate: turn rule counts into findings, and split the batch where something failed."""

from __future__ import annotations

from pathlib import Path

from penstock.agents.agent import Agent, Brief
from penstock.agents.scan import fetch_references, locate
from penstock.checks import ScanInput, findings_of, quarantine_finding, read_examples, split
from penstock.checks import scan as scan_batch
from penstock.model import FileRef, Ingested, Scanned, Split, Validated, Value
from penstock.tools import Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["VALIDATE", "ValidateGiven"]

EXAMPLES_PER_RULE = 5


class ValidateGiven(Value):
    """What validate takes."""

    ingested: Ingested
    scanned: Scanned


def validate(given: ValidateGiven, brief: Brief, tools: Toolbox) -> Validated:
    """Return the contract's findings, with clean and failed rows apart where any failed."""
    ingested, scanned = given.ingested, given.scanned
    references, _ = fetch_references(brief, tools, pinned=scanned.references)
    data = locate(ingested, references, tools)
    out = tools.scratch / "split"
    out.mkdir()
    halves = split(data, brief.contract, scanned.rules, out=out)

    def keep(path: Path | None, rows: int) -> FileRef | None:
        return None if path is None else tools.objects.add_file(path, rows=rows, suffix=".parquet")

    remainder: Scanned | None = None
    if halves.clean is not None:
        rules, profile = scan_batch(
            ScanInput(
                typed=halves.clean,
                miscast=None,
                missing_columns=ingested.missing_columns,
                references=references,
            ),
            brief.contract,
            now=brief.claim.claimed_at,
        )
        remainder = Scanned(
            batch=ingested.batch, rules=rules, profile=profile, references=scanned.references
        )
    miscast = sum(file.rows_miscast for file in ingested.files)
    rows = miscast + sum(file.rows_typed for file in ingested.files)
    examples = (
        {}
        if halves.failed is None
        else read_examples(halves.failed, per_rule=EXAMPLES_PER_RULE, contract=brief.contract)
    )
    findings = findings_of(scanned.rules, rows=rows, examples=examples)
    aside = quarantine_finding(failed=halves.rows_failed + miscast, rows=rows)
    return Validated(
        batch=ingested.batch,
        step=brief.step,
        agent=brief.agent,
        findings=findings if aside is None else (*findings, aside),
        split=Split(
            clean=keep(halves.clean, halves.rows_clean),
            failed=keep(halves.failed, halves.rows_failed + miscast),
            rows_clean=halves.rows_clean,
            rows_failed=halves.rows_failed,
        ),
        remainder=remainder,
    )


VALIDATE = Agent(
    spec=AgentSpec(name="validate", version=1, takes=ValidateGiven, gives=Validated, role="judge"),
    tools=frozenset({Tool.OBJECTS, Tool.REFERENCES}),
    decide=validate,
)
