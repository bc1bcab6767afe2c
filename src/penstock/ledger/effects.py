"""Changes outside the process: recorded as intended before, and as done after."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import JsonValue
from sqlalchemy import Connection

from penstock.errors import Conflict, NotFound
from penstock.ledger.batches import require_batch
from penstock.ledger.catalogue import require_release
from penstock.ledger.change import Part, find, find_all, select_as
from penstock.ledger.schema import EFFECT_RESULT_TAG, effects
from penstock.model import BatchId, Effect, ReleaseId, canonical

__all__ = ["Effects"]


class Effects(Part):
    """Intent keys, so that a retry starts by looking and nothing happens twice."""

    def intend(
        self,
        *,
        key: str,
        batch: BatchId,
        release: ReleaseId,
        step: str,
        kind: Literal["publish", "notify", "lineage"],
    ) -> Effect:
        """Record an intent, or return the one with this key: it may be done already.

        Raises:
            Conflict: when the key stands for something else.
        """
        with self._change() as change:
            require_release(change, release)
            require_batch(change, batch)
            existing = _by_key(change.connection, key)
            if existing is not None:
                _require_same(existing, batch=batch, release=release, step=step, kind=kind)
                return existing
            effect = Effect(
                key=key,
                batch=batch,
                release=release,
                step=step,
                kind=kind,
                state="intended",
                result=None,
                intended_at=change.at,
                done_at=None,
            )
            change.insert(effects, dict(effect))
            change.audit(
                "effect.intended",
                f"batch:{batch}",
                {"key": key, "release": release, "step": step, "effect": kind},
            )
            return effect

    def complete(self, key: str, result: Mapping[str, JsonValue]) -> Effect:
        """Record that an intended effect is done; the same result again changes nothing.

        Raises:
            NotFound: when it was never intended.
            Conflict: when it is done already with another result.
        """
        with self._change() as change:
            existing = _by_key(change.connection, key)
            if existing is None:
                raise NotFound(
                    f"Effect {key!r} was never intended.", remedy="Record the intent first."
                )
            if existing.state == "done":
                _require_same_result(existing, result)
                return existing
            change.update(
                effects,
                effects.c.key == key,
                {"state": "done", "result": dict(result), "done_at": change.at},
            )
            change.audit(
                "effect.done",
                f"batch:{existing.batch}",
                {"key": key, "step": existing.step, "result": dict(result)},
            )
            return _by_key(change.connection, key) or existing

    def effects(self, batch: BatchId) -> list[Effect]:
        """Return what was intended for a batch, in that order."""
        query = select_as(effects, Effect).where(effects.c.batch == batch)
        with self._database.reading() as connection:
            return find_all(
                connection, Effect, query.order_by(effects.c.intended_at, effects.c.key)
            )


def _by_key(connection: Connection, key: str) -> Effect | None:
    return find(connection, Effect, select_as(effects, Effect).where(effects.c.key == key))


def _require_same(effect: Effect, **wanted: str) -> None:
    other = [name for name, value in wanted.items() if getattr(effect, name) != value]
    if other:
        raise Conflict(
            f"Intent key {effect.key!r} stands for an effect with another {', '.join(other)}.",
            remedy="Derive the key from batch, release, step and content digest.",
        )


def _require_same_result(effect: Effect, result: Mapping[str, JsonValue]) -> None:
    told, new = (canonical(r, tag=EFFECT_RESULT_TAG) for r in (effect.result, dict(result)))
    if told != new:
        raise Conflict(
            f"Effect {effect.key!r} is done already, with another result.",
            remedy="Look whether an effect is done before doing it again.",
        )
