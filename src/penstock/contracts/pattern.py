"""Patterns and formats as DuckDB understands them, tried before any data is read."""

from __future__ import annotations

import duckdb

from penstock.documents import Place

__all__ = ["FORMATS", "check_regex", "check_strptime"]

FORMATS = {
    "email": r"^[^@\s]+@[^@\s.]+(\.[^@\s.]+)+$",
    "uuid": r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$",
    "uri": r"^[a-zA-Z][a-zA-Z0-9+.-]*:[^\s]+$",
    "hostname": r"^([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)*"
    r"[a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$",
    "ipv4": r"^((25[0-5]|2[0-4]\d|1?\d?\d)\.){3}(25[0-5]|2[0-4]\d|1?\d?\d)$",
    "ipv6": r"^([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}$"
    r"|^(([0-9a-fA-F]{1,4}:){0,6}[0-9a-fA-F]{1,4})?::(([0-9a-fA-F]{1,4}:){0,6}[0-9a-fA-F]{1,4})?$",
}
"""What `logicalTypeOptions.format` of a text column asks for."""

MAX_LENGTH = 1000


def check_regex(place: Place) -> str:
    """Return a regular expression that DuckDB's engine (RE2) can run.

    It is searched for in the text, as JSON Schema does: `^` and `$` pin it to the ends.

    Raises:
        ConfigError: for text that is no regular expression, or needs what RE2 leaves out for the
            sake of linear time (look-around, back references).
    """
    text = place.text()
    if text is None or len(text) > MAX_LENGTH:
        raise place.refuse(
            f"a pattern is text of 1 to {MAX_LENGTH} characters.",
            remedy="Write a regular expression.",
        )
    problem = _problem("SELECT regexp_matches('', ?)", text)
    if problem is not None:
        raise place.refuse(
            f"the pattern cannot be run ({problem}).",
            remedy="Use RE2 syntax: no look-around, no back references.",
        )
    return text


def check_strptime(place: Place, text: str) -> str:
    """Return a date format that DuckDB can read.

    Raises:
        ConfigError: for an unknown directive.
    """
    problem = _problem("SELECT try_strptime('', ?)", text)
    if problem is not None:
        raise place.refuse(
            f"the date format cannot be used ({problem}).",
            remedy="Write it as in `yyyy-MM-dd HH:mm:ss` or `%Y-%m-%d %H:%M:%S`.",
        )
    return text


def _problem(query: str, argument: str) -> str | None:
    try:
        with duckdb.connect(":memory:") as connection:
            connection.execute(query, [argument]).fetchall()
    except duckdb.Error as exc:
        return str(exc).splitlines()[0].partition(": ")[2]
    return None
