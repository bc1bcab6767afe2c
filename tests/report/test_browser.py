"""The page in a real browser: nothing refused, nothing cut off, everything within reach."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from penstock.contracts import Contract
from penstock.model import Evidence
from penstock.report import render_page

pytestmark = [
    pytest.mark.integration,
]


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    page = browser.new_page(viewport={"width": 400, "height": 800})
    yield page
    page.close()


def open_page(page: Page, evidence: Evidence, contract: Contract, folder: Path) -> list[str]:
    """Open the evidence's page; return all that the browser complained about."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    file = folder / "page.html"
    file.write_text(render_page(evidence, digest="d" * 64, contract=contract), encoding="utf-8")
    page.goto(file.as_uri())
    return complaints


@pytest.mark.parametrize("day", ["held", "unreadable", "clean", "hostile"])
def test_the_browser_has_nothing_to_complain_about(
    day: str, contract: Contract, page: Page, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    complaints = open_page(page, request.getfixturevalue(day), contract, tmp_path)

    assert complaints == []
    assert page.locator("script").count() == 0


def test_a_narrow_screen_scrolls_tables_and_not_the_page(
    held: Evidence, contract: Contract, page: Page, tmp_path: Path
) -> None:
    open_page(page, held, contract, tmp_path)

    assert page.evaluate("document.documentElement.scrollWidth") == 400


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_style_is_applied_in_light_and_dark(
    scheme: str, held: Evidence, contract: Contract, page: Page, tmp_path: Path
) -> None:
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    open_page(page, held, contract, tmp_path)

    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground == {"light": "rgb(243, 245, 247)", "dark": "rgb(17, 22, 28)"}[scheme]


def test_the_verdict_and_each_wide_table_can_be_reached_by_keyboard(
    held: Evidence, contract: Contract, page: Page, tmp_path: Path
) -> None:
    open_page(page, held, contract, tmp_path)

    page.keyboard.press("Tab")
    first = page.evaluate("document.activeElement.textContent")
    page.keyboard.press("Enter")
    arrived = page.evaluate("document.activeElement.id")
    reached = set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.getAttribute('aria-labelledby')"))

    assert (first, arrived) == ("Skip to the verdict", "content")
    assert {"choices", "samples", "rules", "columns", "files"} <= reached
