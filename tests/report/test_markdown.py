from __future__ import annotations

import pytest
from markdown_it import MarkdownIt

from penstock.model import Evidence
from penstock.report import build_markdown
from penstock.report.markdown import escape


def render(text: str) -> str:
    return str(MarkdownIt("js-default", {"html": True, "linkify": False}).render(text))


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![x](https://evil.example/x.png)",
        "**bold** _it_ `code` ~~gone~~",
        "| a | b |",
        "# heading",
        "1. item",
        "- item",
        "> quote",
        "&lt;b&gt;",
        "https://evil.example",
        "back\\slash \\<b\\>",
        "$x$ ^2",
    ],
)
def test_text_from_data_stays_text(text: str) -> None:
    shown = render(escape(text))

    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown == f"<p>{plain}</p>\n"


def test_the_artifact_has_verdict_choices_findings_and_a_link(held: Evidence) -> None:
    text = build_markdown(held, digest="d" * 64, link="http://desk.example.org/e.html")

    shown = render(text)
    assert text.startswith("## Held: a steward must decide\n")
    assert "| quarantine | 2,094 | 215 | 1 |" in text
    assert "<strong>high</strong>: 212 rows have a `quantity` below 1" in shown
    assert '<a href="http://desk.example.org/e.html">open it</a>' in shown
    assert len(text) < 2500


def test_a_page_on_disk_is_named_but_not_linked(held: Evidence) -> None:
    text = build_markdown(held, digest="d" * 64, link="file:///var/pen_stock/e.html")

    assert "<a " not in render(text)
    assert "file:///var/pen_stock/e.html" in render(text)


def test_hostile_data_makes_neither_html_nor_a_link(hostile: Evidence) -> None:
    shown = render(build_markdown(hostile, digest="d" * 64, link="http://x/> <script>"))

    assert "<script" not in shown


def test_a_clean_batch_needs_no_choice(clean: Evidence) -> None:
    text = build_markdown(clean, digest="d" * 64, link="http://x/")

    assert "| nobody is asked | 2,310 | 0 | 0 |" in text
