"""How text, and the columns of Parquet files, become the contract's types without loss.

DuckDB's `TRY_CAST` is generous: '1.5' becomes the integer 2, '2.555' the decimal 2.56, '1_000' is
a number, a date loses its time of day, a timestamp its zone, and '1e999' is infinite. Here a text
must first look like a value that its type can hold exactly.
"""

from __future__ import annotations

import duckdb

from penstock.readers.types import Family, Target, quote_text

__all__ = ["cast_expression", "why_not"]

_DAY = r"\d{4}([-/])\d{1,2}[-/]\d{1,2}"
_CLOCK = r"(?:[01]?\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{0,6}0*)?)?"
_FLOAT = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*"
_NOT_FINITE = r"(?i)\s*(?:nan|[+-]?inf(?:inity)?)\s*"
_EXPONENT = r"\s*[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}\s*"

_SHAPES = {
    Family.DATE: rf"\s*{_DAY}(?:[ T]00?:00(?::00(?:\.0*)?)?)?\s*",
    Family.TIME: rf"\s*{_CLOCK}\s*",
    Family.TIMESTAMP: rf"\s*{_DAY}(?:[ T]{_CLOCK}(?:Z|[+-]00(?::?00)?)?)?\s*",
    Family.TIMESTAMPTZ: rf"\s*{_DAY}(?:[ T]{_CLOCK}(?: ?(?:Z|[+-]\d{{2}}(?::?\d{{2}})?))?)?\s*",
}


def cast_expression(
    connection: duckdb.DuckDBPyConnection, column: str, source: str, target: Target
) -> str:
    """Return SQL that gives a column's value as the target's type, null where that loses any.

    `column` is one of our own column names, `source` its DuckDB type.
    """
    kind = target.type
    if source == "VARCHAR":
        return _from_text(column, target)
    if source == "BLOB" and target.family is Family.TEXT:
        return f"TRY(decode({column}))"
    is_nested = source == "JSON" or (
        source.endswith((")", "]")) and not source.startswith("DECIMAL")
    )
    there = f"TRY_CAST({column} AS {kind})"
    expression = (
        f"CASE WHEN TRY_CAST({there} AS {source}) IS NOT DISTINCT FROM {column} THEN {there} END"
    )
    if is_nested and target.family is not Family.NESTED:
        return f"CAST(NULL AS {kind})"
    try:
        connection.execute(
            f"SELECT {expression} FROM (SELECT CAST(NULL AS {source}) AS {column})"  # noqa: S608 - types as DuckDB spells them
        ).fetchall()
    except duckdb.Error:  # no way leads from the one type to the other
        return f"CAST(NULL AS {kind})"
    return expression


def _from_text(column: str, target: Target) -> str:
    value = f"TRY_CAST({column} AS {target.type})"
    match target.family:
        case Family.TEXT:
            return column
        case Family.INTEGER | Family.DECIMAL:
            return _exact(column, value, target.scale)
        case Family.FLOAT:
            word = f"TRY_CAST(trim({column}) AS {target.type})"
            return (
                f"CASE WHEN {_looks(column, _FLOAT)} AND isfinite({value}) THEN {value}"
                f" WHEN {_looks(column, _NOT_FINITE)} THEN {word} END"
            )
        case Family.NESTED if target.type != "JSON":
            return f"TRY_CAST(TRY_CAST({column} AS JSON) AS {target.type})"
        case Family.DATE | Family.TIME | Family.TIMESTAMP | Family.TIMESTAMPTZ:
            return _moment(column, value, target)
        case _:
            return value


def _exact(column: str, value: str, scale: int) -> str:
    decimals = rf"(?:\.\d{{0,{scale}}}0*)?" if scale else r"(?:\.0*)?"
    point_first = rf"|\.\d{{1,{scale}}}0*" if scale else r"|\.0+"
    plain = rf"\s*[+-]?(?:\d+{decimals}{point_first})\s*"
    # A number in exponent form needs as many decimals as its digits show, less the exponent.
    digits = f"length(rtrim(regexp_extract({column}, '\\.(\\d*)', 1), '0'))"
    power = f"TRY_CAST(regexp_extract({column}, '[eE]([+-]?\\d+)', 1) AS INTEGER)"
    return (
        f"CASE WHEN {_looks(column, plain)} THEN {value}"
        f" WHEN {_looks(column, _EXPONENT)} AND {digits} - {power} <= {scale} THEN {value} END"
    )


def _moment(column: str, value: str, target: Target) -> str:
    if target.format is None:
        return f"CASE WHEN {_looks(column, _SHAPES[target.family])} THEN {value} END"
    moment = f"try_strptime({column}, {quote_text(str(target.format))})"
    if target.family is Family.DATE:  # a time of day that is read must not be dropped
        return f"CASE WHEN CAST({moment} AS TIME) = TIME '00:00:00' THEN CAST({moment} AS DATE) END"
    if "%n" in str(target.format):  # nanoseconds beyond the microsecond must not be dropped
        there = f"TRY_CAST({moment} AS {target.type})"
        return f"CASE WHEN CAST({there} AS TIMESTAMP_NS) = {moment} THEN {there} END"
    return f"TRY_CAST({moment} AS {target.type})"


def _looks(column: str, pattern: str) -> str:
    return f"regexp_full_match({column}, {quote_text(pattern)})"


def why_not(target: Target, source: str) -> str:
    """Say in words why a cell of that source type is not of the target's type."""
    if source != "VARCHAR":
        return f"a {source} that {target.type} cannot hold without loss"
    if target.format is not None:
        return f"not a {target.type} in the format {target.format}"
    match target.family:
        case Family.INTEGER:
            return f"not a whole number in the range of {target.type}"
        case Family.DECIMAL:
            return (
                f"not a number with at most {target.scale} decimals in the range of {target.type}"
            )
        case Family.DATE | Family.TIME | Family.TIMESTAMP | Family.TIMESTAMPTZ:
            return f"not a {target.type} in ISO form that keeps every digit and zone"
        case _:
            return f"not a {target.type}"
