"""Search of the Web API: by name, with the filters artist:, track:, album: and isrc:.

Like the real one it is generous: every word must be in a name, and the best fit comes first.
"""

from __future__ import annotations

import re

from sandbox.spotify.objects import Json, SpotifyObjects
from sandbox.world.artists import Artist
from sandbox.world.discography import Track
from sandbox.world.text import words_of
from sandbox.world.world import World

_FILTER = re.compile(r'(artist|track|album|isrc):("[^"]*"|.*?)(?=\s+(?:artist|track|album|isrc):|$)')


def search_artists(world: World, query: str) -> list[Artist]:
    """Return the artists on Spotify whose names hold all words of the query, exact names first."""
    wanted = words_of(_filters(query).get("artist") or query)
    found = [artist for artist in world.artists if artist.on_spotify and wanted <= words_of(artist.page_name)]
    return sorted(found, key=lambda artist: (len(words_of(artist.page_name)), artist.index))


def search_items(world: World, objects: SpotifyObjects, base: str, query: str, kind: str) -> list[Json]:
    """Return the tracks or the albums (kind) that fit."""
    filters = _filters(query)
    if "isrc" in filters:
        tracks = world.catalogue.by_isrc(filters["isrc"].strip('"').upper())
        return [objects.track(track, base) for track in tracks] if kind == "track" else []
    tracks = _tracks(world, filters, query)
    if kind == "track":
        return [objects.track(track, base) for track in tracks]
    albums = {(track.artist, track.album.number): track.album for track in tracks}
    return [objects.album_link(album, base) for album in albums.values()]


def _tracks(world: World, filters: dict[str, str], query: str) -> list[Track]:
    free = words_of(filters.get("", "" if filters else query))
    found = []
    for artist in search_artists(world, filters["artist"]) if "artist" in filters else world.artists[:2000]:
        for track in world.catalogue.of(artist.index).tracks:
            text = words_of(track.name) | words_of(artist.page_name) | words_of(track.album.name)
            if (
                words_of(filters.get("track", "")) <= words_of(track.name)
                and words_of(filters.get("album", "")) <= words_of(track.album.name)
                and free <= text
            ):
                found.append(track)
    return found


def _filters(query: str) -> dict[str, str]:
    found = {name: value.strip().strip('"') for name, value in _FILTER.findall(query)}
    rest = _FILTER.sub("", query).strip()
    return {**found, "": rest} if rest and found else found
