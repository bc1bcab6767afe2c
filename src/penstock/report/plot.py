"""The history of a statistic with its expected band and this batch marked, as inline SVG."""

from __future__ import annotations

import io
import math
import statistics
from collections.abc import Callable
from threading import Lock
from typing import TYPE_CHECKING, Literal

from penstock.report.svg import embed
from penstock.report.words import number, plural, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.typing import RcKeyType

__all__ = ["Unit", "describe_series", "draw_series"]

SHOWN = 90
"""Batches drawn at most; the text alternative speaks of these too."""

INCHES, DPI = (6.4, 1.75), 72
SETTINGS: dict[RcKeyType, object] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "penstock",
    "font.size": 9.0,
    "font.family": ["DejaVu Sans"],
    "text.parse_math": False,
    "path.simplify": True,
}
_settings_lock = Lock()  # rcParams belong to the whole process

Band = tuple[float | None, float | None]
Unit = Literal["number", "share"]
Writer = Callable[[float | None], str]
WRITERS: dict[Unit, Writer] = {"number": number, "share": share}


def describe_series(
    series: Sequence[float | None], band: Band | None, *, unit: Unit = "number"
) -> str:
    """Say in words what the plot of a series shows."""
    write = WRITERS[unit]
    *before, now = [_finite(value) for value in series[-SHOWN - 1 :]]
    known = [value for value in before if value is not None]
    parts = []
    if known:
        batches = plural(len(known), "earlier batch", several="earlier batches")
        low, middle, high = min(known), statistics.median(known), max(known)
        parts.append(
            f"Over {batches}: {write(low)} to {write(high)}, half of them below {write(middle)}."
            if low != high
            else f"Over {batches}: always {write(low)}."
        )
    if expected := _describe_band(band, write):
        parts.append(f"Expected {expected}.")
    parts.append(f"This batch: {write(now) or 'no value'}.")
    return " ".join(parts)


def draw_series(
    series: Sequence[float | None],
    band: Band | None,
    *,
    name: str,
    title: str,
    unit: Unit = "number",
) -> str:
    """Draw a series, oldest first and this batch last, as SVG without scripts or styles.

    `name` prefixes every id within the picture. Colours come from the page through the classes
    `plot-band`, `plot-bound`, `plot-past`, `plot-now`, `plot-axis`. The same arguments give the
    same bytes.
    """
    # Half a second of imports: only for pages that have something to draw.
    from matplotlib import rc_context  # noqa: PLC0415
    from matplotlib.backends.backend_svg import FigureCanvasSVG  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    values = [_finite(value) for value in series[-SHOWN - 1 :]]
    with _settings_lock, rc_context(SETTINGS):
        figure = Figure(figsize=INCHES, dpi=DPI)
        figure.patch.set_visible(False)
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.115, 0.17, 0.865, 0.75))
        _draw(axes, values, band, write=WRITERS[unit])
        buffer = io.BytesIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    text = describe_series(series, band, unit=unit)
    return embed(buffer.getvalue(), name=name, title=title, text=text)


def _draw(axes: Axes, values: list[float | None], band: Band | None, *, write: Writer) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator  # noqa: PLC0415

    places = range(len(values))
    numbers = [math.nan if value is None else value for value in values]
    last = len(values) - 1
    axes.patch.set_visible(False)
    axes.plot(places[:-1], numbers[:-1], linewidth=1.2, gid="plot-past")
    dots = axes.plot(places[:-1], numbers[:-1], linestyle="none", marker="o", markersize=2.6)
    dots[0].set_gid("plot-dots")
    if values[-1] is not None:
        now = axes.plot([last], [numbers[-1]], linestyle="none", marker="D", markersize=7)
        now[0].set_gid("plot-now")
        # On the inner side of the mark, so that it never leaves the picture.
        axes.annotate(
            "this batch",
            (last, numbers[-1]),
            xytext=(-9, 0),
            textcoords="offset points",
            horizontalalignment="right",
            verticalalignment="center",
            gid="plot-label",
        )
    _draw_band(axes, band, known=[value for value in values if value is not None])
    axes.set_xlim(-0.5, last + 0.5 if last else 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=4, min_n_ticks=2))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: write(value)))
    axes.set_xticks([0, last] if last else [0], ["oldest", "now"] if last else ["now"])
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_gid(f"plot-axis-{side}")


def _draw_band(axes: Axes, band: Band | None, *, known: list[float]) -> None:
    low, high = (None, None) if band is None else (_finite(band[0]), _finite(band[1]))
    bounds = [bound for bound in (low, high) if bound is not None]
    extent = [*known, *bounds] or [0.0]
    margin = (max(extent) - min(extent)) * 0.12 or abs(extent[0]) * 0.05 or 1.0
    bottom, top = min(extent) - margin, max(extent) + margin
    axes.set_ylim(bottom, top)
    if bounds:
        axes.axhspan(
            bottom if low is None else low,
            top if high is None else high,
            gid="plot-band",
            linewidth=0,
        )
    for bound in bounds:
        axes.axhline(bound, linewidth=0.8, linestyle=(0, (4, 3)), gid="plot-bound")


def _describe_band(band: Band | None, write: Writer) -> str:
    match band:
        case None | (None, None):
            return ""
        case (low, None):
            return f"at least {write(low)}"
        case (None, high):
            return f"at most {write(high)}"
        case (low, high):
            return f"between {write(low)} and {write(high)}" if low != high else write(low)


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
