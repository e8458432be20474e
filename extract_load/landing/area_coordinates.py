"""Land the geocoders' answers about areas: the raw answer as a version, the checked one in `lookup.area_coordinates`.

A line's `request` holds `id` (the area's MBID), `status` (found, not_found, failed), `origin` (the geocoder) and
`facts` (the checked answer). A miss keeps the coordinates of the gazetteer and is never asked for again; a refused
question is asked again later.
"""

from __future__ import annotations

import duckdb

from extract_load.core.clock import Clock
from extract_load.landing.manifest import Landed, Lander, SpoolFile
from extract_load.landing.musicbrainz import land_evidence

SOURCE, ENTITY = "geocoder", "area"
_REFUSED_DAYS = 90

_PUT = f"""
insert into lookup.area_coordinates
with latest as (
    select request ->> '$.id' as area_mbid, request ->> '$.status' as status, request ->> '$.origin' as origin,
        request -> '$.facts' as facts, fetched_at
    from incoming
    where try_cast(request ->> '$.id' as uuid) is not null
    qualify row_number() over (partition by request ->> '$.id' order by row_number desc) = 1
)
select
    area_mbid, if(status = 'found', 'found', 'not_found'), cast(facts ->> '$.latitude' as double),
    cast(facts ->> '$.longitude' as double), facts ->> '$.precision',
    if(status = 'found', 'geocoder:' || origin, null), cast(facts ->> '$.confidence' as double),
    facts ->> '$.attribution', 1, if(status = 'failed', fetched_at + interval {_REFUSED_DAYS} days, null), fetched_at,
    facts ->> '$.message'
from latest
on conflict (area_mbid) do update set
    status = if(excluded.latitude is null, status, 'found'),
    latitude = coalesce(excluded.latitude, latitude),
    longitude = if(excluded.latitude is null, longitude, excluded.longitude),
    precision = if(excluded.latitude is null, precision, excluded.precision),
    method = if(excluded.latitude is null, method, excluded.method),
    confidence = if(excluded.latitude is null, confidence, excluded.confidence),
    attribution = if(excluded.latitude is null, attribution, excluded.attribution),
    attempts = attempts + 1,
    next_attempt_at = excluded.next_attempt_at,
    located_at = excluded.located_at,
    message = excluded.message
"""


def land_geocoder(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of a geocoder's answers inside the caller's transaction."""
    landed = land_evidence(connection, file, clock)
    connection.execute(_PUT)
    return landed


GEOGRAPHY_LANDERS: dict[tuple[str, str], Lander] = {(SOURCE, ENTITY): land_geocoder}
