"""A view: one query as a table with its title, definition and units; a chart is drawn from the same rows.

What a page shows is described here as data and drawn by `templates/_ui.html`, so every view has the same parts: a title
that states the finding, the definition, CSV, SQL, and numbers that a test can compare with the query's own result.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from markupsafe import Markup

from page import formats
from page.database import Result

Row = dict[str, Any]
_WRITERS: dict[str, Callable[[Any], str]] = {
    "text": lambda value: "unknown" if value is None else str(value),
    "number": formats.number,
    "minutes": formats.minutes,
    "percent": formats.percent,
    "ratio": lambda value: "unknown" if value is None else f"{value:.3f}",
    "day": formats.day,
    "moment": formats.moment,
    "time": lambda value: "unknown" if value is None else f"{value:%H:%M}",
    "month": lambda value: f"{value:%B %Y}",
    "yes_no": lambda value: "unknown" if value is None else ("yes" if value else "no"),
}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: where its value is, how it is written, and where it leads."""

    name: str
    label: str
    kind: str = "text"
    link: Callable[[Row], str | None] | None = None
    without: str = ""
    """What stands for a value that there is not, rather than one that is unknown."""

    @property
    def is_number(self) -> bool:
        """Whether the values stand at the right and are compared with the query."""
        return self.kind in {"number", "minutes", "percent", "ratio"}

    @property
    def look(self) -> str:
        """The class of its cells: numbers stand at the right, a date is not broken."""
        return "n" if self.is_number else "d" if self.kind in {"day", "moment", "month", "time"} else "t"

    def text(self, row: Row) -> str:
        """Return the value of a row as it is read."""
        value = row[self.name]
        return self.without if value is None and self.without else _WRITERS[self.kind](value)

    def value(self, row: Row) -> str:
        """Return the value of a row as a program reads it."""
        return formats.machine(row[self.name])


class Cell(NamedTuple):
    """One cell of a table, as it is written; `bar` is the length of its bar in percent, where it has one."""

    look: str
    head: str
    name: str
    value: str
    text: str
    address: str | None
    is_outside: bool
    is_number: bool
    bar: float | None


@dataclass(frozen=True, slots=True)
class View:
    """One table with all that stands beside it; `bar` names the column that bars are drawn of."""

    result: Result
    title: str
    columns: tuple[Column, ...]
    definition: str = ""
    empty: str = "Nothing was heard in this range."
    csv_url: str = ""
    sql_url: str = ""
    more_url: str = ""
    more_label: str = ""
    bar: str = ""
    chart: Markup | None = None
    is_folded: bool = False
    anchor: str = ""

    @property
    def name(self) -> str:
        """The anchor of the view: its own, else the name of its query."""
        return self.anchor or self.result.statement.name

    @property
    def rows(self) -> list[Row]:
        """The rows of the table."""
        return self.result.rows

    def cells(self, row: Row) -> list[Cell]:
        """Return the cells of a row."""
        return [self._cell(column, row) for column in self.columns]

    def _cell(self, column: Column, row: Row) -> Cell:
        has_bar, address = self.bar == column.name, column.link(row) if column.link else None
        look = f"{column.look}{' bars' if has_bar else ''}{' first' if column is self.columns[0] else ''}"
        return Cell(
            look, column.label, column.name, column.value(row), column.text(row), address,
            bool(address and address.startswith("http")), column.is_number, self.bar_percent(row) if has_bar else None,
        )  # fmt: skip

    def bar_percent(self, row: Row) -> float:
        """Return the length of a row's bar, 0 to 100, against the longest of the table."""
        longest = max((float(other[self.bar] or 0) for other in self.rows), default=0.0)
        return round(100 * float(row[self.bar] or 0) / longest, 2) if longest else 0.0
