"""Rules as expressions: for one row, what fails and in which words.

Everything is built as a tree and rendered by sqlglot. A column may be called `"; DROP TABLE x`.
NaN is missing; a missing value passes every rule but `required` and `missing`.
"""

from __future__ import annotations

from functools import reduce
from typing import NamedTuple

from pydantic import JsonValue
from sqlglot import exp

from penstock.checks.words import expected_of
from penstock.contracts import Contract, Rule, RuleKind
from penstock.contracts.types import Family, family_of

__all__ = ["Part", "all_present", "any_of", "as_text", "cell", "constant", "missing", "parts_of"]

TEXT_CHARACTERS = 200
COMPARISONS: dict[str, type[exp.Binary]] = {
    "eq": exp.EQ,
    "ne": exp.NEQ,
    "lt": exp.LT,
    "le": exp.LTE,
    "gt": exp.GT,
    "ge": exp.GTE,
}


class Part(NamedTuple):
    """One way in which a row can fail a rule; the ways of a rule exclude each other."""

    words: str
    fails: exp.Expr


def cell(name: str, table: str | None = None) -> exp.Column:
    """Return a column by its exact name."""
    return exp.column(
        exp.to_identifier(name, quoted=True),
        table=None if table is None else exp.to_identifier(table),
    )


def constant(value: JsonValue, type_: str) -> exp.Expr:
    """Return a constant of a contract as a value of a DuckDB type."""
    if isinstance(value, bool):
        return exp.true() if value else exp.false()
    literal = exp.Literal.string(str(value))
    if family_of(type_) is Family.TEXT:
        return literal
    return exp.cast(literal, exp.DataType.build(type_, dialect="duckdb"))


def as_text(value: exp.Expr) -> exp.Expr:
    """Return a value as text, cut to what is shown."""
    text = exp.cast(value, exp.DataType.build("VARCHAR", dialect="duckdb"))
    return exp.Left(this=text, expression=exp.Literal.number(TEXT_CHARACTERS))


def missing(name: str, type_: str, table: str | None = None) -> exp.Expr:
    """Return whether a cell is null or NaN."""
    null = exp.Is(this=cell(name, table), expression=exp.null())
    if family_of(type_) is not Family.FLOAT:
        return null
    return exp.Paren(this=exp.or_(null, exp.IsNan(this=cell(name, table))))


def all_present(rule: Rule, contract: Contract, table: str | None = None) -> exp.Expr:
    """Return whether no column of a rule is missing."""
    return exp.and_(
        *(exp.not_(missing(name, _type(contract, name), table)) for name in rule.columns)
    )


def any_of(expressions: list[exp.Expr]) -> exp.Expr:
    """Return whether one of some claims holds; null counts as not."""
    either = reduce(lambda left, right: exp.Or(this=left, expression=right), expressions)
    return exp.Coalesce(this=either, expressions=[exp.false()])


def parts_of(rule: Rule, contract: Contract) -> tuple[Part, ...]:  # noqa: PLR0911 - one per kind
    """Return the ways in which a row alone can fail a rule.

    A part is null or false where the row passes. Rules that need more than the row (unique,
    reference) or that no row can fail (row count, freshness, text, type) have none.
    """
    match rule.kind:
        case RuleKind.REQUIRED:
            (name,) = rule.columns
            return (Part("missing", missing(name, _type(contract, name))),)
        case RuleKind.MISSING:
            return _missing(rule, contract)
        case RuleKind.RANGE:
            (name,) = rule.columns
            type_ = _type(contract, name)
            return _limits(rule, cell(name), type_, type_)
        case RuleKind.LENGTH:
            (name,) = rule.columns
            return _lengths(rule, name)
        case RuleKind.SET:
            (name,) = rule.columns
            fails = exp.not_(_among(name, rule, contract))
            return (Part("outside the list", _guard(rule, contract, fails)),)
        case RuleKind.PATTERN:
            (name,) = rule.columns
            regex = exp.Literal.string(str(rule.arguments["regex"]))
            matches = exp.RegexpLike(this=cell(name), expression=regex)
            return (Part("of another form", exp.not_(matches)),)
        case RuleKind.COMPARE:
            return (Part(f"contrary to {expected_of(rule)}", _compare(rule, contract)),)
        case _:
            return ()


def _type(contract: Contract, name: str) -> str:
    column = contract.column(name)
    if column is None:
        raise KeyError(name)
    return column.type


def _guard(rule: Rule, contract: Contract, fails: exp.Expr) -> exp.Expr:
    """Let NaN pass, which compares as if it were a number; null passes by itself."""
    nans = [
        exp.not_(exp.IsNan(this=cell(name)))
        for name in rule.columns
        if family_of(_type(contract, name)) is Family.FLOAT
    ]
    return exp.and_(fails, *nans)


def _among(name: str, rule: Rule, contract: Contract) -> exp.Expr:
    values = rule.arguments["values"]
    if not isinstance(values, list):
        raise TypeError(rule.id)
    type_ = _type(contract, name)
    return exp.In(this=cell(name), expressions=[constant(value, type_) for value in values])


def _missing(rule: Rule, contract: Contract) -> tuple[Part, ...]:
    (name,) = rule.columns
    parts = [Part("a word for a missing value", _among(name, rule, contract))]
    if rule.arguments["nulls"]:
        parts.insert(0, Part("missing", missing(name, _type(contract, name))))
    return tuple(parts)


def _limits(rule: Rule, value: exp.Expr, type_: str, column_type: str) -> tuple[Part, ...]:
    words = {
        "minimum": ("below {}", exp.LT),
        "exclusive_minimum": ("{} or less", exp.LTE),
        "maximum": ("above {}", exp.GT),
        "exclusive_maximum": ("{} or more", exp.GTE),
    }
    parts = []
    for key, (text, comparison) in words.items():
        if key not in rule.arguments:
            continue
        limit = rule.arguments[key]
        shown = f"{limit:,}" if isinstance(limit, int | float) else str(limit)
        fails: exp.Expr = comparison(this=value.copy(), expression=constant(limit, type_))
        if family_of(column_type) is Family.FLOAT:
            fails = exp.and_(fails, exp.not_(exp.IsNan(this=value.copy())))
        parts.append(Part(text.format(shown), fails))
    return tuple(parts)


def _lengths(rule: Rule, name: str) -> tuple[Part, ...]:
    length = exp.Length(this=cell(name))
    parts = []
    for key, text, comparison in (
        ("minimum", "shorter than {} characters", exp.LT),
        ("maximum", "longer than {} characters", exp.GT),
    ):
        if key in rule.arguments:
            limit = rule.arguments[key]
            fails = comparison(this=length.copy(), expression=constant(limit, "BIGINT"))
            parts.append(Part(text.format(f"{limit:,}"), fails))
    return tuple(parts)


def _compare(rule: Rule, contract: Contract) -> exp.Expr:
    left, right = rule.columns
    types = [_type(contract, name) for name in rule.columns]
    sides: list[exp.Expr] = [cell(left), cell(right)]
    families = {family_of(type_) for type_ in types}
    if types[0] != types[1] and families & {Family.DECIMAL, Family.FLOAT}:
        # NOTE: a decimal type wide enough for both need not exist; 53 bits always compare.
        sides = [exp.cast(side, exp.DataType.build("DOUBLE")) for side in sides]
    holds = COMPARISONS[str(rule.arguments["op"])](this=sides[0], expression=sides[1])
    return _guard(rule, contract, exp.not_(holds))
