"""Manual matches: the seed `artist_matches_manual.csv` overrides every other method, and survives rebuilds.

A row names an artist by `spotify_artist_id`, or by `artist_name` as in an export; `mbid` is its match, and an empty
`mbid` states that MusicBrainz does not have the artist. dbt reads the same seed. An artist whose row is removed is
matched by the other methods again. Applying the seed is idempotent.
"""

from __future__ import annotations

import logging
from datetime import datetime
from pathlib import Path

import duckdb

from extract_load.core.errors import BadInput
from extract_load.core.settings import project_root
from extract_load.core.text import fold_name_sql
from extract_load.storage.duckdb_connection import file_literal
from extract_load.storage.transaction import transaction

log = logging.getLogger(__name__)

_READ_SEED = """
create or replace temp table manual_rows as
select
    row_number() over () as number,
    nullif(trim(spotify_artist_id), '') as spotify_artist_id,
    nullif(trim(artist_name), '') as artist_name,
    lower(nullif(trim(mbid), '')) as mbid,
    nullif(trim(note), '') as note
from read_csv({literal}, header = true, all_varchar = true, delim = ',', quote = '"')
"""

_RESOLVE_ARTISTS = f"""
create or replace temp table manual_matches as
select
    aliases.artist_key,
    arg_max(struct_pack(mbid := manual_rows.mbid, note := manual_rows.note), manual_rows.number) as latest
from manual_rows
inner join lookup.artist_aliases as aliases
    on (aliases.alias_kind = 'spotify_id' and aliases.alias = manual_rows.spotify_artist_id)
    or (
        aliases.alias_kind = 'export_name'
        and manual_rows.spotify_artist_id is null
        and aliases.alias = {fold_name_sql("manual_rows.artist_name")}
    )
where manual_rows.mbid is null or try_cast(manual_rows.mbid as uuid) is not null
group by aliases.artist_key
"""

_DELETE_REMOVED = """
delete from lookup.musicbrainz_matches
where method = 'manual' and artist_key not in (select artist_key from manual_matches)
"""

_UPSERT = """
merge into lookup.musicbrainz_matches as known
using (
    select
        artist_key, if(latest.mbid is null, 'not_found', 'found') as status, latest.mbid as mbid,
        case when latest.note is not null then json_object('note', latest.note) end as evidence
    from manual_matches
) as new
on known.artist_key = new.artist_key
when matched and (
    known.method is distinct from 'manual' or known.mbid is distinct from new.mbid
    or known.evidence is distinct from new.evidence
) then update set
    status = new.status, mbid = new.mbid, method = 'manual', score = 1.0, evidence = new.evidence,
    attempts = 0, next_attempt_at = null, matched_at = $now, message = null
when not matched then insert values (
    new.artist_key, new.status, new.mbid, 'manual', 1.0, new.evidence, 0, null, $now, null
)
"""


def default_seed() -> Path:
    """Return the path of the seed in the project."""
    return project_root() / "dbt_project" / "seeds" / "artist_matches_manual.csv"


def apply_manual_matches(connection: duckdb.DuckDBPyConnection, seed: Path, now: datetime) -> int:
    """Write the matches of the seed over all others, and delete those whose row was removed.

    Return how many matches changed.

    Errors: BadInput when the seed can't be read; a row with a malformed MBID is left out with a warning.
    """
    if not seed.is_file():
        return 0
    try:
        connection.execute(_READ_SEED.format(literal=file_literal(seed)))
    except duckdb.Error as error:
        msg = f"{seed.name} can't be read as a table of artist_name, spotify_artist_id, mbid and note."
        raise BadInput(msg, hint="Fix its header and its quotes.") from error
    malformed = "select number, mbid from manual_rows where mbid is not null and try_cast(mbid as uuid) is null"
    for number, mbid in connection.execute(malformed).fetchall():
        log.warning("Row %d of %s has no MBID but %r; it is left out.", number, seed.name, mbid)
    connection.execute(_RESOLVE_ARTISTS)
    with transaction(connection):
        deleted = connection.execute(_DELETE_REMOVED).fetchall()[0][0]
        upserted = connection.execute(_UPSERT, {"now": now}).fetchall()[0][0]
    return int(deleted) + int(upserted)
