"""What the run page and the evidence page show to those who look into a held batch."""

from __future__ import annotations

import shutil

import pytest
from playwright.sync_api import Locator, Page, expect

from penstock.orchestration import resume_run
from shop import Shop

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(shutil.which("chromium") is None, reason="no chromium on the PATH"),
    pytest.mark.timeout(300),
]


def tab(page: Page, name: str) -> Locator:
    """Return a tab of the first UI."""
    return page.locator(".p-tab").get_by_text(name, exact=True)


def test_the_requests_page_opens_without_complaints(shop: Shop, page: Page) -> None:
    day, request = next(iter(shop.held.items()))
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda failed: complaints.append(failed.url))

    page.goto(request.page.uri)

    assert complaints == []
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("body")).to_contain_text(day)
    expect(page.locator("body")).to_contain_text(request.evidence)
    for choice in request.options:
        expect(page.locator("table.choices")).to_contain_text(choice.value)


def test_a_resumed_run_shows_what_was_reused_its_evidence_and_the_decision(
    shop: Shop, day: str, page: Page
) -> None:
    request = shop.held[day]
    with shop.api():
        resume_run(str(request.flow_run), answer={"decision": "approve", "note": "it is fine"})
    shop.await_end(request)

    page.goto(shop.run_page(request))
    tab(page, "Task Runs").click()
    runs = page.locator(".state-list-item")
    for step in ("ingest", "scan", "validate", "detect", "tag", "report"):
        again = runs.filter(has_text=step)
        expect(again).to_have_count(2)
        expect(again.get_by_text("Cached", exact=True)).to_have_count(2)
    for step in ("prepare", "publish", "notify"):
        expect(runs.filter(has_text=step).get_by_text("Completed", exact=True)).to_have_count(1)
    tab(page, "Artifacts").click()
    expect(page.get_by_text(f"evidence-{request.batch[:12]}")).to_have_count(1)
    tab(page, "Logs").click()
    expect(page.get_by_text("The decision: approve, by prefect-form (not proved).")).to_be_visible()
