"""What the page says, worked out from evidence and contract before any HTML is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.model import Choice, Outcome
from penstock.report.masking import is_sensitive, mask
from penstock.report.plot import Unit
from penstock.report.samples import Sample, build_samples, choose_columns
from penstock.report.summary import is_held, rows_set_aside
from penstock.report.words import count, cut, file_name, join, plural, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from penstock.contracts import Contract
    from penstock.model import (
        ColumnProfile,
        Condition,
        Evidence,
        Example,
        Finding,
        IngestedFile,
        Option,
        RowCounts,
        RuleResult,
    )

__all__ = ["Card", "Conserved", "Limits", "Line", "View", "build_view"]

CHOICES = {
    Choice.APPROVE: "Publish every row whose types hold, also rows that failed a rule.",
    Choice.QUARANTINE: "Publish the clean rows. Keep the failed ones aside, with their reasons.",
    Choice.REJECT: "Publish nothing. The producer is told what to fix and can send it again.",
}
OPERATORS = {
    "ge": "is at least",
    "gt": "is above",
    "le": "is at most",
    "lt": "is below",
    "eq": "is",
    "ne": "is not",
    "in": "is one of",
}
STATES = {
    "judged": "judged",
    "learning": "still learning: too few earlier batches, so it cannot hold a batch",
    "warning": "only warns: not enough earlier batches yet to hold one",
}
FILES_NAMED = 3
OUTCOMES = (Outcome.FAILED, Outcome.UNKNOWN, Outcome.PASSED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much the page shows of long lists; what is left out is counted on the page."""

    findings: int = 60
    plots: int = 16
    examples: int = 5
    rules: int = 250
    columns: int = 150
    files: int = 100
    samples: int = 20
    sample_columns: int = 14
    text: int = 300

    def halved(self) -> Limits:
        """Return half as much of everything."""
        return Limits(**{name: max(1, getattr(self, name) // 2) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One row of the table of choices."""

    name: str
    meaning: str
    rows: RowCounts | None
    is_offered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Conserved:
    """Whether every landed record is accounted for, with the sentence that says so."""

    is_shown: bool
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A finding with what helps to judge it."""

    finding: Finding
    message: str
    facts: tuple[tuple[str, str], ...]
    examples: tuple[Example, ...]
    examples_hidden: int
    is_plotted: bool
    unit: Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything on the page."""

    evidence: Evidence
    is_held: bool
    lines: tuple[Line, ...]
    conserved: Conserved
    gate: tuple[str, ...]
    tiles: tuple[tuple[str, str, str], ...]
    cards: tuple[Card, ...]
    rules: tuple[tuple[RuleResult, str], ...]
    outcomes: Mapping[str, int]
    sample_columns: tuple[str, ...]
    sample_columns_hidden: int
    samples: tuple[Sample, ...]
    columns: tuple[tuple[ColumnProfile, bool, str], ...]
    files: tuple[IngestedFile, ...]
    agents: tuple[tuple[str, str, str], ...]
    digests: tuple[tuple[str, str], ...]


def build_view(evidence: Evidence, *, digest: str, contract: Contract, limits: Limits) -> View:
    """Work out the page's content; values of sensitive columns do not get past this point."""
    names = choose_columns(evidence, contract, limit=limits.sample_columns)
    known = {name for sample in evidence.samples for name in sample.cells}
    return View(
        evidence=evidence,
        is_held=is_held(evidence),
        lines=_lines(evidence),
        conserved=_conserved(evidence),
        gate=tuple(_condition(condition) for condition in evidence.gate),
        tiles=_tiles(evidence),
        cards=_cards(evidence, contract, limits),
        rules=_rules(evidence, contract)[: limits.rules],
        outcomes={
            outcome: [rule.outcome for rule in evidence.rules].count(outcome)
            for outcome in OUTCOMES
        },
        sample_columns=names,
        sample_columns_hidden=len(known) - len(names),
        samples=build_samples(
            evidence, contract, names=names, limit=limits.samples, text_limit=limits.text
        ),
        columns=tuple(
            (column, is_sensitive(contract, column.name), _description(contract, column.name))
            for column in evidence.profile.columns[: limits.columns]
        ),
        files=evidence.files[: limits.files],
        agents=tuple(_agent(label) for label in evidence.agents),
        digests=_digests(evidence, digest=digest, contract=contract),
    )


def _lines(evidence: Evidence) -> tuple[Line, ...]:
    if not is_held(evidence):
        return (
            Line(
                name="publish",
                meaning="Happens without asking: no finding reaches the gate's threshold. Failed"
                " rows are kept aside.",
                rows=evidence.automatic,
                is_offered=True,
            ),
        )
    offered: dict[Choice, Option] = {option.choice: option for option in evidence.options}
    return tuple(
        Line(
            name=choice.value,
            meaning=CHOICES[choice] if choice in offered else _why_not(choice, evidence),
            rows=offered[choice].rows if choice in offered else None,
            is_offered=choice in offered,
        )
        for choice in Choice
    )


def _why_not(choice: Choice, evidence: Evidence) -> str:
    if not all(file.is_conserved for file in evidence.files):
        return "Not offered: it cannot be shown where every landed record went."
    if choice is Choice.QUARANTINE:
        if not rows_set_aside(evidence):
            return "Not offered: no row failed by itself, so there is nothing to set aside."
        if evidence.remainder_worst is not None:
            return (
                "Not offered: judged again without the failed rows, the rest still has a finding"
                f" of severity {evidence.remainder_worst}."
            )
    return "Not offered for this batch."


def _conserved(evidence: Evidence) -> Conserved:
    lost = [file for file in evidence.files if not file.is_conserved]
    ways = [option.rows for option in evidence.options] if is_held(evidence) else []
    if evidence.automatic is not None and not is_held(evidence):
        ways = [evidence.automatic]
    if lost:
        return Conserved(
            is_shown=False,
            sentence="It cannot be shown that every record is accounted for. See below:"
            f" {_name_files(lost)}.",
        )
    if not ways or not all(rows.is_conserved for rows in ways):
        return Conserved(
            is_shown=False,
            sentence="The numbers do not add up: some rows would be neither published, nor"
            " quarantined, nor rejected.",
        )
    landed = plural(ways[0].landed or 0, "landed record")
    return Conserved(
        is_shown=True,
        sentence=f"Every one of the {landed} is accounted for, whatever is chosen:"
        " landed = published + quarantined + rejected."
        if is_held(evidence)
        else f"Every one of the {landed} is accounted for:"
        " landed = published + quarantined + rejected.",
    )


def _name_files(files: Sequence[IngestedFile]) -> str:
    names = [file_name(file.uri) for file in files[:FILES_NAMED]]
    if len(files) > FILES_NAMED:
        names.append(plural(len(files) - FILES_NAMED, "more file"))
    return join(names)


def _condition(condition: Condition) -> str:
    operator = OPERATORS.get(condition.op, condition.op)
    value = condition.value
    words = join(value) if isinstance(value, tuple) else value
    return f"{condition.field.replace('_', ' ')} {operator} {words}"


def _tiles(evidence: Evidence) -> tuple[tuple[str, str, str], ...]:
    records = [file.records for file in evidence.files]
    landed = None if None in records else sum(found or 0 for found in records)
    failed, clean = rows_set_aside(evidence), evidence.split.rows_clean
    lost = sum(file.records_rejected for file in evidence.files)
    total = 0 if landed is None else clean + failed + lost
    return (
        ("Landed", count(landed), f"in {plural(len(evidence.files), 'file')}"),
        ("Clean", count(clean), share(clean, of=total)),
        ("Failed, can be set aside", count(failed), share(failed, of=total)),
        ("Not readable as rows", count(lost), share(lost, of=total)),
    )


def _cards(evidence: Evidence, contract: Contract, limits: Limits) -> tuple[Card, ...]:
    cards: list[Card] = []
    plots = limits.plots
    rules = {rule.rule: rule for rule in evidence.rules}
    for finding in evidence.findings[: limits.findings]:
        rule = rules.get(finding.rule or "")
        columns = [finding.column, *(rule.columns if rule else ())]
        is_secret = any(is_sensitive(contract, column) for column in columns)
        examples = finding.examples[: limits.examples]
        is_plotted = plots > 0 and any(value is not None for value in finding.series)
        plots -= is_plotted
        cards.append(
            Card(
                finding=finding,
                message=cut(finding.message, limit=2 * limits.text),
                facts=_facts(finding, rule, contract, limit=limits.text),
                examples=tuple(mask(example) for example in examples) if is_secret else examples,
                examples_hidden=len(finding.examples) - len(examples),
                is_plotted=is_plotted,
                # The expectation is worded in the unit of its series.
                unit="share" if (finding.expected or "").endswith("%") else "number",
            )
        )
    return tuple(cards)


def _facts(
    finding: Finding, rule: RuleResult | None, contract: Contract, *, limit: int
) -> tuple[tuple[str, str], ...]:
    rows = "" if finding.rows is None else plural(finding.rows, "row")
    if rows and finding.rows_share is not None:
        rows = f"{rows} ({share(finding.rows_share)})"
    facts = (
        ("Expected", finding.expected),
        ("Observed", finding.observed),
        ("Rows touched", rows),
        ("Column", finding.column),
        ("Rule", finding.rule),
        ("Contract", _place(finding, rule, contract)),
        ("Expectation from", finding.method),
    )
    return tuple((name, cut(value, limit=limit)) for name, value in facts if value)


def _place(finding: Finding, rule: RuleResult | None, contract: Contract) -> str:
    column = contract.column(finding.column) if finding.column else None
    line = rule.contract_line if rule else column.line if column else None
    return contract_place(contract, line) if line else ""


def contract_place(contract: Contract, line: int | None) -> str:
    """Say where in the contract's file something stands, as in `retail.yaml, line 23`."""
    return f"{file_name(contract.source)}, line {line}" if line else ""


def _rules(evidence: Evidence, contract: Contract) -> tuple[tuple[RuleResult, str], ...]:
    ranked = sorted(
        evidence.rules,
        key=lambda rule: (
            OUTCOMES.index(rule.outcome),
            -rule.severity.rank,
            rule.contract_line or 0,
        ),
    )
    return tuple((rule, contract_place(contract, rule.contract_line)) for rule in ranked)


def _description(contract: Contract, name: str) -> str:
    column = contract.column(name)
    return (column.description or "") if column else "not in the contract"


def _agent(label: str) -> tuple[str, str, str]:
    step, _, rest = label.partition("=")
    name, _, state = rest.partition(":")
    return step, name, STATES.get(state, state)


def _digests(evidence: Evidence, *, digest: str, contract: Contract) -> tuple[tuple[str, str], ...]:
    split = evidence.split
    named = (
        ("Evidence", digest),
        ("Batch", evidence.batch),
        ("Claim", evidence.claim),
        ("Release", evidence.release),
        ("Contract file", contract.digest),
        ("Rows read (typed)", evidence.typed.digest),
        ("Clean rows", split.clean.digest if split.clean else None),
        ("Failed rows", split.failed.digest if split.failed else None),
        ("Rows with failed casts", evidence.miscast.digest if evidence.miscast else None),
        ("Unreadable records", evidence.rejects.digest if evidence.rejects else None),
    )
    return tuple((name, value) for name, value in named if value)
