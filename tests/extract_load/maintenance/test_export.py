"""Exports: every play once, in each format, from the published file alone."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.maintenance.export import FORMATS, export

_PLAYS = """
create table marts.fct_plays as
select
    play_key, 'me' as listener_id, timestamp '2024-03-01 12:00:00.7' as started_at,
    timestamp '2024-03-01 12:03:20' + to_seconds(number) as ended_at, timestamp '2024-03-01 13:00' as local_started_at,
    'Europe/Berlin' as time_zone, 200999 as ms_played, track_key, 1 as artist_key, 1 as album_key,
    'export' as play_source, 'exact' as time_grade, 'android' as platform, 'DE' as listener_country_code,
    'trackdone' as reason_start, 'trackdone' as reason_end, false as is_shuffle, false as is_offline,
    false as is_incognito, false as is_skip, true as is_play_any, is_long as is_play_spotify30,
    is_long as is_play_lastfm, is_long as is_play_completed, is_assumed, false as is_near_duplicate, is_excluded,
    null::varchar as exclusion_reason
from (values
    (2, 12, 2, true, true, false), (1, 11, 1, true, false, false), (3, 13, 1, false, false, false),
    (4, 14, 1, true, false, true)
) as plays (number, play_key, track_key, is_long, is_assumed, is_excluded)
"""


@pytest.fixture
def published(settings: Settings) -> Settings:
    """Return settings with a published file of four plays: one short, one excluded, one of assumed length."""
    settings.published_path.parent.mkdir(parents=True)
    with duckdb.connect(str(settings.published_path)) as connection:
        connection.execute("create schema marts")
        connection.execute(_PLAYS)
        connection.execute(
            "create table marts.dim_track as select * from (values"
            " (1, 'It''s, \"it\"', 'sp1', 200000, 'ISRC1', 'found'), (2, 'Größe', null, null, null, 'pending'))"
            " as t (track_key, track_name, spotify_track_id, duration_ms, isrc, catalogue_status)"
        )
        connection.execute(
            "create table marts.dim_artist as"
            " select 1 as artist_key, 'Band' as artist_name, 'm1' as mbid, true as is_on_spotify"
        )
        connection.execute("create table marts.dim_album as select 1 as album_key, 'unknown' as album_name")
    return settings


def test_parquet_and_csv_hold_each_play_once_in_order(published: Settings, tmp_path: Path) -> None:
    """With names beside keys; quotes and commas survive the CSV."""
    written = export(published, tmp_path / "out", ["parquet", "csv"])
    assert [(one.path.name, one.rows) for one in written] == [("plays.parquet", 4), ("plays.csv", 4)]
    with duckdb.connect(":memory:") as reader:
        for one in written:
            sql = "select play_key, track_name, spotify_track_uri, artist_name, is_excluded from read_{}(?)"
            form = "parquet" if one.path.suffix == ".parquet" else "csv_auto"
            assert reader.execute(sql.format(form), [str(one.path)]).fetchall() == [
                (11, 'It\'s, "it"', "spotify:track:sp1", "Band", False),
                (12, "Größe", None, "Band", False),
                (13, 'It\'s, "it"', "spotify:track:sp1", "Band", False),
                (14, 'It\'s, "it"', "spotify:track:sp1", "Band", True),
            ]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["plays.csv", "plays.parquet"]


def test_a_rule_narrows_it_to_plays_that_count(published: Settings, tmp_path: Path) -> None:
    """Excluded plays count under no rule."""
    assert [one.rows for one in export(published, tmp_path, ["csv"], rule="spotify30")] == [2]
    assert [one.rows for one in export(published, tmp_path, ["csv"], rule="any")] == [3]


def test_listens_are_json_lines_without_what_is_unknown(published: Settings, tmp_path: Path) -> None:
    """The start is cut to its second; an assumed length is no duration_played."""
    written, archive = export(published, tmp_path, ["listenbrainz"], rule="spotify30")
    assert (written.rows, archive.rows) == (2, 2)
    first, second = (json.loads(line) for line in written.path.read_text().splitlines())
    assert first["listened_at"] == 1709294400
    assert first["track_metadata"]["track_name"] == 'It\'s, "it"'
    assert "release_name" not in first["track_metadata"]
    more = first["track_metadata"]["additional_info"]
    assert (more["duration_played"], more["spotify_id"]) == (200, "https://open.spotify.com/track/sp1")
    assert more["artist_mbids"] == ["m1"]
    assert (
        not {"duration_played", "spotify_id", "isrc", "duration_ms"}
        & second["track_metadata"]["additional_info"].keys()
    )


def test_each_mart_is_a_file(published: Settings, tmp_path: Path) -> None:
    """Named as the table."""
    written = export(published, tmp_path, ["tables"])
    assert {one.path.relative_to(tmp_path).as_posix(): one.rows for one in written} == {
        "tables/dim_album.parquet": 1,
        "tables/dim_artist.parquet": 1,
        "tables/dim_track.parquet": 2,
        "tables/fct_plays.parquet": 4,
    }


def test_what_can_not_be_exported_is_refused_before_any_file(settings: Settings, tmp_path: Path) -> None:
    """An unknown format or rule, and nothing published."""
    with pytest.raises(ConfigurationError, match=r"no format xml.*parquet, csv"):
        export(settings, tmp_path / "out", ["csv", "xml"])  # type: ignore[list-item]
    with pytest.raises(ConfigurationError, match="no play rule half"):
        export(settings, tmp_path / "out", ["csv"], rule="half")
    with pytest.raises(ConfigurationError, match="Nothing is published yet"):
        export(settings, tmp_path / "out", FORMATS)
    assert not (tmp_path / "out").exists()
