"""Split: the rows that failed, with all their reasons, and the rows that did not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from sqlglot import exp

from penstock.checks.expressions import Part, any_of, as_text, cell, parts_of
from penstock.checks.grouped import failing_keys, is_among, view_of
from penstock.checks.results import fault_of
from penstock.checks.scan import ScanInput, open_workspace
from penstock.checks.workspace import Limits, Workspace
from penstock.contracts import Contract, DriftMode, Rule, RuleKind
from penstock.errors import NotConserved
from penstock.model import FILE_COLUMN, RECORD_COLUMN, Outcome, RuleResult, Severity

__all__ = ["CASTS_COLUMN", "REASONS_COLUMN", "SplitFiles", "split"]

CASTS_COLUMN = "_penstock_casts"
REASONS_COLUMN = "_penstock_reasons"
GROUPED = {RuleKind.UNIQUE, RuleKind.REFERENCE}
FLAG = "_penstock_flag_"
KEYS = (FILE_COLUMN, RECORD_COLUMN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitFiles:
    """The halves of a batch; `clean` is None where every typed row is clean."""

    clean: Path | None
    failed: Path | None
    rows_clean: int
    rows_failed: int
    """Typed rows that failed; miscast rows, which are in `failed` too, not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """One way to fail one rule, ready to be asked of a row."""

    rule: Rule
    part: Part

    @property
    def quarantines(self) -> bool:
        """True when a row that fails it is kept out of the published table."""
        return self.rule.severity.rank >= Severity.MEDIUM.rank


def split(
    data: ScanInput,
    contract: Contract,
    rules: Sequence[RuleResult],
    *,
    out: Path,
    limits: Limits | None = None,
) -> SplitFiles:
    """Write `failed.parquet` and `clean.parquet` into a folder, where anything failed.

    A typed row fails by a rule of severity medium or above, a miscast row always (where the
    contract discards values, it is a typed row too and does not); both carry all their reasons,
    also the low ones. A miscast row is also held against the rules, but not told
    that a cell is missing which could not be read. Rows are ordered by file and record.

    Raises:
        NotConserved: when the halves do not add up to what came in.
    """
    out.mkdir(parents=True, exist_ok=True)
    if contract.drift.types is DriftMode.DISCARD_VALUE:
        data = replace(data, miscast=None)
    outcomes = {result.rule: result for result in rules}
    able = [
        rule
        for rule in contract.rules
        if rule.splits_rows
        and rule.kind is not RuleKind.TYPE
        and outcomes[rule.id].outcome is not Outcome.UNKNOWN
    ]
    failed = [rule for rule in able if outcomes[rule.id].rows_failed]
    has_failed = any(rule.severity.rank >= Severity.MEDIUM.rank for rule in failed)
    with open_workspace(data, limits=limits, near=out) as workspace:
        typed = _measure(workspace, "typed")
        miscast = _measure(workspace, "miscast") if data.miscast is not None else NOTHING
        halves: list[exp.Query] = []
        columns = list(workspace.columns("typed"))
        if has_failed:
            tests = _tests(workspace, data, contract, failed, table="typed")
            halves.append(_failing(tests, columns))
        if miscast.rows:
            tests = _tests(workspace, data, contract, able, table="miscast")
            halves.append(_miscast(tests, columns, contract))
        if not halves:
            return SplitFiles(clean=None, failed=None, rows_clean=typed.rows, rows_failed=0)
        union = halves[0] if len(halves) == 1 else exp.union(*halves, distinct=False)
        written = workspace.write(_ordered(union), "failed.parquet")
        workspace.add_view("failed", written)
        bad = _measure(workspace, "failed")
        clean, good = None, typed
        if has_failed:
            own = exp.select(*(cell(name, "typed") for name in columns)).from_("typed")
            rest = own.join("failed", join_type="anti", on=_same_row())
            clean = workspace.write(_ordered(rest), "clean.parquet")
            workspace.add_view("clean", clean)
            good = _measure(workspace, "clean")
        if typed + miscast != good + bad:
            raise NotConserved(
                f"Of {typed.rows + miscast.rows:,} rows {good.rows:,} are clean and"
                f" {bad.rows:,} failed, or they are not the same rows.",
                remedy="Check that every row has its own file and record number; ingest again.",
            )
        return SplitFiles(
            clean=None if clean is None else clean.replace(out / "clean.parquet"),
            failed=written.replace(out / "failed.parquet"),
            rows_clean=good.rows,
            rows_failed=bad.rows - miscast.rows,
        )


