"""Land the other files of MusicBrainz: decisions about identity, evidence without a table of its own, the genre list.

A decision is a cache line like an answer, so a rebuild from the cache comes to the same matches with no request. What
was set by hand (method `manual`) is never overwritten by a line of the cache.
"""

from __future__ import annotations

import duckdb

from extract_load.core.clock import Clock
from extract_load.landing.api_responses import land_answers
from extract_load.landing.manifest import Landed, Lander, SpoolFile
from extract_load.landing.spool_reader import read_file, reject_tombstones
from extract_load.lookups.area_hierarchy import resolve_areas

_MATCHES = """
merge into lookup.musicbrainz_matches as known
using (
    select
        payload ->> '$.artist_key' as artist_key,
        payload ->> '$.status' as status,
        payload ->> '$.mbid' as mbid,
        payload ->> '$.method' as method,
        cast(payload ->> '$.score' as double) as score,
        payload -> '$.evidence' as evidence,
        cast(payload ->> '$.attempts' as integer) as attempts,
        cast(payload ->> '$.next_attempt_at' as timestamp) as next_attempt_at,
        fetched_at as matched_at,
        payload ->> '$.message' as message
    from incoming
    where (payload ->> '$.artist_key') is not null
    qualify row_number() over (partition by payload ->> '$.artist_key' order by row_number desc) = 1
) as new
on known.artist_key = new.artist_key
when matched and known.method is distinct from 'manual' then update set
    status = new.status,
    mbid = new.mbid,
    method = new.method,
    score = new.score,
    evidence = new.evidence,
    attempts = new.attempts,
    next_attempt_at = new.next_attempt_at,
    matched_at = new.matched_at,
    message = new.message
when not matched then insert
"""

_EVIDENCE = """
insert into raw.api_responses
with latest as (
    select request ->> '$.id' as entity_id, payload, md5(cast(payload as varchar)) as payload_hash, fetched_at
    from incoming
    where (request ->> '$.id') is not null and json_type(payload) = 'OBJECT'
    qualify row_number() over (partition by request ->> '$.id' order by row_number desc) = 1
),
newest as (
    select entity_id, version, payload_hash
    from raw.api_responses
    where service = $service and entity = $entity and entity_id in (select entity_id from latest)
    qualify row_number() over (partition by entity_id order by version desc) = 1
)
select
    $service, $entity, latest.entity_id, coalesce(newest.version, 0) + 1, latest.payload_hash, latest.payload,
    latest.fetched_at, $file, $now
from latest
left join newest using (entity_id)
where latest.payload_hash is distinct from newest.payload_hash
"""

_GENRES = """
merge into lookup.musicbrainz_genres as known
using (
    with listed as (
        select lower(trim(unnest(cast(payload as varchar[])))) as genre, fetched_at
        from incoming
        where json_type(payload) = 'ARRAY'
    )
    select genre, max(fetched_at) as fetched_at from listed where genre is not null group by genre
) as new
on known.genre = new.genre
when matched then update set fetched_at = new.fetched_at
when not matched then insert
"""


def land_matches(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of decisions (artist_key -> MBID) inside the caller's transaction; the last one of a key holds."""
    counted = read_file(connection, file)
    erased = reject_tombstones(connection, file, clock)
    connection.execute(_MATCHES)
    return _landed(connection, counted, erased)


def land_evidence(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of answers that only support decisions (pages, recordings) as versions."""
    counted = read_file(connection, file)
    erased = reject_tombstones(connection, file, clock)
    connection.execute(
        _EVIDENCE, {"service": file.source, "entity": file.entity, "file": file.name, "now": clock.now()}
    )
    return _landed(connection, counted, erased)


def land_genres(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:  # noqa: ARG001
    """Land the list of genres: names that are no genre any more go."""
    counted = read_file(connection, file)
    connection.execute(_GENRES)
    landed = _landed(connection, counted, 0)
    connection.execute("delete from lookup.musicbrainz_genres where fetched_at < ?", [landed.fetched_at])
    return landed


def land_artists(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of artists; their countries say which parent of a contested area is meant."""
    landed = land_answers(connection, file, clock)
    resolve_areas(connection)
    return landed


def land_areas(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of areas, and choose parents and countries again."""
    landed = land_answers(connection, file, clock)
    resolve_areas(connection)
    return landed


MUSICBRAINZ_LANDERS: dict[tuple[str, str], Lander] = {
    ("musicbrainz", "match"): land_matches,
    ("musicbrainz", "page"): land_evidence,
    ("musicbrainz", "recording"): land_evidence,
    ("musicbrainz", "genre"): land_genres,
    ("musicbrainz", "artist"): land_artists,
    ("musicbrainz", "area"): land_areas,
}


def _landed(connection: duckdb.DuckDBPyConnection, counted: int, rejected: int) -> Landed:
    fetched_at = connection.execute("select max(fetched_at) from incoming").fetchall()[0][0]
    return Landed(fetched_at=fetched_at, counted=counted, landed=counted - rejected, rejected=rejected)
