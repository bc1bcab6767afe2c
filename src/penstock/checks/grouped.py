"""Rules that no row can answer alone: duplicates and references, each in its own pass."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from penstock.checks.expressions import all_present, cell
from penstock.checks.results import counted, fault_of, unknown
from penstock.checks.workspace import Workspace
from penstock.contracts import Contract, Rule, RuleKind
from penstock.contracts.types import Family, family_of
from penstock.model import RuleResult

__all__ = ["check_grouped", "failing_keys", "is_among", "reference_problem", "view_of"]


def view_of(rule: Rule, references: Sequence[str]) -> str:
    """Return the name of the view over the table that a rule refers to."""
    return f"reference_{list(references).index(str(rule.arguments['table']))}"


def check_grouped(
    workspace: Workspace, rule: Rule, contract: Contract, *, references: Sequence[str], rows: int
) -> RuleResult:
    """Return the result of a unique or reference rule over the view `typed`.

    Duplicates count every row of a duplicated group. Keys with a missing part are not compared.
    """
    if rule.kind is RuleKind.UNIQUE:
        total = exp.Coalesce(
            this=exp.Sum(this=exp.column("n")), expressions=[exp.Literal.number(0)]
        )
        (failed,) = workspace.row(
            exp.select(total).from_(_groups(rule, contract, "typed").subquery("groups"))
        )
    else:
        problem = reference_problem(workspace, rule, contract, references)
        if problem is not None:
            return unknown(rule, problem)
        count = exp.Count(this=exp.Star())
        (failed,) = workspace.row(
            _orphans(rule, contract, "typed", view_of(rule, references)).select(count)
        )
    return counted(rule, [(fault_of(rule), int(failed))], rows=rows)


def reference_problem(
    workspace: Workspace, rule: Rule, contract: Contract, references: Sequence[str]
) -> str | None:
    """Return why a reference cannot be followed, or None."""
    table, other = str(rule.arguments["table"]), str(rule.arguments["column"])
    if table not in references:
        return f"the table `{table}` is not published"
    types = workspace.columns(view_of(rule, references))
    if other not in types:
        return f"the published table `{table}` has no column `{other}`"
    own = contract.column(rule.columns[0])
    if own is None:
        raise KeyError(rule.columns[0])
    if own.type == types[other]:
        return None
    try:
        both = {family_of(own.type), family_of(types[other])}
    except ValueError:
        both = set()
    if both != {Family.INTEGER}:
        return f"`{table}.{other}` is {types[other]}, and `{own.name}` is {own.type}"
    return None


def failing_keys(rule: Rule, contract: Contract, *, table: str, reference: str) -> exp.Select:
    """Return the query for the keys in a table that fail a unique or reference rule."""
    keys = [exp.alias_(cell(name), f"k{index}") for index, name in enumerate(rule.columns)]
    if rule.kind is RuleKind.UNIQUE:
        return _groups(rule, contract, table).select(*keys, append=False)
    own = [exp.alias_(cell(name, "own"), f"k{index}") for index, name in enumerate(rule.columns)]
    return _orphans(rule, contract, table, reference).select(*own).distinct()


def is_among(rule: Rule, keys: str) -> exp.Expr:
    """Return whether a row's key is in a table that `failing_keys` filled."""
    own = [cell(name) for name in rule.columns]
    stored = [exp.column(f"k{index}") for index in range(len(rule.columns))]
    left: exp.Expr = own[0] if len(own) == 1 else exp.Tuple(expressions=own)
    right: exp.Expr = stored[0] if len(own) == 1 else exp.Tuple(expressions=stored)
    return exp.In(this=left, query=exp.select(right).from_(keys).subquery())


def _groups(rule: Rule, contract: Contract, table: str) -> exp.Select:
    count = exp.Count(this=exp.Star())
    return (
        exp.select(exp.alias_(count, "n"))
        .from_(table)
        .where(all_present(rule, contract))
        .group_by(*(cell(name) for name in rule.columns))
        .having(exp.GT(this=count.copy(), expression=exp.Literal.number(1)))
    )


def _orphans(rule: Rule, contract: Contract, table: str, reference: str) -> exp.Select:
    (name,) = rule.columns
    match = exp.EQ(this=cell(name, "own"), expression=cell(str(rule.arguments["column"]), "other"))
    other = exp.alias_(exp.to_table(reference), "other", table=True)
    return (
        exp.Select()
        .from_(exp.alias_(exp.to_table(table), "own", table=True))
        .join(exp.Join(this=other, kind="ANTI", on=match))
        .where(all_present(rule, contract, "own"))
    )
