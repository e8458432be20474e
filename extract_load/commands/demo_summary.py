"""The summary at the end of the demo, from the published file alone, and queries to try next."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

import duckdb

from extract_load.storage.duckdb_connection import open_read_only

QUERIES = (
    (
        "Your ten most played artists, by minutes",
        "select rank, artist_name, minutes, plays from reporting.top_artists(measure := 'minutes', n := 10)",
    ),
    (
        "Where your music comes from",
        "select rank, country_name, plays, plays_pct from reporting.top_countries(n := 10)",
    ),
    (
        "All there is to ask, each with a query",
        "from reporting.catalogue",
    ),
)

_TOP = {
    "Artists": "select artist_name, plays, minutes from reporting.top_artists",
    "Genres": "select genre, plays, minutes from reporting.top_genres",
    "Countries": "select country_name, plays, minutes from reporting.top_countries",
}


def summary(published: Path) -> str:
    """Return the page as text. Errors: duckdb's own, when the file is not there."""
    with open_read_only(published) as connection:
        lines = ["DEMO - three years of a made-up listener", ""]
        lines += _totals(connection)
        for title, sql in _TOP.items():
            lines += ["", f"{title} (most played)", *_top(connection, sql)]
        lines += ["", *_completeness(connection)]
    lines += ["", f"All of it is in {published}", "", "Three to try next:", ""]
    for title, sql in QUERIES:
        lines += [f"  # {title}", f"  {command(published, sql)}", ""]
    return "\n".join(lines)


def command(published: Path, sql: str) -> str:
    """Return a query as a line for the shell, with the `duckdb` of this environment, good in any directory.

    Of a long answer the client shows forty rows only, unless told otherwise.
    """
    beside = Path(sys.executable).with_name("duckdb")
    client = str(beside) if beside.exists() else shutil.which("duckdb") or "duckdb"
    return f'{shlex.quote(client)} -readonly {shlex.quote(str(published))} -cmd ".maxrows 100" -c "{sql};"'


def _totals(connection: duckdb.DuckDBPyConnection) -> list[str]:
    plays, hours, artists, tracks, first, last = connection.execute(
        "select count(*), sum(ms_played) / 3600000.0,"
        " count(distinct artists.artist_key) filter (where not artists.is_special_purpose),"
        " count(distinct recording_key) filter (where recording_key <> 0), min(date_key), max(date_key)"
        " from marts.fct_plays inner join marts.dim_artist as artists using (artist_key)"
        " where is_play_spotify30 and not is_excluded"
    ).fetchall()[0]
    return [f"{plays:,} plays, {hours:,.0f} hours, {artists:,} artists, {tracks:,} recordings, {first} to {last}"]


def _top(connection: duckdb.DuckDBPyConnection, sql: str) -> list[str]:
    found = connection.execute(f"{sql} where rank <= 5 order by rank").fetchall()
    return [
        f"  {number}. {name:<34.34} {plays:>7,.0f} plays  {minutes / 60:>7,.0f} h"
        for number, (name, plays, minutes) in enumerate(found, 1)
    ]


def _completeness(connection: duckdb.DuckDBPyConnection) -> list[str]:
    coverage, exact, looked_up, country, genre = connection.execute(
        "select coverage_pct, exact_pct, looked_up_pct, country_known_pct, genre_known_pct from reporting.completeness"
    ).fetchall()[0]
    return [
        "How complete that is",
        f"  {coverage:g} % of the time is covered; {exact:g} % of the plays are timed exactly",
        f"  Looked up: {looked_up:g} % of the plays at Spotify, {country:g} % have a country, {genre:g} % a genre",
    ]
