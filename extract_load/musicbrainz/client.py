"""The questions that the pipeline asks MusicBrainz, in batches, with the traps of the answers closed.

In: ids that were validated; out: plain dictionaries keyed by the id that was asked for. Always holds: nothing that was
not asked for comes back, an absent key means that the server does not have it, an outage is an error, never an absence.
Source: docs/contracts/musicbrainz.md, sections 1 to 4.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import requests
from musicbrainzngs import musicbrainz

from extract_load.core.clock import Clock
from extract_load.core.settings import Settings
from extract_load.http import Deliver, RequestPolicy, Retry, ThrottledSession, Verdict, classify_response, retry_after
from extract_load.musicbrainz.ngs_adapter import SERVICE, NotFound, Protocol
from extract_load.storage.state import State

log = logging.getLogger(__name__)

BATCH = 100
ISRC_BATCH = 30
ROWS = 100

SPECIAL_PURPOSE = frozenset(
    {
        "89ad4ac3-39f7-470e-963a-56509c546377",  # Various Artists
        "125ec42a-7229-4250-afc5-e057484327fe",  # [unknown]
        "f731ccc4-e22a-43af-a747-64213329e088",  # [anonymous]
        "eec63d3c-3b81-4ad4-b1e4-7c147d4d2b61",  # [no artist]
        "9be7f096-97ec-4615-8957-8d40b5dcbc41",  # [traditional]
        "33cf029c-63b0-41a0-9855-be2a3665fb3b",  # [data]
        "314e1c25-dde7-4e4d-b2f4-0a7b9f7c56dc",  # [dialogue]
    }
)

Json = dict[str, Any]

_PAGE = "https://open.spotify.com/artist/"
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")
_RATE_LIMIT_ZONES = ("ws ip=", "per-ip")


def is_mbid(text: str) -> bool:
    """Return whether this can be an MBID (lower case, as the server writes it)."""
    return _MBID.fullmatch(text) is not None


def is_isrc(text: str) -> bool:
    """Return whether this can be an ISRC."""
    return _ISRC.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity looked up by itself; `id` differs from the one asked for when that was merged. body None: deleted."""

    id: str
    body: Json | None


@dataclass(frozen=True, slots=True)
class Recordings:
    """A search for recordings: those that fit into the answer, and how many there are."""

    count: int
    found: list[Json]

    @property
    def is_cut(self) -> bool:
        """Return whether there were more than the answer holds."""
        return self.count > len(self.found)


class MusicBrainz:
    """One server, asked one question at a time."""

    def __init__(self, session: ThrottledSession, base_url: str) -> None:
        self.session = session
        self._protocol = Protocol(session, base_url)

    def pages(self, spotify_ids: Sequence[str]) -> dict[str, Json]:
        """Return the URL objects of Spotify pages with their artist relations, at most 100 a call, by Spotify id.

        Pages that MusicBrainz does not know are absent. Errors: Refused, ServiceUnavailable, ConfigurationError.
        """
        asked = {_PAGE + one: one for one in spotify_ids[:BATCH]}
        try:
            body = self._protocol.request("url", resource=list(asked), inc="artist-rels").body
        except NotFound:
            return {}  # one unknown page answers 404, many are left out
        objects = body.get("urls", []) if "urls" in body else [body]
        return {asked[one["resource"]]: one for one in objects if one.get("resource") in asked}

    def artists(self, mbids: Sequence[str]) -> dict[str, Json]:
        """Return the search documents of up to 100 artists, by MBID; merged, deleted and unindexed ones are absent."""
        found = self._protocol.call(musicbrainz.search_artists, query=_any("arid", mbids[:BATCH]), limit=ROWS).body
        return _asked_for(found.get("artists", []), mbids)

    def areas(self, mbids: Sequence[str]) -> dict[str, Json]:
        """Return the search documents of at most 100 areas with their direct parents, by MBID."""
        found = self._protocol.call(musicbrainz.search_areas, query=_any("aid", mbids[:BATCH]), limit=ROWS).body
        return _asked_for(found.get("areas", []), mbids)

    def artist(self, mbid: str) -> Entity:
        """Look one artist up: follows a merge, tells a deletion."""
        return self._entity(musicbrainz.get_artist_by_id, mbid, ["tags", "aliases"])

    def area(self, mbid: str) -> Entity:
        """Look one area up, with its parents (and its children, which nobody asked for)."""
        return self._entity(musicbrainz.get_area_by_id, mbid, ["area-rels"])

    def recordings_of_isrcs(self, isrcs: Sequence[str]) -> Recordings:
        """Find the recordings that carry any of these ISRCs (about 30 a call keep the answer whole)."""
        return self.recordings(_any("isrc", isrcs))

    def recordings(self, query: str) -> Recordings:
        """Search for recordings with a query of Lucene's; at most 100 come back."""
        found = self._protocol.call(musicbrainz.search_recordings, query=query, limit=ROWS).body
        listed = found.get("recordings", [])
        return Recordings(int(found.get("count", len(listed))), listed)

    def genres(self) -> list[str]:
        """Return the names of all genres: one request."""
        text = str(self._protocol.request("genre/all", fmt="txt").body)
        return [line.strip() for line in text.splitlines() if line.strip()]

    def _entity(self, function: Any, mbid: str, includes: list[str]) -> Entity:
        try:
            answer = self._protocol.call(function, mbid, includes=includes)
        except NotFound:
            return Entity(mbid, None)
        new = str(answer.body.get("id", mbid)).lower()
        if new != mbid:
            log.info("MusicBrainz merged %s into %s.", mbid, new)
        return Entity(new, answer.body)


