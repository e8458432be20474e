"""The world as outlines of countries, shaded, with a dot for each place; degrees are written at its grid.

The outlines are Natural Earth's, 1:110m, in the public domain (`geography/README.md`). The projection is the plainest:
two units a degree, so that a place stands where its coordinates say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import sqrt

from markupsafe import Markup

from page.charts.calendar import level
from page.charts.svg import data, frame

WIDTH, HEIGHT, NORTH, UNITS = 720, 284, 84, 2
_GREATEST_DOT = 9


@dataclass(frozen=True, slots=True)
class Dot:
    """One place: its label, its coordinates, its value and where it leads."""

    label: str
    latitude: float
    longitude: float
    value: float
    url: str = ""


@cache
def outlines() -> tuple[tuple[str, str], ...]:
    """Return the code and the path of each country."""
    text = files("page").joinpath("geography", "outlines.tsv").read_text(encoding="utf-8")
    rows = (line.split("\t") for line in text.splitlines())
    return tuple((code, path) for code, path in rows)


def world(
    values: Mapping[str, float], dots: Sequence[Dot], title: str, description: str, chart_id: str = "world"
) -> Markup:
    """Return the map; `values` shades countries by their code, a country without a value stays blank."""
    most = max(values.values(), default=0)
    land = Markup().join(
        Markup('<path class="land s{shade}" d="{path}"/>').format(shade=level(values.get(code, 0), most), path=path)
        for code, path in outlines()
    )
    greatest = max((dot.value for dot in dots), default=0) or 1
    drawn = Markup().join(_dot(dot, greatest) for dot in dots)
    return frame(_graticule() + land + drawn, title, description, chart_id, size=(WIDTH, HEIGHT), look="world")


def _graticule() -> Markup:
    meridians = "".join(f"M{x} 0V{HEIGHT}" for x in range(60, WIDTH, 60))
    parallels = "".join(f"M0 {(NORTH - degree) * UNITS}H{WIDTH}" for degree in (60, 30, 0, -30))
    return Markup('<path class="graticule" d="{path}"/>').format(path=meridians + parallels)


def _dot(dot: Dot, greatest: float) -> Markup:
    radius = round(max(2.0, _GREATEST_DOT * sqrt(dot.value / greatest)), 2)
    return Markup('<circle class="dot" cx="{x}" cy="{y}" r="{radius}" {data}><title>{label}</title></circle>').format(
        x=round((dot.longitude + 180) * UNITS, 1), y=round((NORTH - dot.latitude) * UNITS, 1), radius=radius,
        data=data(dot.label, dot.url), label=dot.label,
    )  # fmt: skip
