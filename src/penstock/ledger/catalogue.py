"""Loaded workflow versions and releases: pointers and digests, never the definitions."""

from __future__ import annotations

from sqlalchemy import select

from penstock.errors import Conflict, NotFound
from penstock.ledger.change import Change, Part, find, find_all, select_as
from penstock.ledger.schema import releases, workflows
from penstock.model import Digest, Release, ReleaseId, WorkflowRecord, digest_of

__all__ = ["Catalogue", "require_release"]


class Catalogue(Part):
    """What was loaded, under which digest."""

    def record_workflow(
        self,
        *,
        name: str,
        version: str,
        config_path: str,
        object_version: str | None,
        digest: Digest,
    ) -> WorkflowRecord:
        """Record a loaded version of a definition; the same again gives the first record.

        Raises:
            Conflict: when this version was loaded before with different content.
        """
        query = select_as(workflows, WorkflowRecord).where(
            workflows.c.name == name, workflows.c.version == version
        )
        with self._change() as change:
            existing = find(change.connection, WorkflowRecord, query)
            if existing is not None and existing.digest != digest:
                raise Conflict(
                    f"Workflow {name!r} version {version!r} was loaded from"
                    f" {existing.config_path} with digest {existing.digest[:12]}; now"
                    f" {config_path} has digest {digest[:12]}.",
                    remedy="Give the changed definition a new version, or restore the old content.",
                )
            if existing is not None:
                return existing
            record = WorkflowRecord(
                id=digest_of([name, version], tag="penstock/workflow-id/1"),
                name=name,
                version=version,
                config_path=config_path,
                object_version=object_version,
                digest=digest,
                created_at=change.at,
            )
            change.insert(workflows, record.model_dump())
            change.audit(
                "workflow.loaded",
                f"workflow:{name}@{version}",
                {"config_path": config_path, "object_version": object_version, "digest": digest},
            )
            return record

    def workflows(self) -> list[WorkflowRecord]:
        """Return every loaded version, oldest first."""
        query = select_as(workflows, WorkflowRecord).order_by(
            workflows.c.created_at, workflows.c.name, workflows.c.version
        )
        with self._database.reading() as connection:
            return find_all(connection, WorkflowRecord, query)

    def record_release(self, release: Release) -> None:
        """Record a release; the same again changes nothing.

        Raises:
            Conflict: when this id was recorded with different parts.
        """
        with self._change() as change:
            existing = find(
                change.connection,
                Release,
                select_as(releases, Release).where(releases.c.id == release.id),
            )
            if existing == release:
                return
            if existing is not None:
                raise Conflict(
                    f"Release {release.id[:12]} is recorded with other parts.",
                    remedy="A release id is the digest of its parts: build it anew.",
                )
            change.insert(releases, {**dict(release), "recorded_at": change.at})
            change.audit(
                "release.recorded", f"release:{release.id}", release.model_dump(mode="json")
            )

    def release(self, release: ReleaseId) -> Release:
        """Return a recorded release.

        Raises:
            NotFound: when it was never recorded.
        """
        query = select_as(releases, Release).where(releases.c.id == release)
        with self._database.reading() as connection:
            found = find(connection, Release, query)
        if found is None:
            raise _unknown(release)
        return found


def require_release(change: Change, release: ReleaseId) -> None:
    """Refuse a change under a release that nobody recorded."""
    query = select(releases.c.id).where(releases.c.id == release)
    if change.connection.execute(query).first() is None:
        raise _unknown(release)


def _unknown(release: ReleaseId) -> NotFound:
    return NotFound(
        f"Release {release[:12]!r} is not recorded.", remedy="Record it before working under it."
    )
