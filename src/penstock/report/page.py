"""The evidence as one self-contained HTML page that a steward can read, print and keep."""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from penstock.report import words
from penstock.report.plot import describe_series, draw_series
from penstock.report.summary import headline, summarise
from penstock.report.view import Card, Limits, build_view, contract_place

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.contracts import Contract
    from penstock.model import Digest, Evidence

__all__ = ["MAX_BYTES", "render_page"]

MAX_BYTES = 500_000
"""A page is never larger: it is mailed, archived and opened on slow machines."""


def render_page(
    evidence: Evidence,
    *,
    digest: Digest,
    contract: Contract,
    links: Mapping[str, str] | None = None,
) -> str:
    """Render evidence as a self-contained HTML page without scripts.

    A pure function: the same arguments give the same bytes. Every value is escaped, values of
    sensitive columns are masked, and long lists are cut, with a count of what is left out, so that
    the page stays under `MAX_BYTES`. `links` are shown with their names at the end (the Prefect
    run, the stored evidence); only http and https ones can be followed.
    """
    limits = Limits()
    while True:
        page = _render(evidence, digest=digest, contract=contract, links=links or {}, limits=limits)
        if len(page.encode()) < MAX_BYTES or limits == limits.halved():
            return page
        limits = limits.halved()


def _render(
    evidence: Evidence,
    *,
    digest: Digest,
    contract: Contract,
    links: Mapping[str, str],
    limits: Limits,
) -> str:
    environment, style, policy = _environment()
    view = build_view(evidence, digest=digest, contract=contract, limits=limits)
    plots = {
        place: Markup(_draw(card, name=f"plot-{place}"))  # noqa: S704 - built as XML
        for place, card in enumerate(view.cards, start=1)
        if card.is_plotted
    }
    return environment.get_template("page.html").render(
        view=view,
        evidence=evidence,
        contract=contract,
        digest=digest,
        links=links,
        limits=limits,
        plots=plots,
        headline=headline(evidence),
        summary=summarise(evidence),
        style=style,
        policy=policy,
    )


def _draw(card: Card, *, name: str) -> str:
    finding = card.finding
    title = f"{finding.column or 'Batch'}: {finding.kind.replace('_', ' ')}"
    return draw_series(
        finding.series, finding.band, name=name, title=words.visible(title), unit=card.unit
    )


@cache
def _environment() -> tuple[Environment, Markup, str]:
    environment = Environment(
        loader=PackageLoader("penstock.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=words.count,
        cut=words.cut,
        file_name=words.file_name,
        number=words.number,
        plural=words.plural,
        share=words.share,
        size=words.size,
    )
    environment.globals.update(describe_series=describe_series, contract_place=contract_place)
    loader = environment.loader
    assert loader is not None  # noqa: S101 - given above
    style = loader.get_source(environment, "page.css")[0]
    sha = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{sha}'; base-uri 'none'; form-action 'none'"
    return environment, Markup(style), policy  # noqa: S704 - our own file


def _finalize(value: object) -> object:
    """Make text visible before it is escaped; markup was made by the template itself."""
    if isinstance(value, Markup) or not isinstance(value, str):
        return value
    return words.visible(value)
