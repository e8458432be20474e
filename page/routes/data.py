"""Every view as CSV, and as the SQL to paste into the duckdb command line.

A long list is asked for in slices and written to a file without a name, so a million rows need no more memory than a
few thousand. No cell is read as a formula by a spreadsheet: a text that would be begins with an apostrophe.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from io import TextIOWrapper
from typing import IO, Any

from starlette.background import BackgroundTask
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from page.context import PageContext
from page.database import Result
from page.entities import Kind
from page.errors import NotFound
from page.sql import Value, argument, load, statement

SLICE_ROWS = 20_000
_CHUNK_BYTES = 1 << 16
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_OF_THE_FRAME = {"from", "to", "rule", "by", "listener"}
_NAMES = {"q": "search"}


def data(context: PageContext) -> Response:
    """Answer with one query. Errors: NotFound for a name or an ending that is none, BadRequest for an argument."""
    name, _, ending = context.request.path_params["file"].rpartition(".")
    asked = {key: text for key, text in context.request.query_params.items() if key not in _OF_THE_FRAME}
    arguments: dict[str, Value] = {_NAMES.get(key, key): argument(key, text) for key, text in asked.items()}
    if "key" in arguments:
        kind = Kind.of(str(arguments.get("kind", Kind.ARTIST)))
        arguments["key"] = kind.key_of(str(arguments["key"]))
    if ending == "sql":
        return PlainTextResponse(statement(name, context.params, arguments).pasteable())
    if ending != "csv":
        raise NotFound("There is no such view.", "The endings are .csv and .sql.")
    with ExitStack() as stack:
        file = stack.enter_context(tempfile.TemporaryFile())
        _write(file, _slices(context, name, arguments))
        return StreamingResponse(
            iter(lambda: file.read(_CHUNK_BYTES), b""),
            media_type="text/csv; charset=utf-8",
            headers={"content-disposition": f'attachment; filename="{name}.csv"'},
            background=BackgroundTask(stack.pop_all().close),
        )


def _slices(context: PageContext, name: str, arguments: dict[str, Value]) -> Iterator[Result]:
    """Yield the rows of a query, at most `SLICE_ROWS` at a time where it can be asked so."""
    if "$row_offset" not in load(name) or {"row_limit", "row_offset"} & arguments.keys():
        yield context.query(name, **arguments)
        return
    offset = 0
    while True:
        result = context.query(name, **arguments, row_limit=SLICE_ROWS, row_offset=offset)
        yield result
        offset += SLICE_ROWS
        if len(result.rows) < SLICE_ROWS:
            return


def _write(file: IO[bytes], slices: Iterator[Result]) -> None:
    """Write rows to a file as CSV, and go back to its start."""
    text = TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    for number, result in enumerate(slices):
        writer = csv.DictWriter(text, result.columns, lineterminator="\r\n")
        if number == 0:
            writer.writeheader()
        writer.writerows(_cells(row) for row in result.rows)
    text.detach()
    file.seek(0)


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row in which no text is a formula."""
    return {name: f"'{value}" if _is_formula(value) else value for name, value in row.items()}


def _is_formula(value: Any) -> bool:
    return isinstance(value, str) and value.startswith(_FORMULA_STARTS)


ROUTES = [("/data/{file}", data)]
