"""The definitions of this installation's config; having none is an error of the setting."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.errors import ConfigError

if TYPE_CHECKING:
    from penstock.settings import Settings
    from penstock.workflows import ConfigStore, LoadedAll, LoadedWorkflow

__all__ = ["load_definition", "load_definitions"]


def load_definitions(settings: Settings) -> LoadedAll:
    """Load every definition and contract.

    Raises:
        ConfigError: when the config holds no definition at all.
    """
    found = _open(settings).load_all()
    if not found.loaded and not found.errors:
        raise _none(settings)
    return found


def load_definition(settings: Settings, name: str) -> LoadedWorkflow:
    """Load one definition with its contract.

    Raises:
        ConfigError: when there is none of that name, or it cannot be used.
    """
    config = _open(settings)
    if not config.names():
        raise _none(settings)
    return config.load(name)


def _open(settings: Settings) -> ConfigStore:
    from penstock.agents import SPECS
    from penstock.workflows import open_config

    return open_config(settings.config_uri, agents=SPECS)


def _none(settings: Settings) -> ConfigError:
    return ConfigError(
        f"{settings.config_uri} holds no workflow definitions.",
        remedy="Set PENSTOCK_CONFIG to the folder or `s3://bucket/prefix` that has"
        " `workflows/NAME.yaml` and `contracts/`.",
    )
