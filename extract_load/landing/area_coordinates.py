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
merge into lookup.area_coordinates as known
using (
    with latest as (
        select request ->> '$.id' as area_mbid, request ->> '$.status' as status, request ->> '$.origin' as origin,
            request -> '$.facts' as facts, fetched_at
        from incoming
        where try_cast(request ->> '$.id' as uuid) is not null
        qualify row_number() over (partition by request ->> '$.id' order by row_number desc) = 1
    )
    select
        area_mbid, if(status = 'found', 'found', 'not_found') as status,
        cast(facts ->> '$.latitude' as double) as latitude, cast(facts ->> '$.longitude' as double) as longitude,
        facts ->> '$.precision' as precision, if(status = 'found', 'geocoder:' || origin, null) as method,
        cast(facts ->> '$.confidence' as double) as confidence, facts ->> '$.attribution' as attribution,
        1 as attempts, if(status = 'failed', fetched_at + interval {_REFUSED_DAYS} days, null) as next_attempt_at,
        fetched_at as located_at, facts ->> '$.message' as message
    from latest
) as new
on known.area_mbid = new.area_mbid
when matched then update set
    status = if(new.latitude is null, known.status, 'found'),
    latitude = coalesce(new.latitude, known.latitude),
    longitude = if(new.latitude is null, known.longitude, new.longitude),
    precision = if(new.latitude is null, known.precision, new.precision),
    method = if(new.latitude is null, known.method, new.method),
    confidence = if(new.latitude is null, known.confidence, new.confidence),
    attribution = if(new.latitude is null, known.attribution, new.attribution),
    attempts = known.attempts + 1,
    next_attempt_at = new.next_attempt_at,
    located_at = new.located_at,
    message = new.message
when not matched then insert
"""


def land_geocoder(connection: duckdb.DuckDBPyConnection, file: SpoolFile, clock: Clock) -> Landed:
    """Land one file of a geocoder's answers inside the caller's transaction."""
    landed = land_evidence(connection, file, clock)
    connection.execute(_PUT)
    return landed


GEOGRAPHY_LANDERS: dict[tuple[str, str], Lander] = {(SOURCE, ENTITY): land_geocoder}
