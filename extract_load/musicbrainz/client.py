"""The requests that enrichment sends to MusicBrainz, mostly in batches.

In: ids that were validated; out: plain dictionaries keyed by the requested id. Always holds: nothing that was not asked
for comes back, a missing key means that the server has no such entity (or its search index lags behind), an outage is
an error and never a missing key. Source: docs/contracts/musicbrainz.md, sections 1 to 4.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from extract_load.core.clock import Clock
from extract_load.core.settings import Settings
from extract_load.http import ThrottledSession
from extract_load.musicbrainz.ngs_adapter import Kind, NgsAdapter
from extract_load.musicbrainz.request_policy import NotFound, open_session
from extract_load.storage.ports import State

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

_SPOTIFY_PAGE = "https://open.spotify.com/artist/"
_MBID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ISRC = re.compile(r"[A-Z]{2}[A-Z0-9]{3}[0-9]{7}")


def is_mbid(text: str) -> bool:
    """Return whether this can be an MBID (lower case, as the server writes it)."""
    return _MBID.fullmatch(text) is not None


def is_isrc(text: str) -> bool:
    """Return whether this can be an ISRC."""
    return _ISRC.fullmatch(text) is not None


@dataclass(frozen=True, slots=True)
class Entity:
    """One entity that was looked up by itself.

    `id` differs from the requested one after a merge; `body` is None when the entity was deleted (a tombstone).
    """

    id: str
    body: Json | None


@dataclass(frozen=True, slots=True)
class Recordings:
    """The result of a search for recordings; `count` is how many match, of which at most 100 are in `found`."""

    count: int
    found: list[Json]

    @property
    def is_truncated(self) -> bool:
        """Whether more recordings match than the answer holds."""
        return self.count > len(self.found)


class MusicBrainz:
    """A client of one server; it sends one request at a time.

    Errors of each method: Refused, ServiceUnavailable, QuotaExhausted, ConfigurationError.
    """

    def __init__(self, session: ThrottledSession, base_url: str) -> None:
        self.session = session
        self._adapter = NgsAdapter(session, base_url)

    def pages(self, spotify_ids: Sequence[str]) -> dict[str, Json]:
        """Return the URL objects of up to 100 Spotify artist pages with their artist relations, by Spotify id.

        A page that MusicBrainz does not know is missing from the result.
        """
        spotify_id_by_url = {_SPOTIFY_PAGE + spotify_id: spotify_id for spotify_id in spotify_ids[:BATCH]}
        try:
            body = self._adapter.request("url", resource=list(spotify_id_by_url), inc="artist-rels")
        except NotFound:
            return {}  # a single unknown page answers 404; among several it is left out
        pages = body.get("urls", []) if "urls" in body else [body]
        return {
            spotify_id_by_url[page["resource"]]: page for page in pages if page.get("resource") in spotify_id_by_url
        }

    def artists(self, mbids: Sequence[str]) -> dict[str, Json]:
        """Return the search documents of up to 100 artists by MBID; merged, deleted and unindexed ones are missing."""
        found = self._adapter.search("artist", _id_query("arid", mbids[:BATCH]), ROWS)
        return _only_requested(found.get("artists", []), mbids)

    def areas(self, mbids: Sequence[str]) -> dict[str, Json]:
        """Return the search documents of up to 100 areas with their direct parents, by MBID."""
        found = self._adapter.search("area", _id_query("aid", mbids[:BATCH]), ROWS)
        return _only_requested(found.get("areas", []), mbids)

    def artist(self, mbid: str) -> Entity:
        """Return one artist: a merge is followed, a deleted artist has no body."""
        return self._lookup("artist", mbid, ["tags", "aliases"])

    def area(self, mbid: str) -> Entity:
        """Return one area with its parents (and with its children, which the caller has to ignore)."""
        return self._lookup("area", mbid, ["area-rels"])

    def recordings_of_isrcs(self, isrcs: Sequence[str]) -> Recordings:
        """Return the recordings that carry any of these ISRCs; with about 30 a call the answer is not truncated."""
        return self.recordings(_id_query("isrc", isrcs))

    def recordings(self, query: str) -> Recordings:
        """Return at most 100 recordings that match a Lucene query."""
        answer = self._adapter.search("recording", query, ROWS)
        found = answer.get("recordings", [])
        return Recordings(int(answer.get("count", len(found))), found)

    def genres(self) -> list[str]:
        """Return the names of all genres, with one request."""
        text = str(self._adapter.request("genre/all", fmt="txt"))
        return [line.strip() for line in text.splitlines() if line.strip()]

    def _lookup(self, kind: Kind, mbid: str, includes: list[str]) -> Entity:
        try:
            body = self._adapter.lookup(kind, mbid, includes)
        except NotFound:
            return Entity(mbid, None)
        current_mbid = str(body.get("id", mbid)).lower()
        if current_mbid != mbid:
            log.info("MusicBrainz merged %s into %s.", mbid, current_mbid)
        return Entity(current_mbid, body)


def connect(settings: Settings, state: State, run_id: str, clock: Clock) -> MusicBrainz:
    """Return a client with the rate limit and the User-Agent of the settings. Sends nothing."""
    if not settings.contact and "musicbrainz.org" in settings.musicbrainz_base_url:
        log.warning("CONTACT is not set: MusicBrainz asks every program for one, and may refuse those without.")
    return MusicBrainz(open_session(settings, state, run_id, clock), settings.musicbrainz_base_url)


def phrase(text: str) -> str:
    """Return a text as a Lucene phrase in quotes."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _id_query(field: str, ids: Iterable[str]) -> str:
    """Return the Lucene query for any of these ids."""
    return f"{field}:({' OR '.join(ids)})"


def _only_requested(documents: list[Json], requested: Sequence[str]) -> dict[str, Json]:
    """Return the documents of requested ids: to a query that it can't parse, the server answers with other entities."""
    wanted = set(requested)
    return {document["id"]: document for document in documents if document.get("id") in wanted}
