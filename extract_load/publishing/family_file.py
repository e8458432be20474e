"""The family file: what two listeners have in common, as sums, of those alone who agreed to it.

In: the file of all that was published. Out: `data/published/family/music_tracker.duckdb`, whose tables have a row a
pair; no file while fewer than two agree. Whoever has not agreed is in no query: each reads plays through `agreed`.
Plays of private sessions, excluded plays and unknown artists do not count.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import duckdb

from extract_load.core.listeners import family_path, registry_of
from extract_load.core.settings import Settings
from extract_load.publishing.draft import DRAFT_PREFIX, put_in_place, set_access
from extract_load.storage.duckdb_connection import attach, open_duckdb, quoted
from extract_load.storage.held_folder import held_folder, remove_abandoned
from extract_load.storage.transaction import transaction
from extract_load.storage.warehouse import CATALOGUE, STORAGE

_MARTS = f"{CATALOGUE}.marts"

_PLAYS = f"""
create or replace temp table shared_plays as
select
    plays.listener_id, plays.track_key, plays.recording_key, plays.artist_key, plays.started_at, plays.date_key,
    plays.ms_played
from {_MARTS}.fct_plays as plays
semi join agreed on plays.listener_id = agreed.listener_id
where plays.is_counted and plays.is_incognito is not true
"""

# A recording is named as those who agreed know it: another title of it may be known from somebody else.
_NAMES = f"""
create or replace temp table recording_names as
select
    recording_key, arg_min(track_name, track_key) as recording_name, arg_min(artist_name, track_key) as artist_name
