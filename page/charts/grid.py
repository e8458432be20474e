"""A grid of shaded cells: rows by columns, hatched where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from page.charts.calendar import level
from page.charts.svg import LABEL_ROOM, data, frame, label_at

CELL, LEFT, TOP = 26, 54, LABEL_ROOM


_SHOWN_DAYS = ((0, "Mon"), (2, "Wed"), (4, "Fri"), (6, "Sun"))


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: what it says, its value (None: unknown) and where it leads."""

    label: str
    value: float | None
    url: str = ""


def grid(
    cells: Sequence[Cell], rows: Sequence[str], columns: Sequence[str], *, title: str, description: str, chart_id: str
) -> Markup:
    """Return cells row by row, with a name for each row and each column."""
    most = max((cell.value or 0 for cell in cells), default=0)
    wide = len(columns)
    body = Markup().join(_row_name(name, row) for row, name in enumerate(rows))
    body += Markup().join(label_at(name, LEFT + CELL * place, 0) for place, name in enumerate(columns) if name)
    body += Markup().join(_cell(cell, number % wide, number // wide, most) for number, cell in enumerate(cells))
    size = LEFT + CELL * wide, TOP + CELL * len(rows)
    return frame(body, title, description, chart_id, size=size, step=wide, look="grid-chart")


def strip(cells: Sequence[Cell], weeks_named: Sequence[str], title: str, description: str, chart_id: str) -> Markup:
    """Return cells down the days of a week, one column a week; the first is a Monday. A week may have a name."""
    most = max((cell.value or 0 for cell in cells), default=0)
    weeks = max(1, -(-len(cells) // 7))
    body = Markup().join(_row_name(name, row) for row, name in _SHOWN_DAYS)
    body += Markup().join(label_at(name, LEFT + CELL * at, 0) for at, name in enumerate(weeks_named) if name)
    body += Markup().join(_cell(cell, number // 7, number % 7, most) for number, cell in enumerate(cells))
    return frame(body, title, description, chart_id, size=(LEFT + CELL * weeks, TOP + CELL * 7), look="grid-chart")


def _row_name(name: str, row: int) -> Markup:
    """Return the name of a row at the middle of its cells."""
    return label_at(name, 0, TOP + CELL * (row + 0.5) - 1, "axis row")


def _cell(cell: Cell, column: int, row: int, most: float) -> Markup:
    shade = level(cell.value, most)
    look = Markup('class="cell unknown" fill="url(#hatch)"') if shade is None else Markup(f'class="cell s{shade}"')
    return Markup(
        '<rect {look} x="{x}" y="{y}" width="{side}" height="{side}" {data}><title>{label}</title></rect>'
    ).format(
        look=look, x=LEFT + CELL * column, y=TOP + CELL * row, side=CELL - 2, data=data(cell.label, cell.url),
        label=cell.label,
    )  # fmt: skip
