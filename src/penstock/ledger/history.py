"""What earlier batches looked like: their profiles, and the content they were delivered in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice

from sqlalchemy import Connection, Select, func, select

from penstock.ledger.batches import require_batch
from penstock.ledger.catalogue import require_release
from penstock.ledger.change import Part
from penstock.ledger.schema import PROFILE_TAG, batch_files, batches, profiles
from penstock.model import BatchId, BatchState, HistoryEntry, Profile, ReleaseId, digest_of

__all__ = ["History"]

KEYS_PER_QUERY = 500


class History(Part):
    """Profiles, history and deliveries."""

    def save_profile(
        self, batch: BatchId, release: ReleaseId, dataset: str, profile: Profile
    ) -> None:
        """Keep the profile of a batch under a release; the first one stays.

        A second scan of the same rows can differ in a last digit, so it changes nothing.
        """
        with self._change() as change:
            require_release(change, release)
            require_batch(change, batch)
            if _profile(change.connection, batch, release) is not None:
                return
            change.insert(
                profiles,
                {
                    "batch": batch,
                    "release": release,
                    "dataset": dataset,
                    "profile": profile,
                    "saved_at": change.at,
                },
            )
            change.audit(
                "profile.saved",
                f"batch:{batch}",
                {
                    "release": release,
                    "rows": profile.rows,
                    "profile": digest_of(profile, tag=PROFILE_TAG),
                },
            )

    def profile(self, batch: BatchId, release: ReleaseId) -> Profile | None:
        """Return the profile of a batch under a release, if it was scanned."""
        with self._database.reading() as connection:
            return _profile(connection, batch, release)

    def history(self, dataset: str, *, before: int | None, limit: int = 365) -> list[HistoryEntry]:
        """Return the newest `limit` published batches with their profiles, oldest first.

        `before` leaves out claims from that sequence number on. A batch that was published under
        several claims counts once, at the first; one that was never profiled does not count.
        """
        with self._database.reading() as connection:
            rows = connection.execute(_published(dataset, before).limit(limit)).all()
            digests = _digests(connection, [row.claim for row in rows])
        return [
            HistoryEntry(
                batch=row.batch, at=row.claimed_at, digests=digests[row.claim], profile=row.profile
            )
            for row in reversed(rows)
        ]

    def deliveries(
        self, dataset: str, digests: Sequence[str], *, before: int | None = None
    ) -> dict[str, list[BatchId]]:
        """Return which batches of the dataset had a file of this content, oldest first.

        `before` leaves out claims from that sequence number on. The same files again are the same
        batch id under another claim, so only `before` tells a redelivery from the batch itself.
        """
        found: dict[str, list[BatchId]] = {}
        with self._database.reading() as connection:
            for chunk in _chunks(dict.fromkeys(digests)):
                for content, batch in connection.execute(_having(dataset, chunk, before)):
                    known = found.setdefault(content, [])
                    if batch not in known:
                        known.append(batch)
        return found


def _profile(connection: Connection, batch: BatchId, release: ReleaseId) -> Profile | None:
    query = select(profiles.c.profile).where(
        profiles.c.batch == batch, profiles.c.release == release
    )
    found: Profile | None = connection.execute(query).scalar()
    return found


def _published(dataset: str, before: int | None) -> Select[tuple[str, BatchId, datetime, Profile]]:
    is_accepted = (batches.c.dataset == dataset) & (batches.c.state == BatchState.PUBLISHED)
    if before is not None:
        is_accepted &= batches.c.sequence < before
    first = (
        select(func.min(batches.c.sequence).label("sequence"))
        .where(is_accepted)
        .group_by(batches.c.batch)
        .subquery()
    )
    return (
        select(batches.c.claim, batches.c.batch, batches.c.claimed_at, profiles.c.profile)
        .join(first, batches.c.sequence == first.c.sequence)
        .join(
            profiles,
            (profiles.c.batch == batches.c.batch) & (profiles.c.release == batches.c.release),
        )
        .where(batches.c.dataset == dataset)
        .order_by(batches.c.sequence.desc())
    )


def _digests(connection: Connection, claims: Sequence[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = dict.fromkeys(claims, ())
    for chunk in _chunks(claims):
        query = (
            select(batch_files.c.claim, batch_files.c.content)
            .where(batch_files.c.claim.in_(chunk))
            .order_by(batch_files.c.claim, batch_files.c.uri)
        )
        for claim, content in connection.execute(query):
            found[claim] += (content,)
    return found


def _having(
    dataset: str, digests: Sequence[str], before: int | None
) -> Select[tuple[str, BatchId]]:
    query: Select[tuple[str, BatchId]] = (
        select(batch_files.c.content, batches.c.batch)
        .join(batches, batches.c.claim == batch_files.c.claim)
        .where(
            batches.c.dataset == dataset,
            batches.c.batch.is_not(None),
            batch_files.c.content.in_(digests),
        )
        .order_by(batches.c.sequence)
    )
    return query if before is None else query.where(batches.c.sequence < before)


def _chunks(keys: Iterable[str]) -> Iterator[list[str]]:
    rest = iter(keys)
    while chunk := list(islice(rest, KEYS_PER_QUERY)):
        yield chunk
