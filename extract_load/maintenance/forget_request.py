"""From what a listener names (a play, an artist, a time span) to the rules that reach it everywhere.

A play is known by the raw rows that tell of it; an artist by every id and name that lookup knows, and by the tracks
that credit them. Names match to the letter, but for case and composition: more strictly than names are merged. What is
found goes into rules hashed (erasure/rules.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import duckdb

from extract_load.core.errors import BadInput
from extract_load.core.instants import parse_instant_sql
from extract_load.core.keys import key_of_text
from extract_load.core.text import exact_name
from extract_load.erasure.line_subjects import (
    EXPORTS,
    FORMS_OF_A_TRACK,
    FORMS_OF_VERSION_1,
    POLLS,
    subjects_of_artist,
    subjects_of_play,
)
from extract_load.erasure.rules import Rule, hashed

MATCH_WINDOW = timedelta(seconds=90)  # as far as the two sources may stand apart about one play (dbt's rule)
_SPOTIFY = re.compile(r"(?:spotify:artist:|/artist/)([0-9A-Za-z]{22})")


@dataclass(frozen=True, slots=True)
class ErasureRequest:
    """What is to be forgotten: one play by its key, one artist, or a span of time (naive UTC, both ends in it)."""

    play_key: str | None = None
    artist: str | None = None
    reaches_from: datetime | None = None
    reaches_until: datetime | None = None
    listener_id: str | None = None

    @property
    def kind(self) -> str:
        """Name the kind: play, artist or span."""
        return "play" if self.play_key else "artist" if self.artist else "span"


def rules_for(connection: duckdb.DuckDBPyConnection, request: ErasureRequest, blank: Rule, now: datetime) -> list[Rule]:
    """Return the rules of a request, made from a blank one. They reach what was played until now, not what comes later.

    Errors: BadInput when nothing is known by that name.
    """
    if request.play_key:
        return _rules_of_play(connection, request.play_key, blank)
    until = min(request.reaches_until or now, now)
    span = replace(blank, listener_id=request.listener_id, reaches_from=request.reaches_from, reaches_until=until)
    if request.artist:
        span = replace(span, subjects=hashed(_subjects_of(connection, request.artist.strip()), blank.salt))
    return [span]


def _rules_of_play(connection: duckdb.DuckDBPyConnection, play_key: str, blank: Rule) -> list[Rule]:
    """Return a rule for each raw row of a play, at its own time; a source without one gets the row nearest to it."""
    rows = _rows_of_play(connection, play_key)
    if not rows:
        raise BadInput(f"No play has the key {play_key}.", hint="Keys are in `marts.fct_plays.play_key`.")
    rules = []
    for entity, listener_id, at, subjects in rows:
        tracks = hashed((one for one in subjects if one.startswith(FORMS_OF_A_TRACK)), blank.salt)
        rule = replace(
            blank, listener_id=listener_id, reaches_from=at, reaches_until=at, subjects=tracks, entity=entity
        )
        rules.append(rule)
        other = EXPORTS if entity == POLLS else POLLS
        if other not in {row[0] for row in rows}:
            start, end = at - MATCH_WINDOW, at + MATCH_WINDOW
            rules.append(replace(rule, reaches_from=start, reaches_until=end, entity=other, nearest_to=at))
    return list(dict.fromkeys(rules))


def _rows_of_play(
    connection: duckdb.DuckDBPyConnection, play_key: str
) -> list[tuple[str, str, datetime, frozenset[str]]]:
    """Return the raw rows that tell of a play: entity, listener, the moment in the row, subjects."""
    try:
        rows = connection.execute(
            f"""
            with found as (from marts.fct_source_rows where cast(play_key as varchar) in (?, ?))
            select 'recently_played', raw.listener_id, raw.played_at, raw.payload
            from found
            inner join raw.spotify_recently_played as raw using (source_file, row_number)
            union all
            select
                'streaming_history', raw.listener_id,
                {parse_instant_sql("coalesce(raw.payload ->> '$.ts', raw.payload ->> '$.endTime')")}, raw.payload
            from found
            inner join raw.spotify_streaming_history as raw using (source_file, row_number)
            """,
            [play_key, str(key_of_text(play_key))],  # before the first build of this version keys are md5s
        ).fetchall()
    except duckdb.CatalogException:
        raise BadInput("There are no marts yet to find the play in.", hint="Run `music-tracker etl`.") from None
    return [
        (entity, listener, at, frozenset(subjects_of_play(json.loads(payload))))
        for entity, listener, at, payload in rows
        if at is not None
    ]


def _subjects_of(connection: duckdb.DuckDBPyConnection, named: str) -> set[str]:
    """Return all by which an artist is known: ids, names, and the tracks that credit them."""
    spotify_id = _SPOTIFY.search(named)
    asked = spotify_id[1] if spotify_id else named
    known = connection.execute("select distinct artist_key, alias, name from lookup.artist_aliases").fetchall()
    keys = {
        key
        for key, alias, name in known
        if asked in (key, str(key_of_text(key)), alias) or (name and exact_name(name) == exact_name(asked))
    }
    aliases = connection.execute(
        "select alias_kind, alias, name, artist_key from lookup.artist_aliases where list_contains(?, artist_key)",
        [sorted(keys)],
    ).fetchall()
    ids = {alias for kind, alias, _, _ in aliases if kind != "export_name"} | keys
    names = {name for kind, _, name, _ in aliases if kind in {"spotify_id", "export_name"} and name}
    if not aliases:
        names = {asked}
        if not _is_heard_of(connection, asked):
            hint = "Write the name as it is in `marts.dim_artist`, or an id."
            raise BadInput(f"No artist matches '{named}'.", hint=hint)
    subjects = {one for artist_id in ids for one in subjects_of_artist(artist_id, None)}
    subjects |= {one for name in names for one in subjects_of_artist(None, name)}
    subjects = {one for one in subjects if not one.startswith(FORMS_OF_VERSION_1)}
    return subjects | {f"track:spotify:track:{track}" for track in _tracks_of(connection, ids)}


def _is_heard_of(connection: duckdb.DuckDBPyConnection, name: str) -> bool:
    """Return whether raw rows name an artist whom lookup does not know yet."""
    rows = connection.execute(
        "select distinct unnest([payload ->> '$.master_metadata_album_artist_name', payload ->> '$.artistName'])"
        " from raw.spotify_streaming_history"
        " union select distinct payload ->> '$.track.artists[0].name' from raw.spotify_recently_played"
    ).fetchall()
    return any(row[0] and exact_name(row[0]) == exact_name(name) for row in rows)


def _tracks_of(connection: duckdb.DuckDBPyConnection, ids: Iterable[str]) -> list[str]:
    """Return the Spotify ids of tracks that credit one of these artists, as far as they were read."""
    rows = connection.execute(
        """
        with credited as (
            select spotify_track_id, unnest(from_json(payload -> '$.artists', '[{"id": "VARCHAR"}]')).id as artist_id
            from lookup.spotify_tracks
        )
        select distinct spotify_track_id from credited where list_contains(?, artist_id)
        """,
        [sorted(ids)],
    ).fetchall()
    return [row[0] for row in rows]
