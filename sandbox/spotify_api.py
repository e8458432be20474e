"""The stand-in of api.spotify.com: the part of the Web API that a tracker of plays needs.

A development-mode app (the default) is refused batch reads with 403 Forbidden, as everybody else has been since 2026.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sandbox.clock import Clock
from sandbox.fault_kinds import spotify_error
from sandbox.feed import Feed
from sandbox.http_types import HttpProblem, Request, Response, json_response
from sandbox.ids import SPOTIFY_ID_PATTERN
from sandbox.spotify_objects import Json, SpotifyObjects, paged
from sandbox.spotify_search import search_artists, search_items
from sandbox.tokens import Access, Tokens
from sandbox.world import World

ACCOUNT_NAMESPACE = "account"


class SpotifyApi:
    """Answers requests of the Web API."""

    name = "spotify"

    def __init__(self, world: World, clock: Clock, tokens: Tokens, *, mode: str = "development") -> None:
        if mode not in ("development", "extended"):
            raise ValueError(f"the mode of a Spotify app is development or extended, not {mode!r}")
        self._world, self._clock, self._tokens = world, clock, tokens
        self._objects = SpotifyObjects(world, extended=mode == "extended")
        self._extended = mode == "extended"
        self.feed = Feed(world.plays)
        self.user_id = f"sandbox-listener-{world.settings.listener}"
        self.account_id = world.ids.spotify(ACCOUNT_NAMESPACE, world.settings.listener)
        one = r"/(?P<id>[^/]+)"
        self._routes: list[tuple[re.Pattern[str], str, set[str], Callable[[Request, re.Match[str]], Response]]] = [
            (re.compile(r"/v1/me"), "/v1/me", set(), self._me),
            (
                re.compile(r"/v1/me/player/recently-played"),
                "/v1/me/player/recently-played",
                {"limit", "after", "before"},
                self._recent,
            ),
            (re.compile(rf"/v1/artists{one}"), "/v1/artists/{id}", set(), self._artist),
            (
                re.compile(rf"/v1/artists{one}/albums"),
                "/v1/artists/{id}/albums",
                _PAGE | {"include_groups"},
                self._of_artist,
            ),
            (re.compile(rf"/v1/albums{one}"), "/v1/albums/{id}", {"market"}, self._album),
            (re.compile(rf"/v1/albums{one}/tracks"), "/v1/albums/{id}/tracks", _PAGE, self._album_tracks),
            (re.compile(rf"/v1/tracks{one}"), "/v1/tracks/{id}", {"market"}, self._track),
            (re.compile(r"/v1/(?P<kind>artists|albums|tracks)"), "", {"ids", "market"}, self._batch),
            (re.compile(r"/v1/search"), "/v1/search", _PAGE | {"q", "type", "include_external"}, self._search),
        ]

    def endpoint(self, request: Request) -> str:
        """Return the name under which a request is counted, e.g. /v1/artists/{id}."""
        for pattern, name, _, _ in self._routes:
            match = pattern.fullmatch(_path(request))
            if match:
                return name or f"/v1/{match['kind']}"
        return "unknown"

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        if request.method != "GET":
            return spotify_error(405, "Method not allowed")
        access = self._authorized(request)
        for pattern, _, known, handler in self._routes:
            match = pattern.fullmatch(_path(request))
            if match is None:
                continue
            strange = request.names() - known - {"locale"}
            if strange:
                return spotify_error(400, f"Unknown query parameter: {', '.join(sorted(strange))}")
            if handler == self._recent and "user-read-recently-played" not in access.scope.split():
                return spotify_error(403, "Insufficient client scope")
            return handler(request, match)
        return spotify_error(404, "Service not found")

    def _authorized(self, request: Request) -> Access:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise HttpProblem(spotify_error(401, "No token provided"))
        access = self._tokens.check_access(token.strip())
        if isinstance(access, str):
            raise HttpProblem(spotify_error(401, access))
        return access

    def _me(self, request: Request, match: re.Match[str]) -> Response:
        body: Json = {
            "account_id": self.account_id,
            "display_name": "Sandbox Listener",
            "external_urls": {"spotify": f"https://open.spotify.com/user/{self.user_id}"},
            "href": f"{_base(request)}/users/{self.user_id}",
            "id": self.user_id,
            "images": [],
            "type": "user",
            "uri": f"spotify:user:{self.user_id}",
        }
        if self._extended:
            body |= {"country": "DE", "product": "premium", "followers": {"href": None, "total": 3}}
        return json_response(body)

    def _recent(self, request: Request, match: re.Match[str]) -> Response:
        limit = _number(request, "limit", 20, 1, 50)
        before, after = _stamp(request, "before"), _stamp(request, "after")
        if before is not None and after is not None:
            return spotify_error(400, "Only one of before and after can be given")
        items = self.feed.recent(self._clock.now_ms())
        if before is not None:
            items = [item for item in items if item.played_at_ms < before]
        if after is not None:
            items = [item for item in items if item.played_at_ms > after]
        page = items[:limit]
        href = f"{_base(request)}/me/player/recently-played"
        query = "&".join(f"{key}={value}" for key, value in request.query)
        body: Json = {
            "items": [self._objects.recent_item(item, _base(request)) for item in page],
            "next": None,
            "cursors": None,
            "limit": limit,
            "href": f"{href}?{query}" if query else href,
        }
        if page:
            newest, oldest = page[0].played_at_ms, page[-1].played_at_ms
            body["cursors"] = {"after": str(newest), "before": str(oldest)}
            if len(page) == limit:
                body["next"] = f"{href}?before={oldest}&limit={limit}"
        return json_response(body)

    def _artist(self, request: Request, match: re.Match[str]) -> Response:
        artist = self._world.catalogue.artist(_id(match))
        return json_response(self._objects.artist(artist, _base(request))) if artist else _missing()

    def _of_artist(self, request: Request, match: re.Match[str]) -> Response:
        artist = self._world.catalogue.artist(_id(match))
        if artist is None:
            return _missing()
        limit = _number(request, "limit", 5, 1, 50 if self._extended else 10)
        offset = _number(request, "offset", 0, 0, 100_000)
        albums = self._world.catalogue.of(artist.index).albums
        page = [self._objects.album_link(album, _base(request)) for album in albums[offset : offset + limit]]
        href = f"{_base(request)}/artists/{match['id']}/albums"
        return json_response(paged(page, href, {}, limit=limit, offset=offset, total=len(albums)))

    def _album(self, request: Request, match: re.Match[str]) -> Response:
        album = self._world.catalogue.album(_id(match))
        return json_response(self._objects.album(album, _base(request))) if album else _missing()

    def _album_tracks(self, request: Request, match: re.Match[str]) -> Response:
        album = self._world.catalogue.album(_id(match))
        if album is None:
            return _missing()
        limit, offset = _number(request, "limit", 20, 1, 50), _number(request, "offset", 0, 0, 100_000)
        return json_response(self._objects.album_tracks(album, _base(request), limit=limit, offset=offset))

    def _track(self, request: Request, match: re.Match[str]) -> Response:
        body = self._one_track(_id(match), request)
        return json_response(body) if body else _missing()

    def _one_track(self, spotify_id: str, request: Request) -> Json | None:
        track = self._world.catalogue.track(spotify_id)
        if track is None:
            return None
        market = request.value("market") is not None
        first = spotify_id == self._world.catalogue.track_id(track)
        return self._objects.track(track, _base(request), relinked=market or not first, market=market)

    def _batch(self, request: Request, match: re.Match[str]) -> Response:
        if not self._extended:
            return spotify_error(403, "Forbidden")
        kind = match["kind"]
        ids = [part for part in (request.value("ids") or "").split(",") if part]
        most = 20 if kind == "albums" else 50
        if not ids or not all(SPOTIFY_ID_PATTERN.fullmatch(part) for part in ids):
            return spotify_error(400, "Invalid base62 id")
        if len(ids) > most:
            return spotify_error(400, f"Too many ids requested, maximum: {most}")
        base, catalogue = _base(request), self._world.catalogue
        found: list[Any] = []
        for spotify_id in ids:
            if kind == "artists":
                artist = catalogue.artist(spotify_id)
                found.append(self._objects.artist(artist, base) if artist else None)
            elif kind == "albums":
                album = catalogue.album(spotify_id)
                found.append(self._objects.album(album, base) if album else None)
            else:
                found.append(self._one_track(spotify_id, request))
        return json_response({kind: found})

    def _search(self, request: Request, match: re.Match[str]) -> Response:
        limit = _number(request, "limit", 5, 1, 50 if self._extended else 10)
        offset = _number(request, "offset", 0, 0, 1000)
        query, kinds = (request.value("q") or "").strip(), (request.value("type") or "").split(",")
        if not query:
            return spotify_error(400, "No search query")
        if not set(kinds) <= {"artist", "album", "track"}:
            return spotify_error(400, "Bad search type field")
        base, body = _base(request), {}
        for kind in kinds:
            if kind == "artist":
                hits = [self._objects.artist(artist, base) for artist in search_artists(self._world, query)]
            else:
                hits = search_items(self._world, self._objects, base, query, kind)
            page = paged(
                hits[offset : offset + limit],
                f"{base}/search",
                {"query": query.replace(" ", "+"), "type": kind},
                limit=limit,
                offset=offset,
                total=len(hits),
            )
            body[f"{kind}s"] = page
        return json_response(body)


_PAGE = {"limit", "offset", "market"}


def _path(request: Request) -> str:
    return request.path.rstrip("/") or "/"


def _base(request: Request) -> str:
    return f"{request.origin}/v1"


def _missing() -> Response:
    return spotify_error(404, "Resource not found")


def _id(match: re.Match[str]) -> str:
    if not SPOTIFY_ID_PATTERN.fullmatch(match["id"]):
        raise HttpProblem(spotify_error(400, "Invalid base62 id"))
    return match["id"]


def _number(request: Request, name: str, default: int, least: int, most: int) -> int:
    text = request.value(name)
    if text is None:
        return default
    if not text.isdecimal() or not least <= int(text) <= most:
        raise HttpProblem(spotify_error(400, f"Invalid {name}"))
    return int(text)


def _stamp(request: Request, name: str) -> int | None:
    text = request.value(name)
    if text is None:
        return None
    if not text.isdecimal():
        raise HttpProblem(spotify_error(400, f"Invalid cursor: {name}"))
    return int(text)
