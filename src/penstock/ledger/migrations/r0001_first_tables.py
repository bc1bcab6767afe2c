"""First tables: workflows, releases, batches, profiles, requests, decisions, effects, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = {"audit": ("sequence", "previous"), "decisions": ("id", "request")}
"""Tables that only grow, with the columns in which no two rows are alike."""


def upgrade() -> None:
    """Create the tables, and the triggers that keep two of them append-only."""
    _create_catalogue()
    _create_batches()
    _create_gate()
    _create_effects_and_audit()
    if op.get_bind().dialect.name == "sqlite":
        _protect_on_sqlite()
    else:
        _protect_on_postgresql()


def _text(name: str, *, null: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.Text, nullable=null)


def _number(name: str, *, null: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=null)


def _release() -> sa.Column[str]:
    return sa.Column("release", sa.Text, sa.ForeignKey("releases.id"), nullable=False)


def _create_catalogue() -> None:
    op.create_table(
        "orchestration_workflows",
        sa.Column("id", sa.Text, primary_key=True),
        _text("name"),
        _text("version"),
        _text("config_path"),
        _text("object_version", null=True),
        _text("digest"),
        _text("created_at"),
        sa.UniqueConstraint("name", "version"),
    )
    op.create_table(
        "releases",
        sa.Column("id", sa.Text, primary_key=True),
        _text("code"),
        _text("code_version"),
        _text("workflow"),
        _text("workflow_digest"),
        _text("contract"),
        _text("contract_digest"),
        _text("libraries"),
        _text("recorded_at"),
    )


def _create_batches() -> None:
    op.create_table(
        "batches",
        sa.Column("claim", sa.Text, primary_key=True),
        _text("dataset"),
        _number("sequence"),
        sa.Column("batch", sa.Text, index=True),
        _text("state"),
        _release(),
        _text("requested_by"),
        _text("claimed_at"),
        _text("owner"),
        _text("flow_run", null=True),
        sa.Column("attempts", sa.Integer, nullable=False),
        _text("evidence", null=True),
        _text("page", null=True),
        _number("snapshot", null=True),
        _number("rows_landed", null=True),
        _number("rows_published", null=True),
        _number("rows_quarantined", null=True),
        _number("rows_rejected", null=True),
        _text("reason", null=True),
        _text("updated_at"),
        sa.UniqueConstraint("dataset", "sequence"),
        sa.CheckConstraint(
            "state IN ('running', 'held', 'published', 'rejected', 'dead')", name="state"
        ),
        sa.CheckConstraint("state <> 'published' OR batch IS NOT NULL", name="published_batch"),
        comment="one row per claim; batch is null until its content was read",
    )
    op.create_table(
        "batch_files",
        sa.Column("claim", sa.Text, sa.ForeignKey("batches.claim"), nullable=False),
        _text("uri"),
        _text("version"),
        _number("size"),
        _text("modified_at"),
        sa.Column("content", sa.Text, index=True),
        sa.PrimaryKeyConstraint("claim", "uri", "version"),
        comment="the claimed file versions; content is their digest, null until read",
    )
    op.create_table(
        "profiles",
        _text("batch"),
        _release(),
        _text("dataset"),
        _text("profile"),
        _text("saved_at"),
        sa.PrimaryKeyConstraint("batch", "release"),
    )


def _create_gate() -> None:
    op.create_table(
        "requests",
        sa.Column("id", sa.Text, primary_key=True),
        _text("dataset"),
        sa.Column("claim", sa.Text, sa.ForeignKey("batches.claim"), nullable=False),
        _text("batch"),
        _release(),
        _text("evidence"),
        _text("evidence_ref"),
        _text("page"),
        _text("options"),
        _text("severity"),
        _text("summary"),
        _text("state"),
        _text("flow_run", null=True),
        sa.Column("wake_ups", sa.Integer, nullable=False),
        _text("opened_at"),
        sa.UniqueConstraint("batch", "release", "evidence"),
        sa.CheckConstraint("state IN ('open', 'decided', 'superseded')", name="state"),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("request", sa.Text, sa.ForeignKey("requests.id"), nullable=False, unique=True),
        _text("batch"),
        _text("evidence"),
        _release(),
        _text("choice"),
        _text("note"),
        _text("by"),
        _text("proof"),
        _text("at"),
        sa.CheckConstraint("choice IN ('approve', 'quarantine', 'reject')", name="choice"),
        comment="append-only",
    )


def _create_effects_and_audit() -> None:
    op.create_table(
        "effects",
        sa.Column("key", sa.Text, primary_key=True),
        sa.Column("batch", sa.Text, nullable=False, index=True),
        _release(),
        _text("step"),
        _text("kind"),
        _text("state"),
        _text("result", null=True),
        _text("intended_at"),
        _text("done_at", null=True),
        sa.CheckConstraint("kind IN ('publish', 'notify', 'lineage')", name="kind"),
        sa.CheckConstraint(
            "(state = 'intended' AND done_at IS NULL) OR (state = 'done' AND done_at IS NOT NULL)",
            name="state",
        ),
    )
    op.create_table(
        "audit",
        sa.Column("sequence", sa.BigInteger, primary_key=True, autoincrement=False),
        _text("at"),
        _text("kind"),
        sa.Column("subject", sa.Text, nullable=False, index=True),
        _text("body"),
        _text("previous"),
        _text("digest"),
        comment="append-only chain: each record carries the digest of the one before",
    )
    op.create_index("uq_audit_previous", "audit", ["previous"], unique=True)


def _protect_on_sqlite() -> None:
    for table, (first, second) in APPEND_ONLY.items():
        stop = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        op.execute(f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table} {stop}")
        op.execute(f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} {stop}")
        # INSERT OR REPLACE deletes without asking delete triggers, unless a pragma says so.
        alike = f"{first} = NEW.{first} OR {second} = NEW.{second}"
        exists = f"EXISTS (SELECT 1 FROM {table} WHERE {alike})"  # noqa: S608 - constants
        op.execute(
            f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table} WHEN {exists} {stop}"
        )


def _protect_on_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION penstock_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '23001';"
        " END $$"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION penstock_append_only()"
        )
        # Fires in replication mode too, which a superuser could switch on to get around it.
        op.execute(f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_append_only")
