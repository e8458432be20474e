"""What a route is handed: the parameters, a cursor, links, and ways to ask, describe and draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from page.database import Cursor, Result
from page.links import Links
from page.params import Params, presets, years
from page.rendering import environment
from page.sql import Value, statement, whole_number
from page.views import Column, View

ROWS_A_PAGE = 50
_KEPT_BY_THE_FORM = ("kind", "key", "q", "weekday", "hour", "season")
_NOT_IN_LINKS = {"row_limit", "row_offset"}


@dataclass(frozen=True, slots=True)
class PageContext:
    """One request for one page, with the file that answers it."""

    request: Request
    params: Params
    cursor: Cursor
    links: Links
    embed_site: str = ""

    @property
    def section(self) -> str:
        """The first part of the path."""
        return self.request.url.path.strip("/").split("/", maxsplit=1)[0]

    def query(self, name: str, **arguments: Value) -> Result:
        """Return the rows of a query in `queries/` for the parameters of this page and further arguments."""
        return self.cursor.fetch(statement(name, self.params, arguments))

    def view(self, name: str, title: str, columns: tuple[Column, ...], **options: Any) -> View:
        """Return a query as a view; `arguments` go to the query, the other options to the view."""
        arguments: dict[str, Value] = options.pop("arguments", {})
        return self.view_of(self.query(name, **arguments), title, columns, arguments=arguments, **options)

    def view_of(self, result: Result, title: str, columns: tuple[Column, ...], **options: Any) -> View:
        """Return rows that were asked for as a view with its links to CSV and SQL."""
        arguments: dict[str, Value] = options.pop("arguments", {})
        kept = {name: value for name, value in arguments.items() if name not in _NOT_IN_LINKS}
        csv_url, sql_url = (
            self.links.to(f"/data/{result.statement.name}.{ending}", **kept) for ending in ("csv", "sql")
        )
        return View(result, title, columns, csv_url=csv_url, sql_url=sql_url, **options)

    def text(self, name: str, default: str = "") -> str:
        """Return a value of the URL's query."""
        return self.request.query_params.get(name, default)

    def page_number(self) -> int:
        """Return `page=`, from 1. Errors: BadRequest for what is no such number, however long."""
        return max(1, whole_number("page", self.text("page") or "1", most=20_000))

    def render(self, template: str, title: str, **values: Any) -> Response:
        """Return a page drawn by a template in the common frame."""
        return HTMLResponse(self.html(template, title, **values))

    def html(self, template: str, title: str, **values: Any) -> Markup:
        """Return the text of a page; `path` is where its own range form leads."""
        path = values.pop("path", self.request.url.path)
        common = {
            "title": title,
            "params": self.params,
            "facts": self.cursor.facts,
            "links": self.links,
            "path": path,
            "section": self.section,
            "has_range": True,
            "hidden": {name: self.text(name) for name in _KEPT_BY_THE_FORM if self.text(name)},
            "presets": presets(self.params),
            "years": years(self.params),
            "previous": self.params.previous(),
            "following": self.params.next(),
            "coverage": self.query("coverage").first,
        }
        return Markup(environment().get_template(template).render(common | values))


@dataclass(frozen=True, slots=True)
class Paging:
    """Where a page of a long list stands: rows `first` to `last` of `total`, the last of which may have no rank."""

    number: int
    total: int
    size: int = ROWS_A_PAGE
    without_rank: int = 0

    @property
    def pages(self) -> int:
        """How many pages there are, at least one."""
        return max(1, -(-self.total // self.size))

    @property
    def first(self) -> int:
        """Number of the first row shown."""
        return min((self.number - 1) * self.size + 1, self.total)

    @property
    def last(self) -> int:
        """Number of the last row shown."""
        return min(self.number * self.size, self.total)

    @property
    def label(self) -> str:
        """Which rows are shown; what has no rank is not counted among those that have one."""
        ranked = self.total - self.without_rank
        if self.first > ranked:
            return "What has no rank"
        also = ", and what has no rank" if self.last > ranked else ""
        return f"{self.first:,} to {min(self.last, ranked):,} of {ranked:,}{also}"