from {_MARTS}.dim_track
semi join shared_plays using (track_key)
group by all
"""

_HEARD = f"""
create or replace temp table heard_at_all as
select distinct plays.listener_id, plays.recording_key
from {_MARTS}.fct_plays as plays
semi join agreed on plays.listener_id = agreed.listener_id
"""

_SHARES = """
create or replace temp table {name} as
select listener_id, {key}, ms, ms / sum(ms) over (partition by listener_id) as share
from (
    select listener_id, {key}, sum(ms_played) as ms
    from shared_plays
    where {key} <> 0 {wanted}
    group by all
) as summed
"""

_PAIRS = """
create or replace temp table pairs as
select mine.listener_id as listener_id, other.listener_id as other_listener_id
from agreed as mine inner join agreed as other on mine.listener_id < other.listener_id
"""

_COVERAGE = f"""
create or replace temp table coverages as
select listener_id, round(100.0 * sum(covered_minutes) / nullif(sum(known_minutes), 0), 1) as coverage_pct
from {_MARTS}.fct_listening_coverage
semi join agreed using (listener_id)
group by all
"""

TABLES: dict[str, tuple[str, str]] = {
    "members": (
        "One listener who agreed to be in this file, with the name to show.",
        "select listener_id, name from agreed order by listener_id",
    ),
    "match": (
        "One pair of listeners: how alike their artists' shares of minutes are, the sum of the smaller ones over that"
        " of the larger ones, with how much of the time of each is covered.",
        """
        select
            pairs.listener_id,
            pairs.other_listener_id,
            round(100 * sums.smaller / nullif(sums.larger, 0), 1) as match_pct,
            sums.artists_in_common,
            mine.coverage_pct,
            others.coverage_pct as other_coverage_pct
        from pairs
        inner join (
            select
                pairs.listener_id, pairs.other_listener_id,
                sum(least(coalesce(mine.share, 0), coalesce(other.share, 0))) as smaller,
                sum(greatest(coalesce(mine.share, 0), coalesce(other.share, 0))) as larger,
                count(*) filter (mine.share > 0 and other.share > 0) as artists_in_common
            from pairs
            cross join (select distinct artist_key from artist_shares) as artists
            left join artist_shares as mine
                on pairs.listener_id = mine.listener_id and artists.artist_key = mine.artist_key
            left join artist_shares as other
                on pairs.other_listener_id = other.listener_id and artists.artist_key = other.artist_key
            group by all
        ) as sums on pairs.listener_id = sums.listener_id and pairs.other_listener_id = sums.other_listener_id
        left join coverages as mine on pairs.listener_id = mine.listener_id
        left join coverages as others on pairs.other_listener_id = others.listener_id
        order by match_pct desc nulls last, pairs.listener_id, pairs.other_listener_id
        """,
    ),
    "bridge": (
        "One pair of listeners: the recording with the greatest share that both have in common.",
        """
        select
            pairs.listener_id, pairs.other_listener_id, recordings.recording_name, recordings.artist_name,
            round(100 * mine.share, 2) as share_pct, round(100 * other.share, 2) as other_share_pct
        from pairs
        inner join recording_shares as mine on pairs.listener_id = mine.listener_id
        inner join recording_shares as other
            on pairs.other_listener_id = other.listener_id and mine.recording_key = other.recording_key
        inner join recording_names as recordings on mine.recording_key = recordings.recording_key
        qualify row_number() over (
            partition by pairs.listener_id, pairs.other_listener_id
            order by least(mine.share, other.share) desc, mine.recording_key
        ) = 1
        order by all
        """,
    ),
    "gifts": (
        "One recording among the ten that its giver played most and the other has never played.",
        """
        select
            givers.listener_id as giver_id, receivers.listener_id as receiver_id,
            cast(row_number() over (
                partition by givers.listener_id, receivers.listener_id order by shares.ms desc, shares.recording_key
            ) as integer) as rank,
            recordings.recording_name, recordings.artist_name, round(shares.ms / 60000, 1) as minutes
        from agreed as givers
        inner join agreed as receivers on givers.listener_id <> receivers.listener_id
        inner join recording_shares as shares on givers.listener_id = shares.listener_id
        inner join recording_names as recordings on shares.recording_key = recordings.recording_key
        anti join heard_at_all as heard
            on receivers.listener_id = heard.listener_id and shares.recording_key = heard.recording_key
        qualify rank <= 10
        order by giver_id, receiver_id, rank
        """,
    ),
    "heard_together": (
        "One recording that two listeners started within a minute of each other: how often, first and last day.",
        """
        select
            pairs.listener_id, pairs.other_listener_id, recordings.recording_name, recordings.artist_name,
            count(distinct mine.started_at) as times, min(mine.date_key) as first_on, max(mine.date_key) as last_on
        from pairs
        inner join shared_plays as mine on pairs.listener_id = mine.listener_id
        inner join shared_plays as other
            on pairs.other_listener_id = other.listener_id and mine.recording_key = other.recording_key
            and other.started_at between mine.started_at - interval 60 second and mine.started_at + interval 60 second
        inner join recording_names as recordings on mine.recording_key = recordings.recording_key
        where mine.recording_key <> 0
        group by all
        order by times desc, pairs.listener_id, pairs.other_listener_id, recordings.recording_name
        """,
    ),
}
"""The tables of the file: what one row is, and the query."""


def publish_family(settings: Settings, label: str, at: datetime) -> Path | None:
    """Write the family file from the file of all, or remove it when fewer than two listeners agree; return its path."""
    target = family_path(settings)
    agreed = [(one.listener_id, one.shown) for one in registry_of(settings) if one.shares]
    if len(agreed) < 2 or not settings.published_path.is_file():
        target.unlink(missing_ok=True)
        return None
    remove_abandoned(target.parent, DRAFT_PREFIX)
    with held_folder(target.parent, DRAFT_PREFIX) as folder:
        draft = folder / target.name
        memory, threads = settings.duckdb_memory_limit, settings.duckdb_threads
        with open_duckdb(settings.data_dir, memory_limit=memory, threads=threads) as connection:
            attach(connection, settings.published_path, CATALOGUE, "read_only")
            attach(connection, draft, "draft", STORAGE)
            connection.execute("create temp table agreed (listener_id varchar, name varchar)")
            connection.executemany("insert into agreed values (?, ?)", [list(one) for one in agreed])
            with transaction(connection):
                write_tables(connection, label, at)
            connection.execute("checkpoint draft")
        set_access(draft, target.parent, settings)
        put_in_place(draft, target)
    return target


def write_tables(connection: duckdb.DuckDBPyConnection, label: str, at: datetime) -> None:
    """Write every table into the catalogue `draft`, from the plays of those in the table `agreed`."""
    no_special = f"and artist_key not in (select artist_key from {_MARTS}.dim_artist where is_special_purpose)"
    for statement in (
        *(_PLAYS, _NAMES, _HEARD, _PAIRS, _COVERAGE),
        _SHARES.format(name="artist_shares", key="artist_key", wanted=no_special),
        _SHARES.format(name="recording_shares", key="recording_key", wanted=""),
    ):
        connection.execute(statement)
    connection.execute("create schema draft.family; create schema draft.about")
    prefix = f"{label}: " if label else ""
    for name, (comment, query) in TABLES.items():
        connection.execute(f"create table draft.family.{name} as {query}")
        connection.execute(f"comment on table draft.family.{name} is '{quoted(prefix + comment)}'")
    connection.execute("create table draft.about.publication (published_at timestamp, label varchar)")
    connection.execute("insert into draft.about.publication values (?, ?)", [at, label or None])