@dataclass(frozen=True, slots=True)
class Measure:
    """How many rows a table has, and a sum that tells whether they are the same rows."""

    rows: int
    keys: int

    def __add__(self, other: Measure) -> Measure:
        return Measure(self.rows + other.rows, self.keys ^ other.keys)


NOTHING = Measure(0, 0)


def _measure(workspace: Workspace, table: str) -> Measure:
    key = exp.Anonymous(this="hash", expressions=[cell(name) for name in KEYS])
    keys = exp.Anonymous(this="bit_xor", expressions=[key])
    rows, total = workspace.row(exp.select(exp.Count(this=exp.Star()), keys).from_(table))
    return Measure(int(rows), int(total or 0))


def _same_row() -> exp.Expr:
    return exp.and_(
        *(exp.EQ(this=cell(name, "typed"), expression=cell(name, "failed")) for name in KEYS)
    )


def _ordered(query: exp.Query) -> exp.Query:
    rows = exp.select("*").from_(query.subquery("half"))
    return rows.order_by(*(cell(name) for name in KEYS))


def _tests(
    workspace: Workspace, data: ScanInput, contract: Contract, rules: list[Rule], *, table: str
) -> list[Probe]:
    """Return the tests of some rules; failing keys are put into tables first."""
    tests: list[Probe] = []
    for index, rule in enumerate(rules):
        if rule.kind not in GROUPED:
            tests += [Probe(rule=rule, part=part) for part in parts_of(rule, contract)]
            continue
        keys, source, reference = f"{table}_keys_{index}", table, ""
        if rule.kind is RuleKind.REFERENCE:
            reference = view_of(rule, list(data.references))
        elif table == "miscast":
            source = f"{table}_near_{index}"
            workspace.create("TEMPORARY TABLE", source, _near(rule))
        query = failing_keys(rule, contract, table=source, reference=reference)
        workspace.create("TEMPORARY TABLE", keys, query)
        tests.append(Probe(rule=rule, part=Part(fault_of(rule), is_among(rule, keys))))
    return tests


def _near(rule: Rule) -> exp.Query:
    """Return the keys of miscast rows with those of typed rows that have the same."""
    match = [
        exp.EQ(this=cell(name, "typed"), expression=cell(name, "miscast")) for name in rule.columns
    ]
    typed = (
        exp.select(*(cell(name, "typed") for name in rule.columns))
        .from_("typed")
        .join(exp.Join(this=exp.to_table("miscast"), kind="SEMI", on=exp.and_(*match)))
    )
    miscast = exp.select(*(cell(name) for name in rule.columns)).from_("miscast")
    return exp.union(typed, miscast, distinct=False)


def _failing(tests: list[Probe], columns: list[str]) -> exp.Query:
    """Return the query for the typed rows that fail, with their reasons."""
    flags = [cell(f"{FLAG}{index}") for index in range(len(tests))]
    inner = _flagged(tests, columns, "typed")
    blocking: list[exp.Expr] = [
        flag.copy() for flag, test in zip(flags, tests, strict=True) if test.quarantines
    ]
    return (
        exp.select(*(cell(name) for name in columns))
        .select(exp.alias_(_reasons(tests), REASONS_COLUMN))
        .from_(inner.subquery("flagged"))
        .where(any_of(blocking))
    )


