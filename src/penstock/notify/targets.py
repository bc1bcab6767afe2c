"""Targets made from what a workflow definition says about notifying."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping

from pydantic import BaseModel

from penstock.errors import ConfigError
from penstock.notify.log import LogTarget
from penstock.notify.message import Target
from penstock.notify.webhook import WebhookTarget

__all__ = ["build_targets"]

KEYS = {"log": {"kind"}, "webhook": {"kind", "url", "url_env"}}


def build_targets(
    config: Iterable[Mapping[str, object] | BaseModel],
    *,
    environment: Mapping[str, str] | None = None,
) -> tuple[Target, ...]:
    """Build the targets of `{kind: log}` and `{kind: webhook, url: ... | url_env: NAME}` entries.

    `url_env` names the environment variable that holds the address: so it stays out of the config.

    Raises:
        ConfigError: for an unknown kind or key, two addresses, or a variable that is not set.
    """
    known = os.environ if environment is None else environment
    targets: dict[str, Target] = {}
    for place, entry in enumerate(config, start=1):
        fields = entry.model_dump() if isinstance(entry, BaseModel) else dict(entry)
        target = _build(fields, place=place, environment=known)
        targets.setdefault(target.name, target)
    return tuple(targets.values())


def _build(fields: Mapping[str, object], *, place: int, environment: Mapping[str, str]) -> Target:
    kind = str(fields.get("kind"))
    if kind not in KEYS:
        raise ConfigError(
            f"notify entry {place} has the unknown kind {kind!r}.",
            remedy=f"Use one of {', '.join(sorted(KEYS))}.",
        )
    given = {key: value for key, value in fields.items() if value is not None}
    if unknown := sorted(set(given) - KEYS[kind]):
        raise ConfigError(
            f"notify entry {place} has the unknown key {unknown[0]!r}.",
            remedy=f"A target of kind {kind!r} takes {', '.join(sorted(KEYS[kind]))}.",
        )
    if kind == "log":
        return LogTarget()
    return _build_webhook(given, place=place, environment=environment)


def _build_webhook(
    given: Mapping[str, object], *, place: int, environment: Mapping[str, str]
) -> WebhookTarget:
    if ("url" in given) == ("url_env" in given):
        raise ConfigError(
            f"notify entry {place} needs exactly one of 'url' and 'url_env'.",
            remedy="Keep `url_env`, the name of a variable with the address: it may be a secret.",
        )
    if "url" in given:
        return WebhookTarget(str(given["url"]))
    variable = str(given["url_env"])
    if not (url := environment.get(variable, "").strip()):
        raise ConfigError(
            f"notify entry {place}: the environment variable {variable!r} is not set.",
            remedy="Set it to the webhook's address where flows run, or remove the entry.",
        )
    return WebhookTarget(url, name=f"webhook:{variable}")
