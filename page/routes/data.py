"""Every view as CSV, and as the SQL to paste into the duckdb command line."""

from __future__ import annotations

import csv
import io

from starlette.responses import PlainTextResponse, Response

from page.context import PageContext
from page.errors import NotFound
from page.sql import Value, argument, statement

_OF_THE_FRAME = {"from", "to", "rule", "by", "listener"}
_NAMES = {"q": "search"}


def data(context: PageContext) -> Response:
    """Answer with one query. Errors: NotFound for a name or an ending that is none, BadRequest for an argument."""
    name, _, ending = context.request.path_params["file"].rpartition(".")
    asked = {key: text for key, text in context.request.query_params.items() if key not in _OF_THE_FRAME}
    arguments: dict[str, Value] = {_NAMES.get(key, key): argument(key, text) for key, text in asked.items()}
    if ending == "sql":
        return PlainTextResponse(statement(name, context.params, arguments).pasteable())
    if ending != "csv":
        raise NotFound("There is no such view.", "The endings are .csv and .sql.")
    result = context.query(name, **arguments)
    text = io.StringIO()
    writer = csv.DictWriter(text, result.columns, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(result.rows)
    headers = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


ROUTES = [("/data/{file}", data)]
