"""A steward decides in Prefect's second UI, where Resume is in the three-dot menu."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import Locator, Page, expect

from shop import Shop

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on the PATH"),
    pytest.mark.timeout(300),
]


def open_form(page: Page, address: str) -> Locator:
    page.goto(address)
    page.get_by_role("button", name="Open menu").click()
    page.get_by_role("menuitem", name="Resume").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_text("Decision", exact=True)).to_be_visible()
    return form


def test_reject_publishes_nothing(shop: Shop, day: str, page: Page) -> None:
    request = shop.held[day]
    form = open_form(page, shop.run_page(request, ui="/v2"))

    expect(form).to_contain_text("Held: a steward must decide.")
    expect(form).to_contain_text("reject publishes nothing")
    expect(form).to_contain_text(request.page.uri)
    assert form.get_by_role("link").count() == 0
    choice = form.get_by_role("button", name="Select Decision")
    expect(choice).to_be_in_viewport()

    expect(choice).to_have_text("Select")
    form.get_by_role("button", name="Resume").click()
    expect(page.get_by_text("'decision' is a required property")).to_be_visible()
    assert shop.state(request) == "Suspended"
    assert not shop.published(day)

    choice.click()
    page.get_by_role("option", name="reject").click()
    form.get_by_role("button", name="Resume").click()
    expect(form).to_be_hidden()  # which is when the server has accepted the answer
    record = shop.await_end(request)

    assert not shop.published(day)
    assert (record.state, record.reason) == ("rejected", "decided by prefect-form (not proved)")
    assert (record.rows_published, record.rows_rejected) == (0, len(shop.landed(day)))
