from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from penstock.model import Evidence
from penstock.report import build_form, build_markdown
from penstock.report.markdown import escape

PARSER = MarkdownIt("js-default", {"html": True, "linkify": False})
LINKED = re.compile(r"https?://|www\.|@", re.IGNORECASE)
"""What Prefect's UIs make links of wherever it stands in plain text."""

SNIPPETS = [*"`*_[]()!<>&#;:/.@|\\~-+ x1\n", "https://", "www.", "``", "e.f", "&#58;", "<b>"]


def render(text: str) -> str:
    return str(PARSER.render(text))


def pieces(text: str) -> list[Token]:
    """Parse Markdown that is one paragraph."""
    _, inline, _ = PARSER.parse(text)
    return inline.children or []


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "[click](javascript:alert(1))",
        "![x](/x.png)",
        "**bold** _it_ ~~gone~~ a`tick",
        "| a | b |",
        "# heading",
        "1. item",
        "- item",
        "> quote",
        "&lt;b&gt; &#58; &colon;",
        "back\\slash \\<b\\>",
        "$x$ ^2",
    ],
)
def test_text_from_data_stays_text(text: str) -> None:
    shown = render(escape(text))

    plain = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert shown == f"<p>{plain}</p>\n"


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example/`x`",
        "see(https://evil.example)",
        "www.evil.example",
        "_WWW.evil.example",
        "a@evil.example",
        "mailto:a@evil.example",
        "file:///landing/day.csv",
    ],
)
def test_what_a_ui_would_link_becomes_code(address: str) -> None:
    assert "<code>" in render(escape(address))
    assert not [piece for piece in pieces(escape(address)) if LINKED.search(text_of(piece))]


def test_names_between_backticks_become_code() -> None:
    assert render(escape("`a*b` is `<c>`.")) == (
        "<p><code>a*b</code> is <code>&lt;c&gt;</code>.</p>\n"
    )


@given(st.lists(st.sampled_from(SNIPPETS), min_size=1).map("".join).filter(str.strip))
def test_no_text_makes_markup_or_a_link(text: str) -> None:
    found = pieces(escape(text))

    assert {piece.type for piece in found} <= {"text", "text_special", "code_inline"}
    assert not [piece for piece in found if LINKED.search(text_of(piece))]


def text_of(piece: Token) -> str:
    return "" if piece.type == "code_inline" else piece.content


def test_the_artifact_has_verdict_choices_findings_and_a_link(held: Evidence) -> None:
    text = build_markdown(held, digest="d" * 64, link="http://desk.example.org/e.html")

    shown = render(text)
    assert text.startswith("## Held: a steward must decide\n")
    assert "| quarantine | 2,094 | 215 | 1 |" in text
    assert "<strong>high</strong>: 212 rows have a <code>quantity</code> below 1" in shown
    assert '<a href="http://desk.example.org/e.html">Open the evidence page</a>' in shown
    assert len(text) < 2500


def test_a_page_on_disk_is_named_but_not_linked(held: Evidence) -> None:
    for text in (
        build_markdown(held, digest="d" * 64, link="file:///var/pen_stock/e.html"),
        build_form(held, link="file:///var/pen_stock/e.html"),
    ):
        assert "<a " not in render(text)
        assert ">file:///var/pen_stock/e.html\n</code>" in render(text)


def test_the_form_says_in_few_words_why_and_what_each_choice_does(held: Evidence) -> None:
    text = build_form(held, link="http://x/e.html")

    shown = render(text)
    assert "<strong>Held: a steward must decide.</strong>" in shown
    assert "brought 2,310 records" in shown
    assert "212 rows have a" in shown
    assert re.search(r"evidence page</a> with \d+\smore finding", shown)
    assert "| reject | 0 | 0 | 2,310 |" in text
    assert len(text) < 900


def test_the_form_leaves_first_sentences_and_names_of_files(held: Evidence) -> None:
    worst = held.findings[0].model_copy(
        update={"message": f"s3://landing/{'deep/' * 60}day.csv record 3 is torn. Mend it."}
    )

    text = build_form(held.model_copy(update={"findings": (worst,)}), link="http://x/")

    assert "…/day.csv record 3 is torn.</li>" in render(text)


def test_the_form_of_an_uncountable_batch_says_so(unreadable: Evidence) -> None:
    assert "could not be counted" in build_form(unreadable, link="http://x/")


def test_hostile_data_makes_neither_html_nor_a_link(hostile: Evidence) -> None:
    link = "http://x/> <script>`"
    shown = render(
        build_markdown(hostile, digest="d" * 64, link=link) + build_form(hostile, link=link)
    )

    assert "<script" not in shown
    assert set(re.findall("href=[^>]*", shown)) == {'href="http://x/%3E%20%3Cscript%3E%60"'}


def test_a_clean_batch_needs_no_choice(clean: Evidence) -> None:
    text = build_markdown(clean, digest="d" * 64, link="http://x/")

    assert "| nobody is asked | 2,310 | 0 | 0 |" in text
