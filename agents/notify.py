"""Notify: tell operations what became of a batch, each target once."""

from __future__ import annotations

from collections.abc import Sequence

from penstock.agents.agent import Agent, Brief
from penstock.errors import PenstockError
from penstock.model import (
    BatchId,
    Disposition,
    Evidence,
    Notified,
    Published,
    ReleaseId,
    Value,
    digest_of,
)
from penstock.notify import Message, Target, published_message, rejected_message
from penstock.tools import Effects, Tool, Toolbox
from penstock.workflows import AgentSpec

__all__ = ["NOTIFY", "NotifyGiven", "tell"]


class NotifyGiven(Value):
    """What notify takes."""

    published: Published


def notify(given: NotifyGiven, brief: Brief, tools: Toolbox) -> Notified:
    """Tell every target, and the producer what to mend where the batch was rejected.

    Raises:
        Transient: when a target did not answer; those that did are not told again.
    """
    published = given.published
    evidence = Evidence.decoded(tools.objects.read(published.verdict.evidence))
    is_rejected = published.verdict.disposition is Disposition.NOTHING
    build = rejected_message if is_rejected else published_message
    message = build(published, evidence)
    return tell(
        message,
        tools.targets,
        tools.effects,
        batch=published.batch,
        release=brief.release.id,
    )


def tell(
    message: Message,
    targets: Sequence[Target],
    effects: Effects,
    *,
    batch: BatchId,
    release: ReleaseId,
) -> Notified:
    """Send a message to targets that have not taken it yet; raise the last failure afterwards."""
    sent: list[str] = []
    failure: PenstockError | None = None
    for target in targets:
        key = digest_of([message.key, target.name], tag="penstock/intent/1")
        effect = effects.intend(key=key, batch=batch, release=release, step="notify", kind="notify")
        if effect.state != "done":
            try:
                target.send(message)
            except PenstockError as exc:
                failure = exc
                continue
            effects.complete(key, {"target": target.name, "kind": message.kind})
        sent.append(target.name)
    if failure is not None:
        raise failure
    return Notified(batch=batch, sent=tuple(sent))


NOTIFY = Agent(
    spec=AgentSpec(name="notify", version=1, takes=NotifyGiven, gives=Notified, role="effect"),
    tools=frozenset({Tool.OBJECTS, Tool.EFFECTS, Tool.TARGETS}),
    decide=notify,
)
