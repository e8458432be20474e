"""Which paths the Web API has, which query parameters each of them knows, and how parameters are read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.web.fault_kinds import spotify_error
from sandbox.web.http_messages import HttpProblem, Request
from sandbox.world.ids import SPOTIFY_ID_PATTERN

_PAGE = frozenset({"limit", "offset", "market"})
_ANYWHERE = frozenset({"locale"})


@dataclass(frozen=True, slots=True)
class Route:
    """One endpoint: the name under which it is counted, its path, and the parameters that it knows."""

    name: str
    pattern: re.Pattern[str]
    parameters: frozenset[str]


def _route(name: str, *parameters: str, page: bool = False) -> Route:
    pattern = re.escape(name).replace(r"\{id\}", "(?P<id>[^/]+)")
    known = frozenset(parameters) | _ANYWHERE | (_PAGE if page else frozenset())
    return Route(name, re.compile(pattern), known)


ROUTES = (
    _route("/v1/me"),
    _route("/v1/me/player/recently-played", "limit", "after", "before"),
    _route("/v1/artists/{id}"),
    _route("/v1/artists/{id}/albums", "include_groups", page=True),
    _route("/v1/albums/{id}", "market"),
    _route("/v1/albums/{id}/tracks", page=True),
    _route("/v1/tracks/{id}", "market"),
    _route("/v1/artists", "ids"),
    _route("/v1/albums", "ids", "market"),
    _route("/v1/tracks", "ids", "market"),
    _route("/v1/search", "q", "type", "include_external", page=True),
)


# What was taken from development mode in February 2026, besides the batches above.
_REMOVED = re.compile(
    r"/v1/(episodes|shows|audiobooks|chapters|markets|browse/new-releases|browse/categories(/[^/]+)?"
    r"|artists/[^/]+/top-tracks|users/[^/]+(/playlists)?|playlists/[^/]+/(tracks|followers)|me/[a-z]+/contains)"
)


def is_removed(request: Request) -> bool:
    """Return whether a development-mode app is refused this endpoint, which the sandbox has for nobody."""
    return _REMOVED.fullmatch(request.path.rstrip("/")) is not None


def find(request: Request) -> tuple[Route, str] | None:
    """Return the endpoint of a request and the id in its path, or None. A slash at the end does not matter."""
    path = request.path.rstrip("/")
    for route in ROUTES:
        match = route.pattern.fullmatch(path)
        if match:
            return route, match.groupdict().get("id", "")
    return None


def check(request: Request, route: Route, spotify_id: str) -> None:
    """Refuse parameters that the endpoint does not know, and ids that cannot be ids."""
    strange = request.names() - route.parameters
    if strange:
        raise HttpProblem(spotify_error(400, f"Unknown query parameter: {', '.join(sorted(strange))}"))
    if spotify_id and not SPOTIFY_ID_PATTERN.fullmatch(spotify_id):
        raise HttpProblem(spotify_error(400, "Invalid base62 id"))


def ids(request: Request, most: int) -> list[str]:
    """Return the ids of a batch."""
    found = [part for part in (request.value("ids") or "").split(",") if part]
    if not found or not all(SPOTIFY_ID_PATTERN.fullmatch(part) for part in found):
        raise HttpProblem(spotify_error(400, "Invalid base62 id"))
    if len(found) > most:
        raise HttpProblem(spotify_error(400, f"Too many ids requested, maximum: {most}"))
    return found


def number(request: Request, name: str, default: int, least: int, most: int) -> int:
    """Return a whole number within bounds."""
    text = request.value(name)
    if text is None:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise HttpProblem(spotify_error(400, f"Invalid {name}"))
    return int(text)


def stamp(request: Request, name: str) -> int | None:
    """Return a cursor: milliseconds since 1970, or None."""
    text = request.value(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise HttpProblem(spotify_error(400, f"Invalid cursor: {name}"))
    return int(text)
