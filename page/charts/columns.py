"""Columns over time: one rectangle for each period, hatched where nothing is known, never a zero for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from page.charts.svg import LABEL_RISE, LABEL_ROOM, data, frame, label_at

WIDTH, HEIGHT, FOOT, TOP = 720, 224, LABEL_ROOM + 4, LABEL_ROOM + LABEL_RISE
_TICK_ROOM = 90
_LEAST = 1.5
"""The least height of a column that is not zero: a minute is drawn, not dropped."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One column: its label for people, its value (None: unknown), where it leads, and a tick below it, if any."""

    label: str
    value: float | None
    url: str = ""
    tick: str = ""


def columns(marks: Sequence[Mark], title: str, description: str, chart_id: str, write: str = "{:,.0f}") -> Markup:
    """Return a chart of columns; it is one tab stop, its links are reached by arrows or through the table."""
    greatest = max((mark.value or 0 for mark in marks), default=0)
    most = greatest or 1
    step = WIDTH / max(1, len(marks))
    ticks = [number for number, mark in enumerate(marks) if mark.tick]
    body = Markup().join(_column(mark, number, step, most) for number, mark in enumerate(marks))
    for left, number in zip(range(len(ticks), 0, -1), ticks, strict=True):
        body += _tick(marks[number], (number + 0.5) * step, left % 2 == 0)
    axis = label_at(write.format(greatest), 0, LABEL_RISE) if greatest else Markup()
    base = Markup('<line class="base" x1="0" x2="{x}" y1="{y}" y2="{y}"/>').format(x=WIDTH, y=HEIGHT - FOOT)
    return frame(axis + base + body, title, description, chart_id, size=(WIDTH, HEIGHT))


def _column(mark: Mark, number: int, step: float, most: float) -> Markup:
    room = HEIGHT - FOOT - TOP
    x, width = round(number * step + step * 0.1, 2), round(step * 0.8, 2)
    if mark.value is None:
        look, height = Markup('class="unknown" fill="url(#hatch)"'), float(room)
    else:
        look = Markup('class="mark"')
        height = round(max(_LEAST, room * mark.value / most), 2) if mark.value else 0.0
    shape = Markup('<rect {look} x="{x}" y="{y}" width="{width}" height="{height}" {data}>').format(
        look=look,
        x=x,
        y=round(HEIGHT - FOOT - height, 2),
        width=width,
        height=height,
        data=data(mark.label, mark.url),
    )
    return shape + Markup("<title>{label}</title></rect>").format(label=mark.label)


def _tick(mark: Mark, middle: float, is_odd: bool) -> Markup:
    """Return the label below the middle of a column; every second one is left out where there is no room."""
    side, x = "middle", middle
    if middle < _TICK_ROOM / 2:
        side, x = "", 0.0
    elif middle > WIDTH - _TICK_ROOM / 2:
        side, x = "end", float(WIDTH)
    look = " ".join(word for word in ("axis", side, "odd" if is_odd else "") if word)
    return label_at(mark.tick, x, HEIGHT - FOOT + 3, look)
