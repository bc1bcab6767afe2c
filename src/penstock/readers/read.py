"""Landed files of one batch into one typed Parquet; every record is accounted for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from penstock.contracts import Contract, DriftMode, RuleKind
from penstock.errors import NotConserved
from penstock.model import BatchId, Column, Example, Finding, Severity
from penstock.readers.caster import Caster
from penstock.readers.columns import ColumnMatch
from penstock.readers.csv_parse import Layout
from penstock.readers.delimited import DelimitedReader
from penstock.readers.dialect import compile_dialect
from penstock.readers.json_lines import JsonColumn, JsonLinesReader
from penstock.readers.notes import Note, Notes
from penstock.readers.parquet_file import ParquetReader
from penstock.readers.retyped import note_retyped
from penstock.readers.source import (
    SUFFIXES,
    Format,
    Kind,
    Limits,
    SourceFile,
    format_of,
    read_chunks,
)
from penstock.readers.staging import FileStage
from penstock.readers.types import Family, compile_targets
from penstock.readers.unreadable import Unreadable

__all__ = ["ReadFile", "ReadResult", "read_files"]

NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadFile:
    """Where the records of one file went; nothing is known of a file that is held as a whole."""

    uri: str
    records: int | None
    rows_typed: int
    rows_miscast: int
    records_rejected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadResult:
    """A batch as tables. Under `discard_value` the miscast rows are typed rows as well."""

    typed: Path
    miscast: Path | None
    rejects: Path | None
    files: tuple[ReadFile, ...]
    columns: tuple[Column, ...]
    missing_columns: tuple[str, ...]
    findings: tuple[Finding, ...]


def read_files(
    files: Sequence[SourceFile],
    contract: Contract,
    *,
    batch: BatchId,
    out: Path,
    limits: Limits = NO_LIMITS,
) -> ReadResult:
    """Read the files of a batch, in their order, into `typed.parquet` and its companions in `out`.

    A file is taken as a whole or held as a whole: one that cannot be read to its end gives a
    critical finding, `records=None` and no rows. Of a file that can, each record becomes a typed
    row, a miscast row (some cell is not of the contract's type) or a reject (it is no row).

    Text is read as text and then cast without loss: a value that its type cannot hold exactly is
    a failed cast. Under `drift.types: discard_value` rows with failed casts are typed rows with
    these cells null, and the miscast table only keeps the record of what was there.

    Raises:
        ConfigError: when the contract's types or CSV dialect cannot be used.
        NotConserved: when the records do not add up, which no input should bring about.
    """
    return _Batch(contract, batch=batch, out=out, limits=limits).read(files)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Taken:
    uri: str
    records: int | None
    rejected: int = 0
    number: int | None = None


class _Batch:
    def __init__(self, contract: Contract, *, batch: BatchId, out: Path, limits: Limits) -> None:
        self._contract = contract
        self._targets = compile_targets(contract)
        self._out = out
        self._limits = limits
        self._notes = Notes()
        self._match = ColumnMatch(contract, self._notes)
        self._masked = frozenset(column.name for column in contract.columns if column.sensitive)
        self._caster = Caster(
            self._targets,
            batch=batch,
            out=out,
            keep_miscast_rows=contract.drift.types is DriftMode.DISCARD_VALUE,
            masked=self._masked,
        )
        compile_dialect(contract, tabs=False)  # a bad dialect is refused whatever landed

    def read(self, files: Sequence[SourceFile]) -> ReadResult:
        with self._caster as caster:
            taken = [self._take(file) for file in files]
            caster.settle()
        counted = tuple(self._count(file) for file in taken)
        self._note_casts()
        return ReadResult(
            typed=caster.typed_path,
            miscast=caster.miscast_path,
            rejects=caster.rejects_path,
            files=counted,
            columns=tuple(Column(name=one.name, type=one.type) for one in self._targets),
            missing_columns=self._match.missing,
            findings=self._notes.findings(rows=sum(file.records or 0 for file in counted)),
        )

    def _take(self, file: SourceFile) -> _Taken:
        form = format_of(file.uri)
        stage = FileStage(
            file.uri,
            scratch=self._out,
            limit=self._limits.staged_bytes,
            masked=bool(self._masked),
        )
        try:
            records = self._read(file, form, stage)
            rejected = stage.rejects.rows
            _require_all(records, stage)
            self._notes.add_rejected(file.uri, stage.tallies, records=records)
            if not records:
                self._note_no_records(file.uri)
            return _Taken(
                uri=file.uri, records=records, rejected=rejected, number=self._caster.take(stage)
            )
        except Unreadable as held:
            self._note_held(file.uri, held)
            return _Taken(uri=file.uri, records=held.records)
        finally:
            stage.close()

    def _read(self, file: SourceFile, form: Format | None, stage: FileStage) -> int:
        if form is None:
            raise Unreadable(
                "unknown_format",
                "has a name that does not end in a supported suffix",
                remedy=f"Supported: {SUFFIXES}. Name the file after what it is.",
            )
        match form.kind:
            case Kind.CSV:
                return self._read_delimited(file, form, stage)
            case Kind.JSON_LINES:
                return self._read_json(file, form, stage)
            case Kind.PARQUET:
                return self._read_parquet(file, stage)

    def _read_delimited(self, file: SourceFile, form: Format, stage: FileStage) -> int:
        reader = DelimitedReader(
            read_chunks(file.path, form.compression, self._limits),
            compile_dialect(self._contract, tabs=form.tabs),
            stage=stage,
            resolve=lambda names: self._match.match(names, file.uri),
        )
        records = reader.read()
        if records and not reader.has_last_line_end:
            self._notes.add(
                Note(
                    kind="no_last_line_end",
                    file=file.uri,
                    what=f"has no line end after its last record ({records}): it may have been cut",
                    remedy="Ask the producer to end every record with a line end.",
                    severity=Severity.LOW,
                    examples=(Example(file=file.uri, record=records),),
                )
            )
        return records

    def _read_json(self, file: SourceFile, form: Format, stage: FileStage) -> int:
        columns = [
            JsonColumn(name=target.name, is_nested=target.family is Family.NESTED)
            for target in self._targets
        ]
        reader = JsonLinesReader(
            read_chunks(file.path, form.compression, self._limits),
            columns,
            stage=stage,
            max_line_bytes=self._contract.csv.max_line_bytes,
        )
        records = reader.read()
        self._match.match_keys(reader.seen, reader.extra_keys, file.uri, rows=stage.rows.rows)
        return records

    def _read_parquet(self, file: SourceFile, stage: FileStage) -> int:
        def resolve(schema: pa.Schema) -> Layout:
            layout = self._match.match(schema.names, file.uri)
            note_retyped(schema, layout, targets=self._targets, uri=file.uri, notes=self._notes)
            return layout

        return ParquetReader(file.path, limits=self._limits, stage=stage, resolve=resolve).read()

    def _count(self, taken: _Taken) -> ReadFile:
        typed, miscast = (0, 0) if taken.number is None else self._caster.counts(taken.number)
        if taken.number is not None and taken.records != typed + miscast + taken.rejected:
            raise NotConserved(
                f"{taken.uri} has {taken.records} records, of which {typed} were typed, {miscast}"
                f" miscast and {taken.rejected} rejected.",
                remedy="Nothing was lost: the file lies where it landed. Report this to Penstock.",
            )
        return ReadFile(
            uri=taken.uri,
            records=taken.records,
            rows_typed=typed,
            rows_miscast=miscast,
            records_rejected=taken.rejected,
        )

    def _note_held(self, uri: str, held: Unreadable) -> None:
        self._notes.add(
            Note(
                kind=held.kind,
                file=uri,
                what=held.what,
                remedy=f"None of it was read. {held.remedy}",
                severity=Severity.CRITICAL,
                examples=(Example(file=uri),),
            )
        )

    def _note_no_records(self, uri: str) -> None:
        self._notes.add(
            Note(
                kind="no_records",
                file=uri,
                what="has columns but no records",
                remedy="Ask the producer whether there was nothing to report.",
                severity=Severity.HIGH,
                rows=0,
                examples=(Example(file=uri),),
            )
        )

    def _note_casts(self) -> None:
        """Note failed casts of columns for which no rule of the contract will tell of them."""
        told = {
            name
            for rule in self._contract.rules
            if rule.kind is RuleKind.TYPE
            for name in rule.columns
        }
        for name, fault in self._caster.faults.items():
            column = self._contract.column(name)
            if name not in told and column is not None:
                self._notes.add(
                    Note(
                        kind="type",
                        file=fault.examples[0].file,
                        what=f"has {name!r} in record {fault.examples[0].record} that is"
                        f" {fault.reason}",
                        remedy="Correct the values and land the file again, or correct the"
                        " column's type in the contract.",
                        severity=column.severity,
                        column=name,
                        expected=column.type,
                        rows=fault.rows,
                        examples=fault.examples,
                    )
                )


def _require_all(records: int, stage: FileStage) -> None:
    rows, rejected = stage.rows.rows, stage.rejects.rows
    if rows + rejected != records:
        raise Unreadable(
            "count_mismatch",
            f"has {records} records, of which {rows} could be read and {rejected} were rejected",
            remedy="Report this to Penstock with the file.",
        )
