"""One server for all journeys; a worker where one is needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from plant import Plant, Site, build_plant, site_of


@pytest.fixture(scope="session")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Plant]:
    with build_plant(tmp_path_factory.mktemp("plant")) as plant:
        yield plant


@pytest.fixture
def open_site(plant: Plant, tmp_path: Path) -> Iterator[Callable[..., Site]]:
    """Open an installation that the deployments work for."""

    def open_(**fields: object) -> Site:
        site = site_of(plant, tmp_path, **fields)
        site.deploy()
        return site

    yield open_
    plant.api.cancel_all()


@pytest.fixture
def site(open_site: Callable[..., Site]) -> Site:
    """An installation with a worker."""
    site = open_site()
    site.plant.start_worker()
    return site


@pytest.fixture
def short_site(open_site: Callable[..., Site]) -> Site:
    """The same with short leases, for tests that kill the worker."""
    site = open_site(lease_s=3)
    site.plant.start_worker()
    return site
