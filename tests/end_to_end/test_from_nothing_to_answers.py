"""From an empty folder to a warehouse that answers: what a new user would check on the first evening."""

from __future__ import annotations

import filecmp
import gzip
import json
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from extract_load.commands.demo_summary import QUERIES, command, summary
from tests.end_to_end.conftest import BIN, ROOT, Home, Lived

COUNTED = "is_play_spotify30 and not is_excluded"


def readme_queries() -> list[str]:
    """Return the duckdb lines of the README's section "Ask"."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line.startswith("duckdb -readonly")]


@contextmanager
def looping_reader(home: Home) -> Iterator[list[str]]:
    """Open the published file with the duckdb client, again and again; yield its errors (filled at the end)."""
    stop, troubles, reads = threading.Event(), [], []
    query = [str(BIN / "duckdb"), "-readonly", str(home.published), "-c", "select count(*) from reporting.top_artists"]

    def read() -> None:
        while not stop.is_set():
            done = subprocess.run(query, capture_output=True, text=True, check=False)
            reads.append(done.returncode)
            if done.returncode != 0:
                troubles.append(done.stderr)
            stop.wait(1)

    reader = threading.Thread(target=read)
    reader.start()
    try:
        yield troubles
    finally:
        stop.set()
        reader.join()
    assert len(reads) > 10


def test_a_run_ends_without_warning_or_traceback(lived: Lived) -> None:
    """What a person sees of a good run is good."""
    said = lived.etl.stdout + lived.etl.stderr
    assert "Traceback" not in said
    assert not re.search(r"warning|error", said, re.IGNORECASE), said


def test_every_play_of_the_export_is_counted_or_named(lived: Lived) -> None:
    """Rows in the files by another reader = landed + known + rejected, file by file."""
    files = lived.home.ask_warehouse(
        "select original_name, rows_counted, rows_landed + rows_known + rows_rejected from ops.landed_files"
        " where entity = 'streaming_history'"
    )
    rows = sum(
        len(json.loads(archive.read(name)))
        for archive in [zipfile.ZipFile(lived.export)]
        for name in archive.namelist()
        if name.endswith(".json")
    )
    assert sum(int(str(counted)) for _, counted, _ in files) == rows
    assert all(counted == accounted for _, counted, accounted in files)


def test_each_raw_row_has_one_fate(lived: Lived) -> None:
    """Rows landed = rows with a fate, and the counted ones are the plays."""
    [(landed,)] = lived.home.ask_warehouse(
        "select (select count(*) from raw.spotify_streaming_history)"
        " + (select count(*) from raw.spotify_recently_played)"
    )
    assert lived.home.ask("select count(*) from marts.fct_source_rows") == [(landed,)]
    assert lived.home.ask("select count(*) from marts.fct_source_rows where fate = 'counted'") == lived.home.ask(
        "select count(*) from marts.fct_plays"
    )


@pytest.mark.parametrize(
    ("dimension", "key"),
    [
        ("dim_artist", "artist_key"),
        ("dim_album", "album_key"),
        ("dim_track", "track_key"),
        ("dim_recording", "recording_key"),
        ("dim_date", "date_key"),
        ("dim_time", "time_key"),
        ("dim_context", "context_key"),
    ],
)
def test_no_play_is_lost_to_a_join(lived: Lived, dimension: str, key: str) -> None:
    """The sum over each dimension is the number of plays."""
    assert lived.home.ask(
        f"select count(*) from marts.fct_plays inner join marts.{dimension} using ({key})"
    ) == lived.home.ask("select count(*) from marts.fct_plays")


def test_an_artist_of_this_run_has_an_origin_when_it_ends(lived: Lived) -> None:
    """One run finishes: most of the listening has a country, coordinates and a genre."""
    [(country, place, genre)] = lived.home.ask(
        "select avg((a.country_code is not null)::int), avg((a.latitude is not null)::int),"
        " avg((a.main_genre <> 'unknown')::int)"
        f" from marts.fct_plays inner join marts.dim_artist as a using (artist_key) where {COUNTED}"
    )
    assert float(str(country)) > 0.8
    assert float(str(place)) > 0.75
    assert float(str(genre)) > 0.7


def test_a_second_run_sends_nothing_changes_nothing_and_disturbs_no_reader(lived: Lived) -> None:
    """What is known is not asked for again, the marts stay as they are, and a looping client never fails."""
    before = lived.home.ask(f"select count(*), sum(ms_played) from marts.fct_plays where {COUNTED}")
    lived.sandbox.reset_counts()
    lived.home.run("import", str(lived.export))
    with looping_reader(lived.home) as troubles:
        lived.home.run("etl", "--force")
    assert not troubles
    assert lived.sandbox.counts.total("musicbrainz") == 0
    assert lived.sandbox.counts.total("nominatim") == 0
    assert lived.home.ask(f"select count(*), sum(ms_played) from marts.fct_plays where {COUNTED}") == before


def test_importing_again_adds_no_row(lived: Lived) -> None:
    """Importing is idempotent: the rows of a file that is known are not landed again."""
    count = "select count(*) from raw.spotify_streaming_history"
    before = lived.home.ask_warehouse(count)
    lived.home.run("import", str(lived.export))
    assert lived.home.ask_warehouse(count) == before


def test_the_published_file_stands_alone(lived: Lived, tmp_path: Path) -> None:
    """Under another name, alias and directory, with the warehouse out of reach, every table and view answers."""
    copy = tmp_path / "somewhere else.duckdb"
    shutil.copy(lived.home.published, copy)
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"attach '{copy}' as other (read_only)")
        names = connection.execute(
            "select table_schema || '.' || table_name from information_schema.tables where table_catalog = 'other'"
        ).fetchall()
        assert len(names) > 30
        for (name,) in names:
            connection.execute(f"select * from other.{name} limit 1").fetchall()


def test_the_queries_that_the_demo_prints_run_as_printed(lived: Lived, tmp_path: Path) -> None:
    """Each line goes to a shell in another directory, and brings rows."""
    for _, sql in QUERIES:
        done = subprocess.run(
            command(lived.home.published, sql),
            shell=True,
            cwd=tmp_path,
            env=lived.home.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert len(done.stdout.splitlines()) > 4


def test_the_queries_of_the_readme_run_as_printed(lived: Lived, tmp_path: Path) -> None:
    """With MUSIC exported as the README says, from any directory, with the shipped client."""
    queries = readme_queries()
    assert len(queries) >= 3
    environment = {**lived.home.environment, "MUSIC": str(lived.home.published)}
    for query in queries:
        done = subprocess.run(
            query, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{query}\n{done.stderr}"
        assert done.stdout.strip()


def test_the_summary_holds_what_a_person_wants_to_know(lived: Lived) -> None:
    """Plays and hours, top artists, genres and countries, completeness, the file, three queries."""
    text = summary(lived.home.published)
    for part in ("plays", "hours", "Artists", "Genres", "Countries", "complete", str(lived.home.published), "duckdb"):
        assert part in text


def test_nothing_personal_is_anywhere_below_data(lived: Lived, gazetteer_dir: Path) -> None:
    """No IP address, user agent, user name or token in any file but the token's own, compressed ones unpacked.

    The gazetteer's index is not searched as long as it is byte for byte the one that was built before any play came.
    """
    secrets = [
        value.encode()
        for name, value in lived.sandbox.env.items()
        if name in ("SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN")
    ]
    with zipfile.ZipFile(lived.export) as archive:
        rows = [row for name in archive.namelist() if name.endswith(".json") for row in json.loads(archive.read(name))]
    personal = {
        str(row[key]).encode()
        for row in rows
        for key in ("ip_addr", "ip_addr_decrypted", "user_agent_decrypted", "username")
        if row.get(key) and row[key] != "unknown"
    }
    assert personal
    for path in lived.home.path.rglob("*"):
        if not path.is_file() or path == lived.export or path.name.startswith("spotify_token"):
            continue
        if (gazetteer_dir / path.name).exists() and filecmp.cmp(path, gazetteer_dir / path.name, shallow=False):
            continue
        content = path.read_bytes()
        content = gzip.decompress(content) if path.suffix == ".gz" else content
        assert b"ip_addr" not in content, path
        for secret in (*secrets, *list(personal)[:200]):
            assert secret not in content, f"{path} holds something personal"


def test_the_plays_are_kept_while_a_shell_has_the_warehouse(lived: Lived) -> None:
    """`ingest` says who is in the way, spools, and the next run lands."""
    shell = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import duckdb,sys; c=duckdb.connect(sys.argv[1]); print('open', flush=True); sys.stdin.readline()",
            str(lived.home.path / "music_tracker.duckdb"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert shell.stdout is not None
    assert shell.stdout.readline().strip() == "open"
    lived.sandbox.clock.advance(hours=20)  # less than a day: the commands' clock is the real one
    said = lived.home.run("ingest").stdout
    assert f"process {shell.pid}" in said
    assert "kept in the spool" in said
    shell.communicate("\n")
    before = lived.home.ask_warehouse("select count(*) from raw.spotify_recently_played")
    lived.home.run("ingest")
    after = lived.home.ask_warehouse("select count(*) from raw.spotify_recently_played")
    assert int(str(after[0][0])) >= int(str(before[0][0]))


@pytest.mark.long
def test_without_credentials_import_and_etl_work_and_say_what_is_skipped(lived: Lived, tmp_path: Path) -> None:
    """No Spotify app at all: an export becomes marts, and the run says how to enable the rest."""
    unreachable = {name: value for name, value in lived.sandbox.env.items() if not name.startswith("SPOTIFY")}
    home = Home(tmp_path / "bare", {**unreachable, **lived.clock})
    home.run("import", str(lived.export))
    said = home.run("etl")
    assert "SPOTIFY_CLIENT_ID" in said.stdout + said.stderr
    assert int(str(home.ask("select count(*) from marts.fct_plays")[0][0])) > 1000
    refused = home.run("ingest", expect=2)
    assert "SPOTIFY_CLIENT_ID" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.long
def test_a_reader_that_loops_never_fails_while_three_runs_publish(lived: Lived) -> None:
    """A duckdb client that opens the published file again and again sees a whole file each time."""
    with looping_reader(lived.home) as troubles:
        for _ in range(3):
            lived.home.run("etl", "--force")
    assert not troubles
