"""A steward decides in Prefect's first UI, which a fresh browser opens."""

from __future__ import annotations

import shutil
from collections import Counter
from decimal import Decimal

import pytest
from playwright.sync_api import Locator, Page, expect

from shop import Shop, as_text

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on the PATH"),
    pytest.mark.timeout(300),
]

CODE, PRICE = 1, 5
"""Places of the columns that were damaged."""


def open_form(page: Page, address: str) -> Locator:
    page.goto(address)
    page.get_by_role("button", name="Resume").click()
    form = page.get_by_role("dialog")
    expect(form.get_by_text("Decision", exact=True)).to_be_visible()
    return form


def test_quarantine_publishes_exactly_the_day_without_its_bad_rows(
    shop: Shop, day: str, page: Page
) -> None:
    request = shop.held[day]
    landed = [record for record in shop.landed(day) if len(record) == 8]
    clean = [record for record in landed if record[CODE] and Decimal(str(record[PRICE])) >= 0]
    form = open_form(page, shop.run_page(request))

    # The short reason, and what each choice does.
    expect(form).to_contain_text("Held: a steward must decide.")
    expect(form).to_contain_text(f"brought {len(shop.landed(day)):,} records")
    expect(form).to_contain_text("StockCode")
    expect(form).to_contain_text(f"quarantine publishes {len(clean):,} clean rows")
    expect(form).to_contain_text("reject publishes nothing")
    expect(form).to_contain_text(request.page.uri)
    expect(form).not_to_contain_text("&#")
    texts = [row.inner_text().split("\t") for row in form.get_by_role("row").all()]
    assert [[cell.strip() for cell in row] for row in texts] == [
        ["if", "published", "quarantined", "rejected"],
        ["approve", f"{len(landed):,}", "0", "3"],
        ["quarantine", f"{len(clean):,}", f"{len(landed) - len(clean):,}", "3"],
        ["reject", "0", "0", f"{len(landed) + 3:,}"],
    ]

    # Nothing is preselected, and nothing is no answer.
    choice = form.locator(".p-select-button__control")
    expect(choice).to_have_text("")
    form.get_by_role("button", name="Submit").click()
    expect(form.get_by_text("'decision' is a required property")).to_be_visible()
    assert shop.state(request) == "Suspended"
    assert not shop.published(day)

    choice.press("Space")
    page.get_by_text("quarantine", exact=True).last.click()
    form.get_by_role("textbox").fill("codes were lost, the rest is good")
    form.get_by_role("button", name="Submit").click()
    expect(form).to_be_hidden()  # which is when the server has accepted the answer
    record = shop.await_end(request)

    assert shop.published(day) == Counter(as_text(row) for row in clean)
    assert (record.state, record.reason) == ("published", "decided by prefect-form (not proved)")
    decision = shop.tools.ledger.decision(evidence=request.evidence, release=request.release)
    assert decision is not None
    assert decision.proof == "not proved"
    assert decision.note == "codes were lost, the rest is good"
