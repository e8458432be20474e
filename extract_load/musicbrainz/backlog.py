"""How far identification has come: artists matched, in review, unmatched, waiting, by share of listening time."""

from __future__ import annotations

from typing import Any

import duckdb

_BACKLOG = """
with artists as (
    select distinct artist_key from lookup.artist_aliases where alias_kind in ('spotify_id', 'export_name')
),
former as (
    select aliases.artist_key, any_value(matches.status) as status
    from lookup.artist_aliases as aliases
    inner join lookup.musicbrainz_matches as matches on matches.artist_key = aliases.alias and matches.status = 'found'
    where aliases.alias_kind = 'former_key'
    group by aliases.artist_key
),
graded as (
    select
        case
            when matches.status = 'found' or former.status = 'found' then 'matched'
            when matches.status = 'review' then 'in_review'
            when matches.status is null then 'waiting'
            else 'unmatched'
        end as grade,
        coalesce(listening.ms_played, 0) as ms_played
    from artists
    left join lookup.musicbrainz_matches as matches using (artist_key)
    left join former using (artist_key)
    left join lookup.artist_listening as listening using (artist_key)
)
select grade, count(*), cast(sum(ms_played) as bigint) from graded group by grade
"""

GRADES = ("matched", "in_review", "unmatched", "waiting")


def backlog(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Give, for each grade, the number of artists and their share of the listening time (0 to 1)."""
    rows = {grade: (artists, ms) for grade, artists, ms in connection.execute(_BACKLOG).fetchall()}
    total = sum(ms for _, ms in rows.values())
    described, located = connection.execute(
        "select (select count(distinct mbid) from lookup.musicbrainz_matches as m where status = 'found' and not exists"
        " (select 1 from lookup.musicbrainz_artists as a where a.mbid = m.mbid and a.payload is not null)),"
        " (select count(*) from lookup.musicbrainz_areas where status = 'found')"
    ).fetchall()[0]
    return {
        **{grade: rows.get(grade, (0, 0))[0] for grade in GRADES},
        "listening_share": {grade: round(rows.get(grade, (0, 0))[1] / total, 4) if total else 0.0 for grade in GRADES},
        "without_facts": described,
        "areas": located,
    }
