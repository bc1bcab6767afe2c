"""The ledger's tables. A change here needs a migration: a test compares the two."""

from __future__ import annotations

from pydantic import JsonValue
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    UniqueConstraint,
)

from penstock.ledger.stored import Canonical, Instant
from penstock.model import Choice, FileRef, Profile

__all__ = [
    "AUDIT_BODY_TAG",
    "EFFECT_RESULT_TAG",
    "PROFILE_TAG",
    "audit",
    "batch_files",
    "batches",
    "decisions",
    "effects",
    "metadata",
    "profiles",
    "releases",
    "requests",
    "workflows",
]

AUDIT_BODY_TAG = "penstock/audit-body/1"
EFFECT_RESULT_TAG = "penstock/effect-result/1"
FILE_TAG = "penstock/file/1"
PROFILE_TAG = "penstock/profile/1"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

workflows = Table(
    "orchestration_workflows",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("config_path", Text, nullable=False),
    Column("object_version", Text),
    Column("digest", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    UniqueConstraint("name", "version"),
)

releases = Table(
    "releases",
    metadata,
    Column("id", Text, primary_key=True),
    Column("code", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("workflow", Text, nullable=False),
    Column("workflow_digest", Text, nullable=False),
    Column("contract", Text, nullable=False),
    Column("contract_digest", Text, nullable=False),
    Column("libraries", Canonical(dict[str, str], tag="penstock/libraries/1"), nullable=False),
    Column("recorded_at", Instant, nullable=False),
)

batches = Table(
    "batches",
    metadata,
    Column("claim", Text, primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("batch", Text, index=True),
    Column("state", Text, nullable=False),
    Column("release", ForeignKey("releases.id"), nullable=False),
    Column("requested_by", Text, nullable=False),
    Column("claimed_at", Instant, nullable=False),
    Column("owner", Text, nullable=False),
    Column("flow_run", Text),
    Column("attempts", Integer, nullable=False),
    Column("evidence", Canonical(FileRef, tag=FILE_TAG)),
    Column("page", Canonical(FileRef, tag=FILE_TAG)),
    Column("snapshot", BigInteger),
    Column("rows_landed", BigInteger),
    Column("rows_published", BigInteger),
    Column("rows_quarantined", BigInteger),
    Column("rows_rejected", BigInteger),
    Column("reason", Text),
    Column("updated_at", Instant, nullable=False),
    UniqueConstraint("dataset", "sequence"),
    CheckConstraint("state IN ('running', 'held', 'published', 'rejected', 'dead')", name="state"),
    CheckConstraint("state <> 'published' OR batch IS NOT NULL", name="published_batch"),
    comment="one row per claim; batch is null until its content was read",
)

batch_files = Table(
    "batch_files",
    metadata,
    Column("claim", ForeignKey("batches.claim"), nullable=False),
    Column("uri", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("content", Text, index=True),
    PrimaryKeyConstraint("claim", "uri", "version"),
    comment="the claimed file versions; content is their digest, null until read",
)

profiles = Table(
    "profiles",
    metadata,
    Column("batch", Text, nullable=False),
    Column("release", ForeignKey("releases.id"), nullable=False),
    Column("dataset", Text, nullable=False),
    Column("profile", Canonical(Profile, tag=PROFILE_TAG), nullable=False),
    Column("saved_at", Instant, nullable=False),
    PrimaryKeyConstraint("batch", "release"),
)

requests = Table(
    "requests",
    metadata,
    Column("id", Text, primary_key=True),
    Column("dataset", Text, nullable=False),
    Column("claim", ForeignKey("batches.claim"), nullable=False),
    Column("batch", Text, nullable=False),
    Column("release", ForeignKey("releases.id"), nullable=False),
    Column("evidence", Text, nullable=False),
    Column("evidence_ref", Canonical(FileRef, tag=FILE_TAG), nullable=False),
    Column("page", Canonical(FileRef, tag=FILE_TAG), nullable=False),
    Column("options", Canonical(tuple[Choice, ...], tag="penstock/choices/1"), nullable=False),
    Column("severity", Text, nullable=False),
    Column("summary", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("flow_run", Text),
    Column("wake_ups", Integer, nullable=False),
    Column("opened_at", Instant, nullable=False),
    UniqueConstraint("batch", "release", "evidence"),
    CheckConstraint("state IN ('open', 'decided', 'superseded')", name="state"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("request", ForeignKey("requests.id"), nullable=False, unique=True),
    Column("batch", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("release", ForeignKey("releases.id"), nullable=False),
    Column("choice", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("proof", Text, nullable=False),
    Column("at", Instant, nullable=False),
    CheckConstraint("choice IN ('approve', 'quarantine', 'reject')", name="choice"),
    comment="append-only",
)

effects = Table(
    "effects",
    metadata,
    Column("key", Text, primary_key=True),
    Column("batch", Text, nullable=False, index=True),
    Column("release", ForeignKey("releases.id"), nullable=False),
    Column("step", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("result", Canonical(dict[str, JsonValue], tag=EFFECT_RESULT_TAG)),
    Column("intended_at", Instant, nullable=False),
    Column("done_at", Instant),
    CheckConstraint("kind IN ('publish', 'notify', 'lineage')", name="kind"),
    CheckConstraint(
        "(state = 'intended' AND done_at IS NULL) OR (state = 'done' AND done_at IS NOT NULL)",
        name="state",
    ),
)

audit = Table(
    "audit",
    metadata,
    Column("sequence", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text, nullable=False, index=True),
    Column("body", Canonical(dict[str, JsonValue], tag=AUDIT_BODY_TAG), nullable=False),
    Column("previous", Text, nullable=False),
    Column("digest", Text, nullable=False),
    # NOTE: the unique index is the last line against a fork, should a writer ever skip the lock.
    Index("uq_audit_previous", "previous", unique=True),
    comment="append-only chain: each record carries the digest of the one before",
)
