from __future__ import annotations

import math
import subprocess
import sys

import pytest

from penstock.report.plot import describe_series, draw_series


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("series", "band", "text"),
    [
        (
            (1.0, 3.0, 9.0),
            None,
            "Over 2 earlier batches: 1 to 3, half of them below 2. This batch: 9.",
        ),
        (
            (5.0, 5.0, 5.0),
            (None, 6.0),
            "Over 2 earlier batches: always 5. Expected at most 6. This batch: 5.",
        ),
        ((None, 2.0, None), None, "Over 1 earlier batch: always 2. This batch: no value."),
        ((7.0,), (3.0, 4.0), "Expected between 3 and 4. This batch: 7."),
        ((7.0,), (3.0, None), "Expected at least 3. This batch: 7."),
        ((1.0, 1.0), (1.0, 1.0), "Over 1 earlier batch: always 1. Expected 1. This batch: 1."),
    ],
)
def test_words_say_what_the_plot_shows(
    series: tuple[float | None, ...], band: tuple[float | None, float | None] | None, text: str
) -> None:
    assert plain(describe_series(series, band)) == text


@pytest.mark.parametrize(
    "series",
    [
        (1.0,),
        (None,),
        (None, None, 3.0),
        (1e12, 1e-12, -4.0),
        (math.nan, math.inf, 1.0),
        (0.0, 0.0, 0.0),
        tuple(float(value) for value in range(1000)),
    ],
    ids=["one", "nothing", "gaps", "scales", "no numbers", "constant", "long"],
)
def test_any_series_can_be_drawn_small(series: tuple[float | None, ...]) -> None:
    picture = draw_series(series, (None, 2.0), name="p", title="t")

    assert picture.startswith("<svg ")
    assert len(picture) < 25_000
    assert "nan" not in picture
    assert "style" not in picture


def test_the_same_series_gives_the_same_picture() -> None:
    first, second = (draw_series((1.0, 2.0), (0, 3), name="p", title="t") for _ in range(2))

    assert first == second


def test_a_title_is_escaped() -> None:
    assert "<b>" not in draw_series((1.0,), None, name="p", title="<b>$x$")


def test_the_plotting_library_is_loaded_only_to_draw() -> None:
    program = "import penstock.report, sys; sys.exit('matplotlib' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
