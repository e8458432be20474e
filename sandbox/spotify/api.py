"""The stand-in of api.spotify.com: the part of the Web API that a tracker of plays needs.

mode "development" (the default) is an app of today: batch reads answer 403 Forbidden, several fields are absent.
"existing" is an app from before 2026-02 that may still batch, with the same fields absent; "extended" has it all.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, lru_cache

from sandbox.spotify import routes
from sandbox.spotify.objects import Json, SpotifyObjects, paged
from sandbox.spotify.recently_played import Feed, FeedItem
from sandbox.spotify.search import search_artists, search_items
from sandbox.spotify.tokens import Access, Tokens
from sandbox.web.clock import Clock
from sandbox.web.fault_kinds import spotify_error
from sandbox.web.http_messages import HttpProblem, Request, Response, json_response
from sandbox.world.world import World

MODES = ("development", "existing", "extended")
RECENT = "/v1/me/player/recently-played"

Handler = Callable[[Request, str], Response]


class SpotifyApi:
    """Answers requests of the Web API."""

    name = "spotify"

    def __init__(self, world: World, clock: Clock, tokens: Tokens, *, mode: str = "development") -> None:
        if mode not in MODES:
            raise ValueError(f"the mode of a Spotify app is one of {', '.join(MODES)}, not {mode!r}")
        self._world, self._clock, self._tokens, self.mode = world, clock, tokens, mode
        self._objects = SpotifyObjects(world, extended=mode == "extended")
        self.user_id = f"sandbox-listener-{world.settings.listener}"
        self.account_id = world.ids.spotify("account", world.settings.listener)
        self._item = lru_cache(maxsize=2048)(self._recent_item)
        self._handlers: dict[str, Handler] = {
            "/v1/me": self._me,
            RECENT: self._recent,
            "/v1/artists/{id}": self._artist,
            "/v1/artists/{id}/albums": self._albums_of_artist,
            "/v1/albums/{id}": self._album,
            "/v1/albums/{id}/tracks": self._album_tracks,
            "/v1/tracks/{id}": self._track,
            "/v1/artists": self._artists,
            "/v1/albums": self._albums,
            "/v1/tracks": self._tracks,
            "/v1/search": self._search,
        }

    @cached_property
    def feed(self) -> Feed:
        """Return the feed of recent plays; the first use makes all plays of the world."""
        return Feed(self._world.plays)

    def endpoint(self, request: Request) -> str:
        """Return the name under which a request is counted, e.g. /v1/artists/{id}."""
        found = routes.find(request)
        return found[0].name if found else "unknown"

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        access = self._authorized(request)
        found = routes.find(request)
        if found is None:
            forbidden = routes.is_removed(request) and self.mode == "development"
            return spotify_error(403, "Forbidden") if forbidden else spotify_error(404, "Service not found")
        if request.method != "GET":
            return spotify_error(405, "Method not allowed")
        route, spotify_id = found
        if "ids" in route.parameters and self.mode == "development":
            return spotify_error(403, "Forbidden")
        if route.name == RECENT and "user-read-recently-played" not in access.scope.split():
            return spotify_error(403, "Insufficient client scope")
        routes.check(request, route, spotify_id)
        return self._handlers[route.name](request, spotify_id)

    def _authorized(self, request: Request) -> Access:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        if kind.lower() != "bearer" or not token:
            raise HttpProblem(spotify_error(401, "No token provided"))
        access = self._tokens.check_access(token.strip())
        if isinstance(access, str):
            raise HttpProblem(spotify_error(401, access))
        return access

    def _me(self, request: Request, _id: str) -> Response:
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
        if self.mode == "extended":
            body |= {"country": "DE", "product": "premium", "followers": {"href": None, "total": 3}}
        return json_response(body)

    def _recent(self, request: Request, _id: str) -> Response:
        limit = routes.number(request, "limit", 20, 1, 50)
        before, after = routes.stamp(request, "before"), routes.stamp(request, "after")
        if before is not None and after is not None:
            return spotify_error(400, "Only one of before and after can be given")
        items = self.feed.recent(self._clock.now_ms())
        if before is not None:
            items = [item for item in items if item.played_at_ms < before]
        if after is not None:
            items = [item for item in items if item.played_at_ms > after]
        page, href = items[:limit], f"{_base(request)}/me/player/recently-played"
        _, _, query = request.target.partition("?")
        body: Json = {
            "items": [self._item(item, _base(request)) for item in page],
            "next": None,
            # Past the end it is null itself, not an empty object.
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

    def _recent_item(self, item: FeedItem, base: str) -> Json:
        return self._objects.recent_item(item, base)

    def _artist(self, request: Request, spotify_id: str) -> Response:
        return _found(self._artist_body(spotify_id, request))

    def _artists(self, request: Request, _id: str) -> Response:
        found = [self._artist_body(part, request) for part in routes.ids(request, 50)]
        return json_response({"artists": found})

    def _artist_body(self, spotify_id: str, request: Request) -> Json | None:
        artist = self._world.catalogue.artist(spotify_id)
        return self._objects.artist(artist, _base(request)) if artist else None

    def _albums_of_artist(self, request: Request, spotify_id: str) -> Response:
        artist = self._world.catalogue.artist(spotify_id)
        if artist is None:
            return _found(None)
        limit = routes.number(request, "limit", 5, 1, 50 if self.mode == "extended" else 10)
        offset = routes.number(request, "offset", 0, 0, 100_000)
        albums = self._world.catalogue.of(artist.index).albums
        page = [self._objects.album_link(album, _base(request)) for album in albums[offset : offset + limit]]
        href = f"{_base(request)}/artists/{spotify_id}/albums"
        return json_response(paged(page, href, {}, limit=limit, offset=offset, total=len(albums)))

    def _album(self, request: Request, spotify_id: str) -> Response:
        return _found(self._album_body(spotify_id, request))

    def _albums(self, request: Request, _id: str) -> Response:
        found = [self._album_body(part, request) for part in routes.ids(request, 20)]
        return json_response({"albums": found})

    def _album_body(self, spotify_id: str, request: Request) -> Json | None:
        album = self._world.catalogue.album(spotify_id)
        return self._objects.album(album, _base(request)) if album else None

    def _album_tracks(self, request: Request, spotify_id: str) -> Response:
        album = self._world.catalogue.album(spotify_id)
        if album is None:
            return _found(None)
        limit = routes.number(request, "limit", 20, 1, 50)
        offset = routes.number(request, "offset", 0, 0, 100_000)
        return json_response(self._objects.album_tracks(album, _base(request), limit=limit, offset=offset))

    def _track(self, request: Request, spotify_id: str) -> Response:
        return _found(self._track_body(spotify_id, request))

    def _tracks(self, request: Request, _id: str) -> Response:
        found = [self._track_body(part, request) for part in routes.ids(request, 50)]
        return json_response({"tracks": found})

    def _track_body(self, spotify_id: str, request: Request) -> Json | None:
        track = self._world.catalogue.track(spotify_id)
        if track is None:
            return None
        # With a market the playable track comes back, which may be another one than was asked for.
        market = request.value("market") is not None
        relinked = market or spotify_id != self._world.catalogue.track_id(track)
        return self._objects.track(track, _base(request), relinked=relinked, market=market)

    def _search(self, request: Request, _id: str) -> Response:
        limit = routes.number(request, "limit", 5, 1, 50 if self.mode == "extended" else 10)
        offset = routes.number(request, "offset", 0, 0, 1000)
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
            words = {"query": query, "type": kind}
            page = hits[offset : offset + limit]
            total = len(hits)
            body[f"{kind}s"] = paged(page, f"{base}/search", words, limit=limit, offset=offset, total=total)
        return json_response(body)


def _base(request: Request) -> str:
    return f"{request.origin}/v1"


def _found(body: Json | None) -> Response:
    return spotify_error(404, "Resource not found") if body is None else json_response(body)
