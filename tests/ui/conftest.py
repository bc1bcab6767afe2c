"""A shop whose bad days are held by suspended runs on a real server, and a browser to decide in."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from shop import Shop, open_shop


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with open_shop(tmp_path_factory.mktemp("shop") / "demo") as shop:
        yield shop


@pytest.fixture
def day(shop: Shop) -> str:
    """Give a held day to one test, which may decide about it."""
    return shop.undecided.pop()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A fresh browser: nothing remembered, not even which UI was used last."""
    context = browser.new_context(viewport={"width": 1400, "height": 1000})
    context.set_default_timeout(30_000)
    yield context.new_page()
    context.close()
