"""The backlog of artist matching: how many artists are matched, in review, unmatched or pending."""

from __future__ import annotations

from typing import Any

import duckdb

# A key whose name led to a Spotify artist later (alias kind `former_key`) passes its match on to that artist.
_ARTISTS_BY_STATE = """
with artists as (
    select distinct artist_key from lookup.artist_aliases where alias_kind in ('spotify_id', 'export_name')
),
former_matches as (
    select aliases.artist_key, any_value(matches.status) as status
    from lookup.artist_aliases as aliases
    inner join lookup.musicbrainz_matches as matches on matches.artist_key = aliases.alias and matches.status = 'found'
    where aliases.alias_kind = 'former_key'
    group by aliases.artist_key
),
artist_states as (
    select
        case
            when matches.status = 'found' or former_matches.status = 'found' then 'matched'
            when matches.status = 'review' then 'in_review'
            when matches.status is null then 'waiting'
            else 'unmatched'
        end as state,
        coalesce(listening.ms_played, 0) as ms_played
    from artists
    left join lookup.musicbrainz_matches as matches using (artist_key)
    left join former_matches using (artist_key)
    left join lookup.artist_listening as listening using (artist_key)
)
select state, count(*), cast(sum(ms_played) as bigint) from artist_states group by state
"""

_ARTISTS_WITHOUT_FACTS = """
select count(distinct matches.mbid)
from lookup.musicbrainz_matches as matches
where matches.status = 'found' and not exists (
    select 1
    from lookup.musicbrainz_artists as artists
    where artists.mbid = matches.mbid and artists.payload is not null
)
"""

_AREAS_READ = "select count(*) from lookup.musicbrainz_areas where status = 'found'"

STATES = ("matched", "in_review", "unmatched", "waiting")


def backlog(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Return the number of artists in each state, and the share of the listening time that they have (0 to 1).

    `waiting` counts the artists that no request was sent for yet, `without_facts` the matched MBIDs without an answer.
    """
    rows = {state: (artists, ms) for state, artists, ms in connection.execute(_ARTISTS_BY_STATE).fetchall()}
    total = sum(ms for _, ms in rows.values())
    return {
        **{state: rows.get(state, (0, 0))[0] for state in STATES},
        "listening_share": {state: round(rows.get(state, (0, 0))[1] / total, 4) if total else 0.0 for state in STATES},
        "without_facts": connection.execute(_ARTISTS_WITHOUT_FACTS).fetchall()[0][0],
        "areas": connection.execute(_AREAS_READ).fetchall()[0][0],
    }
