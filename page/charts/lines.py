"""Lines in steps over time: no smoothing, no value where nothing is known, each line named at its end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from page.charts.svg import LABEL_RISE, LABEL_ROOM, data, frame, label_at

WIDTH, HEIGHT, FOOT, RIGHT, TOP = 720, 234, 8, 150, LABEL_ROOM + LABEL_RISE


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its name and its values from left to right, None where there is none."""

    name: str
    values: Sequence[float | None]


def lines(series: Sequence[Line], title: str, description: str, chart_id: str, unit: str) -> Markup:
    """Return lines on one scale from zero."""
    longest = max((len(line.values) for line in series), default=1) or 1
    most = max((value or 0 for line in series for value in line.values), default=0) or 1
    body = label_at(f"{most:,.0f} {unit}", 0, LABEL_RISE)
    body += Markup('<line class="base" x1="0" x2="{x}" y1="{y}" y2="{y}"/>').format(x=WIDTH - RIGHT, y=HEIGHT - FOOT)
    ends = []
    for number, line in enumerate(series):
        drawn, x, y = _line(line, number, longest, most, unit)
        body += drawn
        ends.append((y, x, line.name))
    body += _names(ends)
    return frame(body, title, description, chart_id, size=(WIDTH, HEIGHT))


def _line(line: Line, number: int, longest: int, most: float, unit: str) -> tuple[Markup, float, float]:
    """Return a line and where it ends."""
    step = (WIDTH - RIGHT) / longest
    path, x, y = "", 0.0, float(HEIGHT - FOOT)
    for place, value in enumerate(line.values):
        if value is None:
            continue
        x, y = place * step, TOP + (HEIGHT - FOOT - TOP) * (1 - value / most)
        path += f"H{x:.1f}V{y:.1f}" if path else f"M{x:.1f} {y:.1f}"
    known = [value for value in line.values if value is not None]
    said = f"{line.name}: {known[-1]:,.0f} {unit} in the end" if known else f"{line.name}: unknown"
    drawn = Markup('<path class="line k{number}" d="{path}" {data}><title>{said}</title></path>').format(
        number=number, path=path + (f"H{x + step:.1f}" if path else ""), data=data(said), said=said
    )
    return drawn, x + step, y


def _names(ends: Sequence[tuple[float, float, str]]) -> Markup:
    """Return the name of each line where it ends, from top to foot, none upon another."""
    names, lowest = Markup(), 0.0
    for place, (y, x, name) in enumerate(sorted(ends)):
        at = min(max(y - LABEL_ROOM / 2, lowest), HEIGHT - LABEL_ROOM * (len(ends) - place))
        names += label_at(name, min(x, WIDTH - RIGHT) + 6, at)
        lowest = at + LABEL_ROOM
    return names
