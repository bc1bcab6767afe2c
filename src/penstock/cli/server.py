"""Which Prefect server a command speaks to: the one that is set, else the one of `penstock up`."""

from __future__ import annotations

import os
from pathlib import Path

from penstock.embedded import find_running
from penstock.settings import Settings

__all__ = ["home_of_server", "use_running_server"]


def home_of_server(settings: Settings) -> Path:
    """Return the folder of the server that `penstock up` starts."""
    return settings.home / "prefect"


def use_running_server(settings: Settings) -> None:
    """Set PREFECT_API_URL to the server of a running `penstock up`, unless it is set.

    NOTE: Prefect reads its settings when it is first imported, so this comes before.
    """
    if "PREFECT_API_URL" not in os.environ:
        url = find_running(home_of_server(settings))
        if url is not None:
            os.environ["PREFECT_API_URL"] = url
