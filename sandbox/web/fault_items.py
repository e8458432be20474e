"""Faults inside an answer that has `items`: one item broken, items late, twice, local, or without a track.

Each edit changes the payload in place and says whether there was anything to change.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from sandbox.web.fault_types import Strike
from sandbox.web.http_messages import Response

Json = dict[str, Any]
Edit = Callable[[Json, list[Any], Strike], bool]


def act(edit: Edit) -> Callable[[Strike], Response | None]:
    """Return what a fault does that makes this edit."""

    def apply(strike: Strike) -> Response | None:
        response = strike.response
        payload = response.json() if response.status == 200 and response.is_json() else None
        if not isinstance(payload, dict) or not payload.get("items"):
            return None
        if not edit(payload, payload["items"], strike):
            return None
        response.body = orjson.dumps(payload)
        return response

    return apply


def _chosen(items: list[Any], strike: Strike) -> Any:
    return items[_position(items, strike)]


def _position(items: list[Any], strike: Strike) -> int:
    return min(int(strike.option("position", 1)), len(items) - 1)


_TIMES = {
    "bad_played_at": "yesterday evening",
    "epoch": "1970-01-01T00:00:00.000Z",
    "future": "2099-01-01T00:00:00.000Z",
}


def _malformed_item(_payload: Json, items: list[Any], strike: Strike) -> bool:
    how, item = strike.option("how", "text"), _chosen(items, strike)
    track = item.get("track") or item
    if how == "no_played_at":
        item.pop("played_at", None)
    elif how in _TIMES:
        item["played_at"] = _TIMES[how]
    elif how == "no_track_id":
        track.pop("id", None)
        track.pop("uri", None)
    elif how == "no_name":
        track.pop("name", None)
    else:
        items[_position(items, strike)] = "\ufffd"
    return True


def _late_items(payload: Json, items: list[Any], strike: Strike) -> bool:
    if "played_at" not in items[0]:
        return False
    del items[: int(strike.option("count", 3))]
    if items and payload.get("cursors"):
        newest = datetime.fromisoformat(items[0]["played_at"])
        payload["cursors"]["after"] = str(round(newest.timestamp() * 1000))
    if not items:
        payload.update(cursors=None, next=None)
    return True


def _duplicate_items(payload: Json, items: list[Any], strike: Strike) -> bool:
    count = int(strike.option("count", len(items)))
    payload["items"] = [copy for place, item in enumerate(items) for copy in [item] * (1 + (place < count))]
    return True


def _null_cursors(payload: Json, _items: list[Any], _strike: Strike) -> bool:
    payload["cursors"] = None
    return True


def _null_context(_payload: Json, items: list[Any], _strike: Strike) -> bool:
    for item in items:
        item["context"] = None
    return True


def _track_null(_payload: Json, items: list[Any], strike: Strike) -> bool:
    _chosen(items, strike)["track"] = None
    return True


def _local_file(_payload: Json, items: list[Any], strike: Strike) -> bool:
    track = _chosen(items, strike).get("track")
    if not track:
        return False
    names = (track["artists"][0]["name"], track["album"]["name"], track["name"])
    spelled = ":".join(name.replace(" ", "+") for name in names)
    uri = f"spotify:local:{spelled}:{track['duration_ms'] // 1000}"
    track.update(id=None, is_local=True, external_ids={}, external_urls={}, href=None, uri=uri)
    for part in (*track["artists"], track["album"]):
        part.update(id=None, uri=None, href=None, external_urls={})
    return True


def _empty_items(payload: Json, _items: list[Any], _strike: Strike) -> bool:
    payload.update(items=[], next=None, cursors=None)
    return True


def _no_items(payload: Json, _items: list[Any], strike: Strike) -> bool:
    how = strike.option("how", "missing")
    payload.clear()
    if how == "null":
        payload["items"] = None
    elif how == "error":
        payload["error"] = "try again"
    return True


EDITS: tuple[tuple[str, str, tuple[str, ...], Edit], ...] = (
    (
        "malformed_item",
        "the item at `position` (1) is broken;"
        " `how`: text, no_played_at, bad_played_at, epoch, future, no_track_id, no_name",
        ("position", "how"),
        _malformed_item,
    ),
    ("late_items", "the newest `count` (3) items are not there yet", ("count",), _late_items),
    ("duplicate_items", "the first `count` (all) items stand in the list twice", ("count",), _duplicate_items),
    ("null_cursors", "cursors is null although there are items", (), _null_cursors),
    ("null_context", "every context is null", (), _null_context),
    ("track_null", "the track of the item at `position` (1) is null", ("position",), _track_null),
    ("local_file", "the item at `position` (1) is a local file without ids", ("position",), _local_file),
    ("empty_items", "an empty list although there are plays", (), _empty_items),
    ("no_items", "status 200 without a list; `how` is missing, null or error", ("how",), _no_items),
)
