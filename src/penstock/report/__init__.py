"""Evidence as a page that a steward can read."""

from penstock.report.markdown import build_form, build_markdown
from penstock.report.page import MAX_BYTES, render_page
from penstock.report.summary import headline, summarise
from penstock.report.text import build_text

__all__ = [
    "MAX_BYTES",
    "build_form",
    "build_markdown",
    "build_text",
    "headline",
    "render_page",
    "summarise",
]
