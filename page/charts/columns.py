"""Columns over time: one rectangle for each period, hatched where nothing is known, never a zero for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from page.charts.svg import data, frame, label_at

WIDTH, HEIGHT, FOOT, TOP = 720, 200, 22, 14
_TICK_ROOM = 48
_LEAST = 1.5
"""The least height of a column that is not zero: a minute is drawn, not dropped."""


@dataclass(frozen=True, slots=True)
class Mark:
    """One column: its label for people, its value (None: unknown), where it leads, and a tick below it, if any."""

    label: str
    value: float | None
    url: str = ""
    tick: str = ""


def columns(marks: Sequence[Mark], title: str, description: str, chart_id: str) -> Markup:
    """Return a chart of columns; it is one tab stop, its links are reached by arrows or through the table."""
    most = max((mark.value or 0 for mark in marks), default=0) or 1
    step = WIDTH / max(1, len(marks))
    body = Markup().join(_column(mark, number, step, most) for number, mark in enumerate(marks))
    axis = label_at(f"{most:,.0f}", 0, 10)
    base = Markup('<line class="base" x1="0" x2="{x}" y1="{y}" y2="{y}"/>').format(x=WIDTH, y=HEIGHT - FOOT)
    return frame(axis + base + body, title, description, chart_id, size=(WIDTH, HEIGHT))


def _column(mark: Mark, number: int, step: float, most: float) -> Markup:
    room = HEIGHT - FOOT - TOP
    x, width = round(number * step + step * 0.1, 2), round(step * 0.8, 2)
    is_at_the_edge = x > WIDTH - _TICK_ROOM
    tick = Markup('<text class="axis{end}" x="{x}" y="{y}">{text}</text>' if mark.tick else "").format(
        end=" end" if is_at_the_edge else "", x=WIDTH if is_at_the_edge else x, y=HEIGHT - 6, text=mark.tick
    )
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
    drawn = shape + Markup("<title>{label}</title></rect>").format(label=mark.label)
    return drawn + tick
