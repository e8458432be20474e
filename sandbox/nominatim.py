"""The stand-in of nominatim.openstreetmap.org: /search over the places whose true coordinates the sandbox has."""

from __future__ import annotations

import re
from typing import Any

from sandbox.web.http_messages import Request, Response, json_response
from sandbox.web.rate_limiter import Limiter
from sandbox.world.areas import Area, Place
from sandbox.world.text import fold
from sandbox.world.world import World

LICENCE = "Data © OpenStreetMap contributors, ODbL 1.0. https://osm.org/copyright"
_STRUCTURED = ("amenity", "street", "city", "county", "state", "country", "postalcode")
_OTHER = {
    "q", "format", "limit", "addressdetails", "countrycodes", "accept-language", "featureType", "layer",
    "extratags", "namedetails", "viewbox", "bounded", "polygon_geojson", "email", "dedupe", "exclude_place_ids",
}  # fmt: skip
_LIBRARY_AGENT = re.compile(
    r"(?:python-requests|Python-urllib|geopy|curl|Java)/|geopy$|my-application|$", re.IGNORECASE
)
# MusicBrainz area type -> (class, type and addresstype, place_rank, half the height of the bounding box in degrees)
_KINDS = {
    "Country": ("boundary", "administrative", "country", 4, 4.0),
    "Subdivision": ("boundary", "administrative", "state", 8, 1.5),
    "County": ("boundary", "administrative", "county", 12, 0.4),
    "Island": ("place", "island", "island", 10, 0.5),
    "Municipality": ("boundary", "administrative", "municipality", 14, 0.2),
    "City": ("place", "city", "city", 16, 0.16),
    "District": ("place", "suburb", "suburb", 19, 0.04),
}


class Nominatim:
    """Answers /search; repeats of a query are counted in `repeats`, because the policy forbids them."""

    name = "nominatim"

    def __init__(self, world: World, *, rate: float | None = None) -> None:
        self._map, self.limiter = world.map, Limiter(rate)
        self._seen: set[str] = set()
        self.repeats = 0
        self._by_name: dict[str, list[tuple[Area, Place]]] = {}
        for place in self._map.places.values():
            area = self._map.areas[place.area_mbid]
            for name in {fold(area.name), fold(area.english_alias or area.name)}:
                self._by_name.setdefault(name, []).append((area, place))

    def endpoint(self, request: Request) -> str:
        """Return the name under which a request is counted."""
        return request.path if request.path in ("/search", "/status") else "unknown"

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        if _LIBRARY_AGENT.match(request.headers.get("user-agent", "")) and "referer" not in request.headers:
            return _error(403, "Access blocked: identify your application with a User-Agent or Referer of its own.")
        if self.limiter.refuses():
            return _error(429, "Too many requests")
        if request.path not in ("/search", "/search.php"):
            return _error(404, "Not found")
        strange = request.names() - _OTHER - set(_STRUCTURED)
        if strange:
            return _error(400, f"Unknown parameter: {', '.join(sorted(strange))}")
        self.repeats += request.target in self._seen
        self._seen.add(request.target)
        return self._search(request)

    def _search(self, request: Request) -> Response:
        structured = [request.value(name) for name in _STRUCTURED]
        free = request.value("q")
        if free is not None and any(structured):
            return _error(400, "Structured query parameters (amenity, street, city, ...) cannot be used with q.")
        if not (free or any(structured)):
            return _error(400, "Nothing to search for.")
        limit_text = request.value("limit") or "10"
        if not limit_text.isdecimal():
            return _error(400, "Parameter 'limit' must be a number.")
        parts = free.split(",") if free is not None else [part for part in structured if part]
        words = [fold(part).strip() for part in parts if part.strip()]
        found = self._find(words, request.value("countrycodes"), request.value("featureType"))
        version = request.value("format") or "jsonv2"
        if version not in ("json", "jsonv2"):
            return _error(400, "The sandbox speaks format=json and jsonv2 only.")
        details = request.value("addressdetails") == "1"
        results = [self._result(area, place, details=details, version=version) for area, place in found]
        return json_response(results[: min(40, max(1, int(limit_text)))])

    def _find(self, words: list[str], codes: str | None, feature: str | None) -> list[tuple[Area, Place]]:
        wanted = {code.strip().upper() for code in codes.split(",")} if codes else None
        found = []
        for area, place in self._by_name.get(words[0], ()) if words else ():
            if wanted is not None and self._map.country_code(area.mbid) not in wanted:
                continue
            if feature in ("country", "state", "city") and _KINDS[area.type][2] != feature:
                continue
            if feature == "settlement" and area.type not in ("City", "Municipality", "District"):
                continue
            above = {fold(name) for up in self._map.ancestors(area.mbid) for name in (up.name, up.english_alias or "")}
            above |= {fold(code) for up in self._map.ancestors(area.mbid) for code in (up.iso_3166_1 or "",)}
            if all(word in above or word == words[0] for word in words[1:]):
                found.append((area, place))
        return sorted(found, key=lambda hit: (-hit[1].artists, hit[0].mbid))

    def _result(self, area: Area, place: Place, *, details: bool, version: str) -> dict[str, Any]:
        group, kind, address_type, rank, half = _KINDS[area.type]
        chain = [area, *(up for up in self._map.ancestors(area.mbid) if not up.life_span_end)]
        number = int(area.mbid[:7], 16)
        body: dict[str, Any] = {
            "place_id": number,
            "licence": LICENCE,
            "osm_type": "node" if group == "place" else "relation",
            "osm_id": number // 3,
            "lat": f"{place.latitude:.7f}",
            "lon": f"{place.longitude:.7f}",
            "category" if version == "jsonv2" else "class": group,
            "type": kind,
            "place_rank": rank,
            "importance": round(0.3 + min(place.artists, 100) / 250, 4),
            "addresstype": address_type,
            "name": area.name,
            "display_name": ", ".join(dict.fromkeys(up.name for up in chain)),
            "boundingbox": [
                f"{place.latitude - half:.7f}",
                f"{place.latitude + half:.7f}",
                f"{place.longitude - half:.7f}",
                f"{place.longitude + half:.7f}",
            ],
        }
        if details:
            body["address"] = self._address(chain)
        return body

    def _address(self, chain: list[Area]) -> dict[str, str]:
        address: dict[str, str] = {}
        for area in chain:
            address.setdefault(_KINDS[area.type][2], area.name)
            if area.iso_3166_2 and area.type == "Subdivision":
                address.setdefault("ISO3166-2-lvl4", area.iso_3166_2)
        code = self._map.country_code(chain[0].mbid)
        if code:
            address["country_code"] = code.lower()
        return address


def _error(status: int, message: str) -> Response:
    return json_response({"error": {"code": status, "message": message}}, status)
