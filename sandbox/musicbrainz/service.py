"""The stand-in of musicbrainz.org/ws/2, with its manners: one or many URLs, merged ids, silent limits, strict paths."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from random import Random
from typing import Any

from sandbox.musicbrainz.data import MusicBrainzData
from sandbox.musicbrainz.fragments import Json
from sandbox.musicbrainz.lookups import Lookups
from sandbox.musicbrainz.search import BadQuery, run
from sandbox.musicbrainz.search_documents import SearchDocuments
from sandbox.web.fault_kinds import rate_limit_503
from sandbox.web.faults import Faults
from sandbox.web.http_messages import HttpProblem, Request, Response, json_response, text_response
from sandbox.web.rate_limiter import Limiter
from sandbox.world.ids import ISRC_PATTERN, SPOTIFY_ID_PATTERN, UUID_PATTERN
from sandbox.world.world import World

HELP = "For usage, please see: https://musicbrainz.org/development/mmd"
CREATED = "2026-11-01T18:00:00.000Z"
SPOTIFY_ARTIST = "https://open.spotify.com/artist/"
NOT_IDENTIFIED = (
    "Your requests are being throttled by MusicBrainz because the application you are using has not identified "
    "itself. Please update your application, and see http://musicbrainz.org/doc/XML_Web_Service/Rate_Limiting for "
    "more information."
)
# Name/version ( contact ), as the service asks for; libraries' own names are not enough.
_PROPER_AGENT = re.compile(r"(?!python-requests|Python-urllib|curl|Java|okhttp|Go-http)[^\s/]+/\S+.*\(\s*\S+.*\)")
_SEARCHABLE = ("artist", "area", "recording")
_RELS = re.compile(r"[a-z]+(-[a-z]+)*-rels")
_INCLUDES = {
    "artist": {
        "recordings",
        "releases",
        "release-groups",
        "works",
        "aliases",
        "annotation",
        "tags",
        "genres",
        "ratings",
    },
    "area": {"aliases", "annotation", "tags", "genres"},
    "url": set(),
    "isrc": {"artist-credits", "releases", "isrcs", "tags", "aliases"},
}


class MusicBrainz:
    """Answers requests of the web service, version 2."""

    name = "musicbrainz"

    def __init__(self, world: World, faults: Faults, *, rate: float | None = None) -> None:
        self.data = MusicBrainzData(world)
        self._documents, self._bodies = SearchDocuments(self.data), Lookups(self.data)
        self._faults, self.limiter = faults, Limiter(rate)
        self._lookups: dict[str, Callable[[Request, str], Response]] = {
            "artist": self._artist,
            "area": self._area,
            "isrc": self._isrc,
        }

    def endpoint(self, request: Request) -> str:
        """Return the name under which a request is counted, e.g. /ws/2/artist?query or /ws/2/artist/{id}."""
        parts = request.path.strip("/").split("/")
        if len(parts) < 3:
            return "unknown"
        name = f"/ws/2/{parts[2]}"
        if name == "/ws/2/genre":
            return "/ws/2/genre/all"
        if len(parts) > 3:
            return f"{name}/{{id}}"
        return f"{name}?query" if "query" in request.names() else name

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        if not _PROPER_AGENT.match(request.headers.get("user-agent", "")):
            return json_response({"error": NOT_IDENTIFIED}, 403, {"x-ratelimit-who": "ua-missing"})
        if self.limiter.refuses():
            return rate_limit_503(5)
        if request.method not in ("GET", "HEAD"):
            return _error(405, "Method Not Allowed")
        response = self._route(request)
        if response.status == 200:
            response.headers["ETag"] = f'"{hashlib.md5(response.body, usedforsecurity=False).hexdigest()}"'
            response.headers["X-RateLimit-Limit"] = "360" if "query" in request.names() else "1200"
            response.headers["X-RateLimit-Remaining"] = "211"
        if "json" not in (request.value("fmt") or request.headers.get("accept", "")) and response.is_json():
            response.body = b'<?xml version="1.0" encoding="UTF-8"?><metadata/>'
            response.content_type = "application/xml; charset=utf-8"
        return response

    def _route(self, request: Request) -> Response:
        start, _, path = request.path.strip("/").partition("ws/2/")
        entity, _, key = path.partition("/")
        if start == "" and key == "":
            if entity == "url":
                return self._urls(request)
            if entity in _SEARCHABLE:
                return self._search(request, entity)
        elif start == "":
            if (entity, key) == ("genre", "all"):
                return self._genres(request)
            if entity in self._lookups and "/" not in key:
                return self._lookups[entity](request, key)
        return _error(404, "Not Found")

    def _urls(self, request: Request) -> Response:
        _known(request, {"resource", "inc", "fmt"})
        resources = request.values("resource")
        if not resources:
            return _error(400, "Must specify a resource or a query.")
        inc = _includes(request, "url")
        # The hundred-and-first and all that follow are cut off without a word.
        found: dict[str, Json] = {}
        for resource in resources[:100]:
            spotify_id = _spotify_id(resource)
            if spotify_id and self.data.links(spotify_id):
                found[spotify_id] = self._bodies.url(spotify_id, SPOTIFY_ARTIST + spotify_id, inc)
        if len(resources) == 1:
            return json_response(next(iter(found.values()))) if found else _error(404, "Not Found")
        urls = sorted(found.values(), key=lambda url: str(url["id"]))
        return json_response({"url-count": len(urls), "url-offset": 0, "urls": urls})

    def _search(self, request: Request, entity: str) -> Response:
        _known(request, {"query", "limit", "offset", "fmt", "dismax", "version"})
        queries = request.values("query")
        if len(queries) > 1:
            return _error(400, "Must specify at most 1 query argument")
        if not queries or not queries[0].strip():
            return _error(400, "A query or a browse parameter is required.")
        limit, offset = _limit(request), _offset(request)
        try:
            hits = run(self.data, entity, queries[0])
        except BadQuery:
            return _error(400, "Search server could not complete query: Bad request")
        if entity == "artist":
            hits = [hit for hit in hits if not self._lags(hit[0].mbid)]
        hits = self._partial(hits)
        writers: dict[str, Callable[[Any, int], Json]] = {
            "artist": self._documents.artist,
            "area": self._documents.area,
            "recording": self._documents.recording,
        }
        write = writers[entity]
        body: Json = {"created": CREATED, "count": len(hits), "offset": offset}
        body[f"{entity}s"] = [write(document, score) for document, score in hits[offset : offset + limit]]
        return json_response(body)

    def _artist(self, request: Request, mbid: str) -> Response:
        mbid, inc = _mbid(request, mbid), _includes(request, "artist")
        if mbid in self.data.redirects:
            where = f"{request.origin}/ws/2/artist/{self.data.redirects[mbid]}"
            _, _, query = request.target.partition("?")
            return Response(301, headers={"Location": f"{where}?{query}" if query else where})
        artist = self.data.artist(mbid)
        return json_response(self._bodies.artist(artist, inc)) if artist else _error(404, "Not Found")

    def _area(self, request: Request, mbid: str) -> Response:
        mbid, inc = _mbid(request, mbid), _includes(request, "area")
        area = self.data.world.map.areas.get(mbid)
        return json_response(self._bodies.area(area, inc)) if area else _error(404, "Not Found")

    def _isrc(self, request: Request, code: str) -> Response:
        _known(request, {"inc", "fmt"})
        inc = _includes(request, "isrc")
        if not ISRC_PATTERN.fullmatch(code):
            return _error(400, "Invalid isrc.")
        recordings = self.data.by_isrc(code)
        if not recordings:
            return _error(404, "Not Found")
        return json_response(
            {"isrc": code, "recordings": [self._bodies.isrc_recording(recording, inc) for recording in recordings]}
        )

    def _genres(self, request: Request) -> Response:
        _known(request, {"fmt", "limit", "offset"})
        names = list(self.data.genres)
        if request.value("fmt") == "txt":
            return text_response("\n".join(names))
        limit, offset = _limit(request), _offset(request)
        page = [self._bodies.genre(name) for name in names[offset : offset + limit]]
        return json_response({"genre-count": len(names), "genre-offset": offset, "genres": page})

    def _lags(self, mbid: str) -> bool:
        fault = self._faults.flag(self.name, "index_lag")
        if fault is None:
            return False
        share = float(fault.options.get("share", 0.0))
        return mbid in fault.options.get("mbids", ()) or Random(f"lag/{mbid}").random() < share

    def _partial(self, hits: list[tuple[Any, int]]) -> list[tuple[Any, int]]:
        fault = self._faults.flag(self.name, "partial_results")
        if fault is None:
            return hits
        return hits[: round(len(hits) * (1 - float(fault.options.get("share", 0.5))))]


def _error(status: int, text: str) -> Response:
    return json_response({"error": text, "help": HELP}, status)


def _known(request: Request, known: set[str]) -> None:
    strange = request.names() - known
    if strange:
        names = ", ".join(sorted(strange))
        raise HttpProblem(_error(400, f"{names} is not a valid parameter unless you are making a browse request."))


def _includes(request: Request, entity: str) -> set[str]:
    given = request.values("inc")
    if len(given) > 1:
        raise HttpProblem(_error(400, "Inc arguments must be combined with a space."))
    inc = set(re.split(r"[ +]", given[0])) - {""} if given else set()
    for part in sorted(inc):
        if part.startswith("user-"):
            raise HttpProblem(_error(401, "Authorization required"))
        if part not in _INCLUDES[entity] and not (entity != "isrc" and _RELS.fullmatch(part)):
            raise HttpProblem(_error(400, f"{part} is not a valid inc parameter for the {entity} resource."))
    return inc


def _mbid(request: Request, text: str) -> str:
    _known(request, {"inc", "fmt"})
    if not UUID_PATTERN.fullmatch(text):
        raise HttpProblem(_error(400, "Invalid mbid."))
    return text.lower()


def _limit(request: Request) -> int:
    text = request.value("limit") or "25"
    return int(text) if text.isdecimal() and 1 <= int(text) <= 100 else 25


def _offset(request: Request) -> int:
    text = request.value("offset") or "0"
    return int(text) if text.isdecimal() else 0


def _spotify_id(resource: str) -> str | None:
    """Return the id in a resource that matches exactly; only scheme and host may be in another case."""
    match = re.fullmatch(r"([^:/]+://[^/]+)(/artist/)(.+)", resource)
    if match is None or match[1].lower() + match[2] != SPOTIFY_ARTIST or not SPOTIFY_ID_PATTERN.fullmatch(match[3]):
        return None
    return match[3]
