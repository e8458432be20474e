"""Land enrichment answers: a version where a payload changed, and the latest state of each key in its lookup table.

A line's `request` holds `id` (the key), `status` (found, not_found, gone), `origin` (which read answered) and `facts`
(values beside the payload). A weaker origin never replaces a stronger one; a not-found never wipes what was found
before: the row is `gone` and keeps its payload. Source: docs/architecture.md, section 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from extract_load.core.clock import Clock
from extract_load.landing.manifest import Landed, SpoolFile
from extract_load.landing.spool_reader import read_file, reject_tombstones


@dataclass(frozen=True, slots=True)
class AnswerTable:
    """Where answers of one kind go, and after how many days a key is asked for again (None: never)."""

    table: str
    key: str
    found_days: int | None
    not_found_days: int
    facts: tuple[str, ...] = ()


ANSWER_TABLES: dict[tuple[str, str], AnswerTable] = {
    ("spotify", "artist"): AnswerTable("lookup.spotify_artists", "spotify_artist_id", 90, 90),
    ("spotify", "album"): AnswerTable("lookup.spotify_albums", "spotify_album_id", 90, 90),
    ("spotify", "track"): AnswerTable("lookup.spotify_tracks", "spotify_track_id", None, 90),
    ("musicbrainz", "artist"): AnswerTable(
        "lookup.musicbrainz_artists", "mbid", 180, 28, ("country_code", "canonical_mbid")
    ),
    ("musicbrainz", "area"): AnswerTable(
        "lookup.musicbrainz_areas", "area_mbid", None, 28, ("parent_area_mbid", "country_code")
    ),
}

_ANSWERS = """
create or replace temp table answers as
with parsed as (
    select
        row_number,
        fetched_at,
        request ->> '$.id' as entity_id,
        coalesce(request ->> '$.status', 'found') as status,
        coalesce(request ->> '$.origin', 'lookup') as origin,
        coalesce(request -> '$.facts', '{{}}') as facts,
        nullif(payload, 'null'::json) as payload,
        case coalesce(request ->> '$.origin', 'lookup') when 'album' then 0 else 1 end as strength
    from incoming
),
latest as (
    from parsed
    where entity_id is not null
    qualify row_number() over (partition by entity_id order by strength desc, row_number desc) = 1
)
select latest.*, md5(cast(latest.payload as varchar)) as payload_hash
from latest
left join {table} as known on known.{key} = latest.entity_id
where known.{key} is null or latest.strength = 1 or known.origin = 'album' or known.status <> 'found'
"""

_VERSIONS = """
insert into raw.api_responses
with newest as (
    select entity_id, version, payload_hash
    from raw.api_responses
    where service = $service and entity = $entity and entity_id in (select entity_id from answers)
    qualify row_number() over (partition by entity_id order by version desc) = 1
)
select
    $service, $entity, answers.entity_id, coalesce(newest.version, 0) + 1, answers.payload_hash, answers.payload,
    answers.fetched_at, $file, $now
from answers
left join newest using (entity_id)
where answers.payload is not null and answers.payload_hash is distinct from newest.payload_hash
"""

_LOOKUP = """
merge into {table} as known
using (
    select answers.*, versions.version
    from answers
    left join (
        select entity_id, max(version) as version
        from raw.api_responses
        where service = $service and entity = $entity
        group by all
    ) as versions using (entity_id)
) as new
on known.{key} = new.entity_id
when matched then update set
    status = case when new.status <> 'found' and known.payload is not null then 'gone' else new.status end,
    attempts = case new.status when 'found' then 0 else known.attempts + 1 end,
    next_attempt_at = case new.status
        when 'found' then new.fetched_at + {found_wait}
        else new.fetched_at + {not_found_wait} * cast(least(power(2, known.attempts), 16) as integer)
    end,
    fetched_at = new.fetched_at,
    version = new.version,
    origin = new.origin,
    payload = coalesce(new.payload, known.payload),
    message = null{updates}
when not matched then insert
    ({key}, status, attempts, next_attempt_at, fetched_at, version, origin, payload, message{columns})
    values (
        new.entity_id, new.status, case new.status when 'found' then 0 else 1 end,
        new.fetched_at + case new.status when 'found' then {found_wait} else {not_found_wait} end,
        new.fetched_at, new.version, new.origin, new.payload, null{values}
    )
"""


def land_answers(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of answers inside the caller's transaction."""
    target = ANSWER_TABLES[(file.source, file.entity)]
    counted = read_file(connection, file)
    connection.execute(_ANSWERS.format(table=target.table, key=target.key))
    who = {"service": file.source, "entity": file.entity}
    erased = reject_tombstones(connection, file, clock)
    connection.execute(_VERSIONS, {**who, "file": file.name, "now": clock.now()})
    connection.execute(_lookup_sql(target), who)
    fetched_at = connection.execute("select max(fetched_at) from incoming").fetchall()[0][0]
    return Landed(fetched_at=fetched_at, counted=counted, landed=counted - erased, rejected=erased)


def _lookup_sql(target: AnswerTable) -> str:
    found = "null" if target.found_days is None else f"interval {target.found_days} days"
    return _LOOKUP.format(
        table=target.table,
        key=target.key,
        found_wait=found,
        not_found_wait=f"interval {target.not_found_days} days",
        columns="".join(f", {fact}" for fact in target.facts),
        values="".join(f", new.facts ->> '$.{fact}'" for fact in target.facts),
        updates="".join(f",\n    {fact} = coalesce(new.facts ->> '$.{fact}', known.{fact})" for fact in target.facts),
    )
