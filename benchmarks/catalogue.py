"""Fills the lookup tables for the world of `raw_plays`: artists, albums, tracks, places and genres, quickly.

In: a DuckDB connection whose default catalogue has the schema of `extract_load/storage/schema`. Out: rows of lookup.*
and raw.api_responses. Always holds: the same arguments give the same rows; about a tenth of everything is not known
yet, as in a real warehouse, and every twentieth track shares its ISRC with another one.
"""

from __future__ import annotations

import duckdb
from raw_plays import spotify_id

_CITIES, _STATES, _COUNTRIES, _GENRES = 1_500, 300, 60, 400
_WHEN = "timestamp '2026-11-19 12:00:00'"


def mbid(kind: str, number: str) -> str:
    """Return the SQL expression of an MBID; kind is artist or area, number an expression."""
    return f"cast(cast(md5('{kind}' || ({number})) as uuid) as varchar)"


def fill_catalogue(connection: duckdb.DuckDBPyConnection, artists: int = 10_000) -> None:
    """Write `artists` artists, six tracks each, an album for every four tracks, and their areas with coordinates."""
    connection.execute("set variable artists = ?", [artists])
    for statement in (
        _ARTISTS,
        _TRACKS,
        _ALBUMS,
        _ALIASES,
        _MATCHES,
        _GENRE_LIST,
        _MB_ARTISTS,
        _AREAS,
        _PLACES,
        _VERSIONS,
    ):
        connection.execute(statement)


def _artist(number: str) -> str:
    return f"{{'id': {spotify_id('Artist', number)}, 'name': 'Band ' || ({number})}}"


def _album(track: str) -> str:
    first = f"({track}) // 4 * 4 % getvariable('artists')"
    return (
        f"{{'id': {spotify_id('Album', f'({track}) // 4')}, 'name': 'Record ' || ({track}) // 4, "
        "'album_type': 'album', "
        f"'release_date': cast(1960 + ({track}) // 4 % 66 as varchar)"
        f" || if(({track}) % 7 = 0, '', '-03-0' || (1 + ({track}) % 9)), "
        f"'total_tracks': 4, 'artists': [{_artist(first)}]}}"
    )


_ARTISTS = f"""
insert into lookup.spotify_artists
select
    {spotify_id("Artist", "i")}, if(i % 20 = 7, 'failed', 'found'), 1, null, {_WHEN}, 1, 'artist',
    if(
        i % 20 = 7,
        null,
        to_json({{'name': 'Band ' || i, 'genres': [], 'images': [{{'url': 'https://example.org/' || i}}]}})
    ),
    null
from range(getvariable('artists')) as t(i)
"""

_TRACKS = f"""
insert into lookup.spotify_tracks
select
    {spotify_id("Track", "i")}, 'found', 1, null, {_WHEN}, 1, if(i % 2 = 0, 'track', 'album'),
    to_json({{
        'name': 'Song ' || i, 'duration_ms': 120000 + 1000 * (hash(i) % 240), 'explicit': i % 9 = 0, 'disc_number': 1,
        'track_number': 1 + i % 4,
        'external_ids': if(
            i % 2 = 0, {{'isrc': 'ZZBEN' || lpad(cast(if(i % 20 = 4, i + 2, i) as varchar), 7, '0')}}, null
        ),
        'artists': if(
            i % 5 = 0,
            [{_artist("i % getvariable('artists')")}, {_artist("(i + 1) % getvariable('artists')")}],
            [{_artist("i % getvariable('artists')")}]
        ),
        'album': {_album("i")}
    }}),
    null
from range(6 * getvariable('artists')) as t(i)
where i % 10 <> 3
"""

_ALBUMS = f"""
insert into lookup.spotify_albums
select {spotify_id("Album", "i")}, 'found', 1, null, {_WHEN}, 1, 'album', to_json({_album("4 * i")}), null
from range(6 * getvariable('artists') // 4) as t(i)
where i % 10 <> 3
"""

_ALIASES = f"""
insert into lookup.artist_aliases
select 'spotify_id', {spotify_id("Artist", "i")}, md5('spotify:' || {spotify_id("Artist", "i")}), 'Band ' || i, {_WHEN}
from range(getvariable('artists')) as t(i)
"""

_MATCHES = f"""
insert into lookup.musicbrainz_matches
select
    md5('spotify:' || {spotify_id("Artist", "i")}), if(i % 8 = 5, 'not_found', 'found'),
    if(i % 8 = 5, null, {mbid("artist", "i")}),
    if(i % 8 = 5, null, 'url'), if(i % 8 = 5, null, 1.0), null, 1, null, {_WHEN}, null
from range(getvariable('artists')) as t(i)
"""

