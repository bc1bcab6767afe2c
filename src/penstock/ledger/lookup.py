"""Find batches: by what a person types, by dataset, by state."""

from __future__ import annotations

from sqlalchemy import select

from penstock.errors import Conflict, NotFound
from penstock.ledger.change import Part, begins, find_all, require_prefix, select_as
from penstock.ledger.schema import batches
from penstock.model import BatchRecord, BatchState

__all__ = ["Lookup"]

SETTLED = tuple(state.value for state in BatchState if state.is_settled)


class Lookup(Part):
    """Read what is known about claims and batches."""

    def batch(self, text: str) -> BatchRecord:
        """Return a batch by claim digest, batch id, or the beginning of one (6 or more).

        Where the same content was claimed more than once, the published claim stands for the
        batch, else the newest.

        Raises:
            NotFound: when nothing begins like that.
            Conflict: when several batches do.
        """
        prefix = require_prefix(text, what="batch")
        query = (
            select_as(batches, BatchRecord)
            .where(begins(batches.c.claim, prefix) | begins(batches.c.batch, prefix))
            .order_by((batches.c.state == BatchState.PUBLISHED).desc(), batches.c.sequence.desc())
        )
        with self._database.reading() as connection:
            found = find_all(connection, BatchRecord, query)
        if not found:
            raise NotFound(
                f"There is no batch or claim {text!r}.", remedy="`penstock batches` lists them."
            )
        ids = {record.batch or record.claim for record in found}
        if len(ids) > 1:
            raise Conflict(
                f"{text!r} can mean {len(ids)} batches: {', '.join(sorted(ids)[:5])}.",
                remedy="Give more of the id.",
            )
        return found[0]

    def batches(self, dataset: str | None = None, *, limit: int = 100) -> list[BatchRecord]:
        """Return the newest claims of a dataset, or of all, newest first."""
        query = select_as(batches, BatchRecord).order_by(
            batches.c.claimed_at.desc(), batches.c.dataset, batches.c.sequence.desc()
        )
        if dataset is not None:
            query = query.where(batches.c.dataset == dataset)
        with self._database.reading() as connection:
            return find_all(connection, BatchRecord, query.limit(limit))

    def settled(self, dataset: str) -> set[int]:
        """Return the sequence numbers of the dataset's settled claims."""
        query = select(batches.c.sequence).where(
            batches.c.dataset == dataset, batches.c.state.in_(SETTLED)
        )
        with self._database.reading() as connection:
            return set(connection.execute(query).scalars())

    def unsettled(self, dataset: str) -> list[BatchRecord]:
        """Return the dataset's running and held claims, in order of arrival."""
        query = (
            select_as(batches, BatchRecord)
            .where(batches.c.dataset == dataset, batches.c.state.not_in(SETTLED))
            .order_by(batches.c.sequence)
        )
        with self._database.reading() as connection:
            return find_all(connection, BatchRecord, query)
