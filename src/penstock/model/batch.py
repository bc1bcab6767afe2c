"""What landed: files, the claim that made them one batch, and what reading them gave."""

from __future__ import annotations

from pydantic import AwareDatetime, Field

from penstock.model.canonical import Digest, digest_of
from penstock.model.finding import Finding
from penstock.model.value import BatchId, FileRef, Value

__all__ = ["Claim", "Column", "Ingested", "IngestedFile", "LandedFile", "batch_id"]

BATCH_COLUMN = "_penstock_batch"
FILE_COLUMN = "_penstock_file"
RECORD_COLUMN = "_penstock_record"


class LandedFile(Value):
    """One version of one file in a landing."""

    uri: str = Field(description="`s3://bucket/key` or `file:///path`")
    version: str = Field(description="on S3 `etag@seconds`; on disk `size-mtime_ns-inode`")
    size: int = Field(ge=0, description="bytes")
    modified_at: AwareDatetime


class Claim(Value):
    """The durable manifest that makes files one batch; written once, before anything is read."""

    dataset: str
    sequence: int = Field(ge=1, description="position in the dataset's order of arrival")
    files: tuple[LandedFile, ...] = Field(min_length=1)
    requested_by: str = Field(description="who or what asked, `watcher` or `user@host`")
    claimed_at: AwareDatetime

    @property
    def digest(self) -> Digest:
        """Identity of the claimed file versions, whoever claimed them and when."""
        pairs = sorted([file.uri, file.version] for file in self.files)
        return digest_of([self.dataset, pairs], tag="penstock/claim/1")


class Column(Value):
    """A column of the typed batch."""

    name: str
    type: str = Field(description="DuckDB type name, as in `DECIMAL(12,2)`")


class IngestedFile(Value):
    """One landed file after reading; `records` is None when they could not be counted."""

    uri: str
    version: str
    raw: FileRef = Field(description="byte-for-byte copy in content-addressed storage")
    records: int | None = Field(description="records in the file by an independent count")
    rows_typed: int = Field(ge=0)
    rows_miscast: int = Field(ge=0)
    records_rejected: int = Field(ge=0)

    @property
    def is_conserved(self) -> bool:
        """True when every record of the file is accounted for."""
        read = self.rows_typed + self.rows_miscast + self.records_rejected
        return self.records is not None and self.records == read


class Ingested(Value):
    """A batch as typed Parquet, with everything that could not be read kept aside.

    All three tables carry the columns `_penstock_batch`, `_penstock_file`, `_penstock_record`.
    """

    batch: BatchId
    dataset: str
    claim: Digest
    files: tuple[IngestedFile, ...]
    columns: tuple[Column, ...] = Field(description="the contract's columns, in its order")
    missing_columns: tuple[str, ...] = ()
    typed: FileRef = Field(description="rows whose every cast held; Parquet, possibly 0 rows")
    miscast: FileRef | None = Field(
        description="rows with failed casts: the same columns (failed cells null) and"
        " `_penstock_casts`, a list of {column, value, reason}"
    )
    rejects: FileRef | None = Field(
        description="records that are no rows: uri, record, byte offset, raw bytes, reason"
    )
    findings: tuple[Finding, ...] = ()

    @property
    def is_conserved(self) -> bool:
        """True when every record of every file is accounted for."""
        return all(file.is_conserved for file in self.files)

    @property
    def records(self) -> int | None:
        """Records landed, or None when one file's could not be counted."""
        counts = [file.records for file in self.files]
        return None if None in counts else sum(count for count in counts if count is not None)


def batch_id(files: dict[str, Digest]) -> BatchId:
    """Return the id of the batch of these files, given as uri to content digest."""
    return BatchId(
        digest_of(sorted([uri, digest] for uri, digest in files.items()), tag="penstock/batch/1")
    )