def _miscast(tests: list[Probe], columns: list[str], contract: Contract) -> exp.Query:
    """Return the query for the miscast rows, with failed casts first among their reasons."""
    tests = [_forgiving(test) for test in tests]
    inner = _flagged(tests, [*columns, CASTS_COLUMN], "miscast")
    both = exp.Anonymous(this="list_concat", expressions=[_casts(contract), _reasons(tests)])
    return (
        exp.select(*(cell(name) for name in columns))
        .select(exp.alias_(both if tests else _casts(contract), REASONS_COLUMN))
        .from_(inner.subquery("flagged"))
    )


def _flagged(tests: list[Probe], columns: list[str], table: str) -> exp.Select:
    flags = [
        exp.alias_(any_of([test.part.fails]), f"{FLAG}{index}") for index, test in enumerate(tests)
    ]
    return exp.select(*(cell(name) for name in columns), *flags).from_(table)


def _forgiving(test: Probe) -> Probe:
    """Let a cell pass as present that was there but could not be read."""
    if test.rule.kind not in {RuleKind.REQUIRED, RuleKind.MISSING}:
        return test
    name = exp.Literal.string(test.rule.columns[0])
    unread = exp.Anonymous(
        this="list_contains", expressions=[_each_cast(_cast_field("column")), name]
    )
    fails = exp.and_(test.part.fails, exp.not_(unread))
    return Probe(rule=test.rule, part=Part(test.part.words, fails))


def _cast_field(name: str) -> exp.Expr:
    return exp.Dot(this=exp.column("c"), expression=exp.to_identifier(name, quoted=True))


def _each_cast(body: exp.Expr) -> exp.Expr:
    function = exp.Lambda(this=body, expressions=[exp.to_identifier("c")])
    return exp.Anonymous(this="list_transform", expressions=[cell(CASTS_COLUMN), function])


def _casts(contract: Contract) -> exp.Expr:
    severity: exp.Expr = exp.Literal.string(Severity.of(None))
    known = [rule for rule in contract.rules if rule.kind is RuleKind.TYPE]
    if known:
        case = exp.Case(this=_cast_field("column"))
        for rule in known:
            name = exp.Literal.string(rule.columns[0])
            case = case.when(name, exp.Literal.string(rule.severity))
        severity = case.else_(severity)
    suffix = exp.Literal.string(f".{RuleKind.TYPE}")
    return _each_cast(
        _reason(
            rule=exp.DPipe(this=_cast_field("column"), expression=suffix),
            column=_cast_field("column"),
            value=as_text(_cast_field("value")),
            severity=severity,
            reason=_cast_field("reason"),
        )
    )


def _reasons(tests: list[Probe]) -> exp.Expr:
    """Return the list of the reasons whose flags are set."""
    none = exp.Array(expressions=[])
    each = []
    for index, test in enumerate(tests):
        texts = [as_text(cell(name)) for name in test.rule.columns]
        value = texts[0]
        if len(texts) > 1:
            comma = exp.Literal.string(", ")
            value = exp.Anonymous(this="concat_ws", expressions=[comma, *texts])
        reason = _reason(
            rule=exp.Literal.string(test.rule.id),
            column=exp.Literal.string(", ".join(test.rule.columns)),
            value=value,
            severity=exp.Literal.string(test.rule.severity),
            reason=exp.Literal.string(test.part.words),
        )
        case = exp.Case().when(cell(f"{FLAG}{index}"), exp.Array(expressions=[reason]))
        each.append(case.else_(none.copy()))
    return exp.Anonymous(this="flatten", expressions=[exp.Array(expressions=each)])


def _reason(**fields: exp.Expr) -> exp.Expr:
    return exp.Struct(
        expressions=[
            exp.PropertyEQ(this=exp.to_identifier(name, quoted=True), expression=value)
            for name, value in fields.items()
        ]
    )