def connect(settings: Settings, state: State, run_id: str, clock: Clock) -> MusicBrainz:
    """Return a client with the pace, the patience and the User-Agent of the settings. Sends nothing."""
    if not settings.contact and "musicbrainz.org" in settings.musicbrainz_base_url:
        log.warning("CONTACT is not set: MusicBrainz asks every program for one, and may refuse those without.")
    policy = RequestPolicy(
        SERVICE,
        requests_per_second=settings.musicbrainz_requests_per_second,
        read_timeout=20,
        max_attempts=6,
        backoff=1.5,
        max_backoff=30,
        classify=judge,
    )
    session = ThrottledSession(policy, state, run_id=run_id, user_agent=settings.user_agent(), clock=clock)
    return MusicBrainz(session, settings.musicbrainz_base_url)


def judge(response: requests.Response) -> Verdict:
    """Tell the two kinds of 503 apart, and a damaged answer from a whole one.

    A load shed says Retry-After: 0, which is not obeyed literally: the session backs off by itself, at the same pace.
    """
    if response.status_code in {429, 503} and _is_rate_limit(response):
        return Retry("refused requests as too many", max(2.0, retry_after(response) or 0.0), slow_down=True)
    if response.status_code == 503:
        return Retry("is too busy", retry_after(response))
    if response.ok and not _is_whole(response):
        return Retry("sent a damaged answer")
    if response.status_code == 404:
        return Deliver("not found")
    return classify_response(response)


def any_of(field: str, values: Iterable[str]) -> str:
    """Write `field:(a OR b)` with phrases in quotes."""
    return f"{field}:({' OR '.join(phrase(value) for value in values)})"


def phrase(text: str) -> str:
    """Write a text as a phrase of Lucene's."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _any(field: str, ids: Iterable[str]) -> str:
    return f"{field}:({' OR '.join(ids)})"


def _asked_for(documents: list[Json], asked: Sequence[str]) -> dict[str, Json]:
    """Keep what was asked for: an unreadable query is answered with anything, by the words in it."""
    wanted = set(asked)
    return {document["id"]: document for document in documents if document.get("id") in wanted}


def _is_rate_limit(response: requests.Response) -> bool:
    if response.status_code == 429:
        return True
    zone = response.headers.get("X-RateLimit-Zone", "")
    return zone.startswith(_RATE_LIMIT_ZONES) or "allowable rate limit" in response.text


def _is_whole(response: requests.Response) -> bool:
    """Return whether the body is what its kind promises: JSON that parses, or a list of genres in plain text."""
    if "fmt=txt" in (response.request.url or ""):
        return bool(response.content) and "html" not in response.headers.get("Content-Type", "")
    try:
        return isinstance(orjson.loads(response.content), dict)
    except orjson.JSONDecodeError:
        return False
