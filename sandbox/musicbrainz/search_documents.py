"""Search results. Absent values are absent keys, areas have types but no codes, genders are in lower case.

Only an artist whose own area is a country has a `country`, and an area shows its parents one level up, never its
children.
"""

from __future__ import annotations

from sandbox.musicbrainz.data import MusicBrainzData, Recording
from sandbox.musicbrainz.fragments import (
    AREA_ALIAS,
    AREA_TYPES,
    ARTIST_ALIAS,
    ARTIST_TYPES,
    GENDERS,
    PART_OF,
    Json,
    aliases,
    area_in_hit,
    codes,
)
from sandbox.world.areas import Area
from sandbox.world.artists import Artist
from sandbox.world.discography import LABEL


class SearchDocuments:
    """Writes search results of one database."""

    def __init__(self, data: MusicBrainzData) -> None:
        self._data, self._map = data, data.world.map

    def artist(self, artist: Artist, score: int) -> Json:
        """Return an artist."""
        body: Json = {"id": artist.mbid, "score": score, "name": artist.name, "sort-name": artist.sort_name}
        if artist.type:
            body |= {"type": artist.type, "type-id": ARTIST_TYPES[artist.type]}
        if artist.gender:
            body |= {"gender": artist.gender.lower(), "gender-id": GENDERS[artist.gender]}
        own = self._map.areas[artist.area] if artist.area else None
        if own and own.type == "Country" and own.iso_3166_1:
            body["country"] = own.iso_3166_1
        if own:
            body["area"] = area_in_hit(own)
        if artist.begin_area:
            body["begin-area"] = area_in_hit(self._map.areas[artist.begin_area])
        if artist.disambiguation:
            body["disambiguation"] = artist.disambiguation
        body["life-span"] = _life_span(artist.life_begin, artist.life_end)
        if artist.alias:
            body["aliases"] = aliases(artist.alias, ARTIST_ALIAS, in_hit=True)
        if artist.tags:
            body["tags"] = [{"count": votes, "name": name} for name, votes in artist.tags]
        return body

    def area(self, area: Area, score: int) -> Json:
        """Return an area with links to its parents."""
        body: Json = {
            "id": area.mbid,
            "type": area.type,
            "type-id": AREA_TYPES[area.type],
            "score": score,
            "name": area.name,
            "sort-name": area.name,
            **codes(area),
            "life-span": _life_span(None, area.life_span_end),
        }
        if area.english_alias:
            body["aliases"] = aliases(area.english_alias, AREA_ALIAS, in_hit=True)
        if area.parents:
            links = [
                {
                    "type": "part of",
                    "type-id": PART_OF,
                    "target": parent,
                    "direction": "backward",
                    "area": area_in_hit(self._map.areas[parent]),
                }
                for parent in area.parents
            ]
            body["relation-list"] = [{"relations": links}]
        return body

    def recording(self, recording: Recording, score: int) -> Json:
        """Return a recording with all its releases."""
        artist = self._data.world.artists[recording.artist]
        body: Json = {
            "id": recording.mbid,
            "score": score,
            "artist-credit-id": recording.mbid,
            "title": recording.title,
            "length": recording.length,
            "video": None,
            "artist-credit": self._credits(recording),
            "first-release-date": recording.first_release,
            "releases": [self._release(recording, number) for number in recording.albums],
        }
        if recording.isrcs:
            body["isrcs"] = list(recording.isrcs)
        if artist.tags:
            body["tags"] = [{"count": votes, "name": name} for name, votes in artist.tags[:2]]
        return body

    def _credits(self, recording: Recording) -> list[Json]:
        credited = []
        for place, index in enumerate((recording.artist, *recording.guests)):
            artist = self._data.world.artists[index]
            who: Json = {"id": artist.mbid, "name": artist.name, "sort-name": artist.sort_name}
            if artist.disambiguation:
                who["disambiguation"] = artist.disambiguation
            if artist.alias:
                who["aliases"] = aliases(artist.alias, ARTIST_ALIAS, in_hit=True)
            credit: Json = {"name": artist.name, "artist": who}
            if place < len(recording.guests):
                credit["joinphrase"] = " feat. " if place == 0 else " & "
            credited.append(credit)
        return credited

    def _release(self, recording: Recording, number: int) -> Json:
        world = self._data.world
        album = world.catalogue.of(recording.artist).albums[number]
        tracks = [
            {"number": str(track.position), "title": track.name, "length": track.duration_ms}
            for track in album.tracks
            if track.name == recording.title
        ]
        medium = {"position": 1, "format": "Digital Media", "track": tracks, "track-count": len(album.tracks)}
        return {
            "id": world.ids.mbid("release", recording.artist << 8 | number),
            "status": "Official",
            "count": 1,
            "title": album.name,
            "date": album.released,
            "country": "XW",
            "label-info": [{"label": {"name": LABEL}}],
            "release-group": {"primary-type": album.kind.capitalize(), "title": album.name},
            "track-count": len(album.tracks),
            "media": [{**medium, "track-offset": 0}],
        }


def _life_span(begin: str | None, end: str | None) -> Json:
    span: Json = {"begin": begin} if begin else {}
    if end:
        span["end"] = end
    # Not false but null where somebody is still there.
    span["ended"] = True if end else None
    return span
