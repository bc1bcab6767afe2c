"""A contract's CSV dialect, checked and as bytes."""

from __future__ import annotations

from dataclasses import dataclass

from penstock.contracts import Contract
from penstock.errors import ConfigError
from penstock.readers.encoding import codec_name

__all__ = ["Dialect", "compile_dialect"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """How records are delimited, as ASCII bytes; None where the dialect has no such thing."""

    delimiter: int
    quote: int | None
    escape: int | None
    """Takes the next character literally; None when quotes are escaped by doubling or not."""
    doubled: bool
    """Two quotes inside a quoted field are one quote of its text."""
    header: bool
    encoding: str
    nulls: tuple[str, ...]
    max_line_bytes: int


def compile_dialect(contract: Contract, *, tabs: bool) -> Dialect:
    """Check the declared dialect; a `.tsv` file has tabs unless the contract names a delimiter.

    Raises:
        ConfigError: when the dialect has no one meaning.
    """
    csv = contract.csv
    stated = "delimiter" in csv.model_fields_set
    signs = {
        "delimiter": csv.delimiter if stated or not tabs else "\t",
        "quote": csv.quote,
        "escape": csv.escape,
    }
    for name, sign in signs.items():
        optional = name != "delimiter"
        if not (optional and sign == "") and (len(sign) != 1 or sign in "\r\n\0" or sign > "\x7e"):
            raise ConfigError(
                f"`penstock.csv.{name}` is {sign!r}, which is not one ASCII character.",
                remedy="Give one character" + (', or "" for none.' if optional else "."),
                file=contract.source,
            )
    if signs["delimiter"] in {signs["quote"], signs["escape"]}:
        raise ConfigError(
            f"`penstock.csv` uses {signs['delimiter']!r} as delimiter and as quote or escape.",
            remedy="Give them different characters.",
            file=contract.source,
        )
    quote = ord(csv.quote) if csv.quote else None
    doubled = quote is not None and csv.escape == csv.quote
    return Dialect(
        delimiter=ord(signs["delimiter"]),
        quote=quote,
        escape=None if doubled or not csv.escape else ord(csv.escape),
        doubled=doubled,
        header=csv.header,
        encoding=codec_name(csv.encoding, source=contract.source),
        nulls=csv.nulls,
        max_line_bytes=csv.max_line_bytes,
    )