_GENRE_LIST = f"""
insert into lookup.musicbrainz_genres
select ['dark', 'acid', 'deep', 'slow', 'free', 'neo', 'nu', 'folk'][1 + i % 8] || ' ' || i || ' '
    || ['rock', 'metal', 'house', 'jazz', 'pop', 'soul', 'rap', 'ambient', 'samba', 'opera'][1 + i % 10], {_WHEN}
from range({_GENRES}) as t(i)
"""

_MB_ARTISTS = f"""
insert into lookup.musicbrainz_artists
with genre_names as (select list(genre order by genre) as names from lookup.musicbrainz_genres)
select
    {mbid("artist", "i")}, 'found', null, null, 1, null, {_WHEN}, 1, 'search',
    to_json({{
        'name': 'Band ' || i, 'sort-name': 'Band ' || i, 'type': if(i % 2 = 0, 'Group', 'Person'),
        'area': {{
            'id': {mbid("area", f"'country' || i % {_COUNTRIES}")}, 'name': 'Country ' || i % {_COUNTRIES},
            'type': 'Country'
        }},
        'begin-area': if(
            i % 3 = 0,
            null,
            {{
                'id': {mbid("area", f"'city' || i % {_CITIES}")}, 'name': 'City ' || i % {_CITIES}, 'type': 'City'
            }}
        ),
        'life-span': {{'begin': cast(1950 + i % 70 as varchar), 'ended': null}},
        'tags': [
            {{'name': names[1 + (i * 7 + k * 13) % {_GENRES}], 'count': 9 - 2 * k}} for k in range(i % 6)
        ]
    }}),
    null
from range(getvariable('artists')) as t(i), genre_names
where i % 8 <> 5
"""

_AREAS = f"""
insert into lookup.musicbrainz_areas
with places as (
    select 'country' || i as code, 'Country ' || i as name, 'Country' as type, null as parent, i
    from range({_COUNTRIES}) as t(i)
    union all
    select 'state' || i, 'State ' || i, 'Subdivision', 'country' || i % {_COUNTRIES}, i
    from range({_STATES}) as t(i)
    union all
    select 'city' || i, 'City ' || i, 'City', 'state' || i % {_STATES}, i from range({_CITIES}) as t(i)
),
codes as (
    select ['AR', 'AU', 'BE', 'BR', 'CA', 'CH', 'CL', 'CN', 'CU', 'CZ', 'DE', 'DK', 'EG', 'ES', 'FI', 'FR', 'GB', 'GH',
        'GR', 'HU', 'IE', 'IL', 'IN', 'IS', 'IT', 'JM', 'JP', 'KE', 'KR', 'LB', 'MA', 'ML', 'MX', 'NG', 'NL', 'NO',
        'NZ', 'PE', 'PH', 'PK', 'PL', 'PR', 'PT', 'RO', 'RS', 'RU', 'SE', 'SN', 'SU', 'TH', 'TR', 'TT', 'TW', 'UA',
        'US', 'UY', 'VE', 'VN', 'XW', 'ZA'] as list
)
select
    {mbid("area", "code")}, 'found', if(parent is null, null, {mbid("area", "parent")}), null, 1, null, {_WHEN}, 1,
    'search',
    to_json({{
        'name': name, 'type': type,
        'iso-3166-1-codes': if(type = 'Country', [list[1 + i]], null),
        'iso-3166-2-codes': if(type = 'Subdivision', [list[1 + i % {_COUNTRIES}] || '-' || i], null)
    }}),
    null
from places, codes
"""

_PLACES = f"""
insert into lookup.area_coordinates
select
    {mbid("area", "'city' || i")}, 'found', -60 + i * 7 % 120, -180 + i * 11 % 360, 'city', 'gazetteer', 0.95,
    'GeoNames', 1, null, {_WHEN}, null
from range({_CITIES}) as t(i)
where i % 12 <> 5
"""

_VERSIONS = """
insert into raw.api_responses
select 'spotify', 'artist', spotify_artist_id, 1, md5(payload), payload, fetched_at, 'spotify/artist/bench', fetched_at
from lookup.spotify_artists where payload is not null
union all
select 'musicbrainz', 'artist', mbid, 1, md5(payload), payload, fetched_at, 'musicbrainz/artist/bench', fetched_at
from lookup.musicbrainz_artists where payload is not null
"""
