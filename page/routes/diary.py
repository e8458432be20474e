"""The diary of a month: each of its days with the tracks that were heard most on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from page.context import PageContext
from page.entities import Kind
from page.errors import NotFound
from page.periods import period_of
from page.routes.shared import artist_column, definition_of_plays, name_column
from page.views import Column, Row

LISTED = 15


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the diary: its numbers (None: nobody knows), its listed tracks, and how many are not listed."""

    day: date
    plays: int | None
    minutes: float | None
    rows: list[Row]

    @property
    def more(self) -> int:
        """How many further tracks were heard."""
        return self.rows[0]["tracks"] - len(self.rows) if self.rows else 0


def diary(context: PageContext) -> Response:
    """Answer with one month. Errors: BadRequest for what is no period, NotFound for what is no month with days."""
    period, known = period_of(context.request.path_params["month"], "month"), context.params.listener
    first, last = max(period.first, known.first_day), min(period.last, known.last_day)
    if period.kind != "month" or first > last:
        raise NotFound("There is no diary of this.", "Write a month of which something is known as 2024-03.")
    arguments = {"first_day": first, "last_day": last}
    view = context.view(
        "diary",
        f"The tracks of each day by {context.params.measure.value}",
        (
            name_column(context, Kind.TRACK),
            artist_column(context),
            Column("plays", "Plays", "number"),
            Column("minutes", "Minutes", "minutes"),
        ),
        arguments=arguments | {"row_limit": LISTED},
        definition=f"At most {LISTED} tracks a day; the CSV has all, the page of a day each play. "
        + definition_of_plays(context),
    )
    beside = [(one.label, context.links.to(f"/diary/{one.text}")) if one else None
              for one in (period.beside(-1) if first > known.first_day else None,
                          period.beside(1) if last < known.last_day else None)]  # fmt: skip
    return context.render(
        "diary.html",
        f"Diary of {period.label}",
        has_range=False,
        period=period,
        view=view,
        days=_days(context, view.rows, arguments),
        beside=beside,
        month_url=context.links.to(f"/month/{period.text}"),
    )


def _days(context: PageContext, rows: list[Row], arguments: dict[str, date]) -> list[Day]:
    """Return each day of the month as far as it is known."""
    heard: dict[date, list[Row]] = {}
    for row in rows:
        heard.setdefault(row["day"], []).append(row)
    known = context.query("days", **arguments).rows
    return [Day(row["day"], row["plays"], row["minutes"], heard.get(row["day"], [])) for row in known]


ROUTES = [("/diary/{month}", diary)]
