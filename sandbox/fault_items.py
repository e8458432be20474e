"""Faults inside a recently-played answer: one item broken, items late, twice, local, or without a track.

Each takes (request, fault, response) and returns the changed response, or None where there is nothing to change.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson

from sandbox.faults import Fault
from sandbox.http_types import Request, Response


def _items(response: Response) -> tuple[dict[str, Any], list[Any]] | None:
    if response.status != 200 or not response.is_json():
        return None
    payload = response.json()
    if not isinstance(payload, dict) or not payload.get("items"):
        return None
    return payload, payload["items"]


def _with(response: Response, payload: dict[str, Any]) -> Response:
    response.body = orjson.dumps(payload)
    return response


def _malformed_item(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    payload, items = found
    place = min(int(fault.option("position", 1)), len(items) - 1)
    how = fault.option("how", "text")
    if how == "no_played_at":
        items[place].pop("played_at", None)
    elif how == "bad_played_at":
        items[place]["played_at"] = "yesterday evening"
    elif how == "no_track_id":
        items[place].get("track", items[place]).pop("id", None)
        items[place].get("track", items[place]).pop("uri", None)
    else:
        items[place] = "\ufffd"
    return _with(response, payload)


def _late_items(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None or "played_at" not in found[1][0]:
        return None
    payload, items = found
    del items[: int(fault.option("count", 3))]
    if items and payload.get("cursors"):
        payload["cursors"]["after"] = str(_stamp(items[0]))
    if not items:
        payload["cursors"], payload["next"] = None, None
    return _with(response, payload)


def _duplicate_items(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    payload, items = found
    payload["items"] = [items[0]] + [item for item in items for _ in range(2)][: int(fault.option("count", 100))]
    return _with(response, payload)


def _null_cursors(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    found[0]["cursors"] = None
    return _with(response, found[0])


def _null_context(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    for item in found[1]:
        item["context"] = None
    return _with(response, found[0])


def _track_null(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    found[1][min(int(fault.option("position", 1)), len(found[1]) - 1)]["track"] = None
    return _with(response, found[0])


def _local_file(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    item = found[1][min(int(fault.option("position", 1)), len(found[1]) - 1)]
    track = item.get("track")
    if not track:
        return None
    names = [track["artists"][0]["name"], track["album"]["name"], track["name"]]
    spelled = ":".join(name.replace(" ", "+") for name in names)
    track.update(id=None, is_local=True, external_ids={}, uri=f"spotify:local:{spelled}:200", href=None)
    track["external_urls"] = {}
    for part in (*track["artists"], track["album"]):
        part.update(id=None, uri=None, href=None, external_urls={})
    return _with(response, found[0])


def _empty_items(request: Request, fault: Fault, response: Response) -> Response | None:
    found = _items(response)
    if found is None:
        return None
    found[0].update(items=[], next=None, cursors=None)
    return _with(response, found[0])


def _stamp(item: dict[str, Any]) -> int:
    from datetime import datetime

    return int(datetime.fromisoformat(item["played_at"]).timestamp() * 1000 + 0.5)


CHANGES: tuple[tuple[str, str, tuple[str, ...], Callable[[Request, Fault, Response], Response | None]], ...] = (
    (
        "malformed_item",
        "one item (`position`) among good ones is broken; `how` is text, no_played_at, bad_played_at or no_track_id",
        ("position", "how"),
        _malformed_item,
    ),
    ("late_items", "the newest `count` (3) items are not there yet", ("count",), _late_items),
    ("duplicate_items", "items stand in the list twice", ("count",), _duplicate_items),
    ("null_cursors", "cursors is null although there are items", (), _null_cursors),
    ("null_context", "every context is null", (), _null_context),
    ("track_null", "the track of one item (`position`) is null", ("position",), _track_null),
    ("local_file", "one item (`position`) is a local file without ids", ("position",), _local_file),
    ("empty_items", "an empty list although there are plays", (), _empty_items),
)
