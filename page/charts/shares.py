"""Shares of a whole over time, stacked: at most eight parts, each named beside the last column."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from page.charts.svg import LABEL_ROOM, data, frame, label_at

WIDTH, HEIGHT, FOOT, RIGHT, SWATCH = 720, 256, LABEL_ROOM + 4, 150, 12


@dataclass(frozen=True, slots=True)
class Part:
    """One part of one column: its name, its position in the stack (9: unknown) and its share in percent."""

    name: str
    position: int
    percent: float


def shares(columns: Sequence[tuple[str, Sequence[Part]]], title: str, description: str, chart_id: str) -> Markup:
    """Return stacked columns of 100 percent; the unknown part is hatched and on top."""
    room = WIDTH - RIGHT
    step = room / max(1, len(columns))
    every = max(1, -(-len(columns) // 8))
    body = Markup()
    for number, (name, parts) in enumerate(columns):
        body += Markup().join(_part(part, below, name, number * step, step) for part, below in _stacked(parts))
        if number % every == 0:
            is_at_the_edge = number * step > room - 90
            look, x = ("axis end", room) if is_at_the_edge else ("axis", number * step)
            body += label_at(name, x, HEIGHT - FOOT + 3, f"{look} odd" if number // every % 2 else look)
    names = _names(columns[-1][1]) if columns else Markup()
    return frame(body + names, title, description, chart_id, size=(WIDTH, HEIGHT))


def _stacked(parts: Sequence[Part]) -> list[tuple[Part, float]]:
    """Return each part with the percent below it."""
    below, stacked = 0.0, []
    for part in sorted(parts, key=lambda one: one.position):
        stacked.append((part, below))
        below += part.percent
    return stacked


def _y(percent: float) -> float:
    return (HEIGHT - FOOT) * (1 - min(percent, 100.0) / 100)


def _part(part: Part, below: float, column: str, x: float, step: float) -> Markup:
    top, foot = _y(below + part.percent), _y(below)
    label = f"{column}, {part.name}: {part.percent:.1f} %"
    return Markup(
        '<rect class="part p{position}"{fill} x="{x}" y="{y}" width="{width}" height="{height}" {data}>'
        "<title>{label}</title></rect>"
    ).format(
        position=part.position, fill=_fill(part), x=round(x, 2), y=round(top, 2), width=round(step * 0.92, 2),
        height=round(foot - top, 2), data=data(label), label=label,
    )  # fmt: skip


def _fill(part: Part) -> Markup:
    return Markup(' fill="url(#hatch)"') if part.position == 9 else Markup()


def _names(parts: Sequence[Part]) -> Markup:
    """Return the names of the parts beside the last column, none upon another."""
    names, lowest = Markup(), float(HEIGHT - FOOT)
    for place, (part, below) in enumerate(_stacked(parts)):
        middle = _y(below + part.percent / 2) - LABEL_ROOM / 2
        lowest = max(min(middle, lowest - LABEL_ROOM), LABEL_ROOM * (len(parts) - 1 - place))
        names += _swatch(part, lowest) + label_at(part.name[:18], WIDTH - RIGHT + 6 + SWATCH + 6, lowest)
    return names


def _swatch(part: Part, top: float) -> Markup:
    """Return a patch of the colour of a part beside its name."""
    return Markup('<rect class="swatch p{position}"{fill} x="{x}" y="{y}" width="{side}" height="{side}"/>').format(
        position=part.position, fill=_fill(part), x=WIDTH - RIGHT + 6, y=round(top, 2), side=SWATCH
    )
