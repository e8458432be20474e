"""Reading pages: their links, their tables with the SQL that they name, and their marked numbers."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "input", "br", "img", "hr", "line", "rect", "use", "path", "stop"}


@dataclass
class Table:
    """A table that names its SQL: each row as the marked values by column."""

    sql: str
    rows: list[dict[str, str]] = field(default_factory=list)


@dataclass
class Page(HTMLParser):
    """What a test wants to know of a page."""

    links: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    numbers: list[tuple[str, str, str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    attributes: set[str] = field(default_factory=set)
    ids: list[str] = field(default_factory=list)
    text: str = ""
    unclosed: list[str] = field(default_factory=list)
    wrongly_closed: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.attributes |= set(found)
        if tag not in _VOID:
            self.unclosed.append(tag)
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        if tag == "table" and "data-sql" in found:
            self.tables.append(Table(found["data-sql"]))
        if tag == "tr" and self.tables:
            self.tables[-1].rows.append({})
        if tag == "td" and "data-column" in found:
            self.tables[-1].rows[-1][found["data-column"]] = found["data-value"]
        if tag == "data":
            self.numbers.append((found["data-query"], found["data-column"], found["value"]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.unclosed.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if self.unclosed and self.unclosed[-1] == tag:
            self.unclosed.pop()
        else:
            self.wrongly_closed.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def read_page(html: str) -> Page:
    """Return a page, read."""
    page = Page()
    page.feed(html)
    for table in page.tables:
        table.rows = [row for row in table.rows if row]
    return page
