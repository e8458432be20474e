"""Inputs as people have them, through import, landing and the models: what is music, whose names, which instant.

Each listener has inputs of one kind. The real import and landing fill one warehouse, and the compiled models and
blocking tests run on it in bare DuckDB, once for all tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.spotify.history_import.importer import import_paths
from extract_load.storage.spool import Envelope, write_envelopes
from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.support.data_directories import open_data_directory
from tests.support.exports import row, uri, write_file

NOON = datetime(2026, 11, 20, 12)
NAMELESS = {
    "master_metadata_track_name": None,
    "master_metadata_album_artist_name": None,
    "master_metadata_album_album_name": None,
}
LOCAL = "spotify:local:Bj%C3%B6rk:Telegram:J%C3%B3ga%3A+live:305"
FORMS_OF_A_PLAYLIST = [
    {"type": "playlist", "uri": "spotify:playlist:p"},
    {"type": "playlist_v2", "uri": "spotify:playlist:p"},
    {"type": "playlist", "uri": "spotify:user:someone:playlist:p"},
    {"type": "album", "uri": "spotify:album:a"},
]


@dataclass(frozen=True)
class Inputs:
    """What one listener brings: files of an export by name, and answers of polls, an hour apart."""

    files: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    polls: list[list[Any]] = field(default_factory=list)


def short(minute: int, **names: Any) -> dict[str, Any]:
    """Return a row of account data."""
    return {"endTime": f"2025-07-01 09:{minute:02d}", **names, "msPlayed": 180_000 + minute}


def item(number: int, at: str, **changes: Any) -> dict[str, Any]:
    """Return an item of a poll; `context` is not of its track, all other changes are."""
    context = changes.pop("context", None)
    track = {
        "id": f"{number:022d}",
        "uri": uri(number),
        "type": "track",
        "name": f"Song {number}",
        "duration_ms": 200_000,
        "artists": [{"id": f"{number % 5:022d}", "name": f"Band {number % 5}"}],
        "album": {"id": f"{number % 7:022d}", "name": f"Album {number % 7}"},
    }
    return {"played_at": at, "track": track | changes, "context": context}


def account_data() -> Inputs:
    """Return rows of every kind of account data, and a file in which the kinds are mixed."""
    return Inputs(
        {
            "StreamingHistory_audiobook_0.json": [
                short(1, authorName="Writer", audiobookName="Book", chapterName="1"),
                short(2, audiobookName="Book", chapterName="2"),
                short(3, artistName="Writer", trackName="Chapter 3"),
            ],
            "StreamingHistory_podcast_0.json": [short(11, podcastName="Show", episodeName="First"), short(12)],
            "StreamingHistory_video_0.json": [short(21, artistName="Band", trackName="Clip")],
            "StreamingHistory_music_0.json": [
                short(31, artistName="Band", trackName="Song"),
                short(32, podcastName="Show", episodeName="Second"),
                short(33, audiobookName="Book", chapterName="4"),
                short(34, artistName="", trackName=""),
            ],
        }
    )


def local_files() -> Inputs:
    """Return files of the listener's own, with and without names beside the uri."""
    named = dict(zip(NAMELESS, ("Jóga: live", "Björk", "Telegram"), strict=True))
    return Inputs(
        {
            "Streaming_History_Audio_2021_0.json": [
                row(1, **NAMELESS, spotify_track_uri=LOCAL),
                row(2, **named, spotify_track_uri=LOCAL),
                row(3, **NAMELESS, spotify_track_uri="spotify:local:::Take+5:12"),
                row(4, **NAMELESS, spotify_track_uri="spotify:local::::12"),
            ]
        },
        [[item(9, "2026-11-20T10:00:00.123Z", id=None, uri=LOCAL, name="", artists=[], album=None, is_local=True)]],
    )


def long_plays() -> Inputs:
    """Return 25 hours of a song, 3 hours of a song whose length a poll tells, and a mix of 3 hours."""
    hours = {500: 90_000_000, 600: 10_800_000, 700: 10_800_000}
    return Inputs(
        {"Streaming_History_Audio_2021_0.json": [row(1), *(row(n, ms_played=ms) for n, ms in hours.items())]},
        [[item(600, "2026-11-20T06:00:00Z"), item(700, "2026-11-20T11:00:00Z", duration_ms=10_800_000)]],
    )


def beside_music() -> Inputs:
    """Return a poll with episodes, a chapter, an item without a track and one without artists and album."""
    show = {"id": "S" * 22, "uri": f"spotify:show:{'S' * 22}", "type": "show", "name": "A show"}
    talk = {"name": "A talk", "artists": [{"id": None, "name": None, "type": "show"}], "album": show}
    items = [
        item(801, "2026-11-20T10:00:00.123Z"),
        item(802, "2026-11-20T10:10:00.123Z", **talk, uri=f"spotify:episode:{802:022d}", type="episode"),
        item(803, "2026-11-20T10:20:00.123Z", **talk, episode=True, track=False),
        item(804, "2026-11-20T10:30:00.123Z", uri=f"spotify:chapter:{804:022d}"),
        {"played_at": "2026-11-20T10:40:00.123Z", "track": None, "context": None},
        item(806, "2026-11-20T10:50:00.123Z", artists=[], album=None),
    ]
    return Inputs(polls=[items])


def instants() -> Inputs:
    """Return instants with an offset, one of them in another poll again, and one in a file."""
    return Inputs(
        {"Streaming_History_Audio_2021_0.json": [row(1, ts="2023-01-01T12:00:00+02:00")]},
        [
            [item(2, "2026-11-20T10:40:00.123+02:00")],
            [item(2, "2026-11-20T08:40:00.123Z"), item(3, "2026-11-20T05:10:00-05:30")],
        ],
    )


def told_twice() -> Inputs:
    """Return two answers: another id by title and artist, another by ISRC; two titles of one ISRC in one answer."""
    code = {"external_ids": {"isrc": "ZZ-AAA-26-00001"}}
    first = [
        item(901, "2026-11-20T10:00:00.123Z", name="Café", artists=[{"id": "B" * 22, "name": "Bänd"}]),
        item(902, "2026-11-20T10:10:00.123Z", **code),
        item(903, "2026-11-20T10:20:00.123Z", **code),
        item(904, "2026-11-20T10:20:00.123Z", **code),
    ]
    second = [
        item(911, "2026-11-20T10:00:00.123Z", name="CAFÉ!", artists=[{"id": "C" * 22, "name": "band"}]),
        item(912, "2026-11-20T10:10:00.123Z", name="Song 902 - Remastered", external_ids={"isrc": "zzaaa2600001"}),
        item(913, "2026-11-20T10:10:00.124Z", **code),
    ]
    return Inputs(polls=[first, second])


def exported_too() -> Inputs:
    """Return a play that two polls tell under two ids, and an export that has the second of them."""
    names = {"name": "Song 1", "artists": [{"id": "B" * 22, "name": "Band"}]}
    return Inputs(
        {"Streaming_History_Audio_2026_0.json": [row(n, ts=f"2026-11-20T1{n}:00:00Z") for n in range(3)]},
        [[item(51, "2026-11-20T11:00:01Z", **names)], [item(1, "2026-11-20T11:00:01Z", **names)]],
    )


def playlists() -> Inputs:
    """Return plays from all forms of one playlist, and one from an album."""
    return Inputs(
        polls=[
            [item(n, f"2026-11-20T1{n}:00:00.123Z", context=form) for n, form in enumerate(FORMS_OF_A_PLAYLIST)],
        ]
    )


LISTENERS = (account_data, local_files, long_plays, beside_music, instants, told_twice, exported_too, playlists)


@pytest.fixture(scope="module")
def bare(compiled: CompiledProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareWarehouse]:
    """Yield all models, built of what all listeners bring."""
    folder = tmp_path_factory.mktemp("odd inputs")
    with open_data_directory(folder / "data") as opened:
        for brings in LISTENERS:
            inputs, listener = brings(), brings.__name__
            settings = opened.settings.model_copy(update={"listener_id": listener})
            context = Context(settings, opened.warehouse, opened.state, "run", opened.clock)
            paths = [write_file(folder / listener, name, rows) for name, rows in inputs.files.items()]
            if paths:
                import_paths(context, paths)
            for number, items in enumerate(inputs.polls):
                at = NOON + timedelta(hours=number)
                envelopes = [Envelope("spotify", "recently_played", "run", at, one, {}, listener) for one in items]
                write_envelopes(settings.spool_dir, envelopes)
            context.landing.land()
        warehouse = BareWarehouse(compiled, [model.name for model in compiled.models])
        warehouse.copy_landed(opened.settings.warehouse_path)
    warehouse.build()
    yield warehouse
    warehouse.close()


def counts(bare: BareWarehouse, listener: str, column: str) -> dict[str, int]:
    """Count the source rows of a listener by a column."""
    sql = f"select {column}, count(*) from dev.marts.fct_source_rows where listener_id = ? group by all"
    return dict(bare.rows(sql, listener))


def reported(bare: BareWarehouse, listener: str) -> tuple[int, int]:
    """Return the plays and milliseconds that reports count."""
    sql = (
        "select count(*), coalesce(sum(ms_played), 0)::bigint from dev.marts.fct_plays"
        " where listener_id = ? and is_play_spotify30 and not is_excluded"
    )
    plays, ms = bare.rows(sql, listener)[0]
    return plays, ms


def test_no_blocking_test_finds_a_row(bare: BareWarehouse, compiled: CompiledProject) -> None:
    """Odd inputs break no rule of the project."""
    found = {name: bare.rows(sql) for name, sql in compiled.blocking_tests.items()}
    assert {name: rows for name, rows in found.items() if rows} == {}


def test_account_data_of_every_kind(bare: BareWarehouse) -> None:
    """Podcasts, audiobooks and videos are no music, by their own names or by that of their file."""
    kinds = counts(bare, "account_data", "content_kind")
    assert kinds == {"audiobook": 4, "music": 1, "podcast": 3, "unidentified": 1, "video": 1}
    assert reported(bare, "account_data") == (1, 180_031)
    assert bare.rows("from dev.marts.dim_track where track_name in ('Clip', 'Chapter 3')") == []


def test_names_of_local_files_are_read(bare: BareWarehouse) -> None:
    """From the uri where the row has none; with the names written out it is the same track."""
    assert bare.rows(
        """
        select tracks.track_name, tracks.artist_name, tracks.album_name, count(*)
        from dev.marts.fct_plays as plays
        inner join dev.marts.dim_track as tracks using (track_key)
        where plays.listener_id = 'local_files'
        group by all order by all
        """
    ) == [("Jóga: live", "Björk", "Telegram", 3), ("Take 5", "unknown", "unknown", 1)]
    assert counts(bare, "local_files", "content_kind") == {"music": 4, "unidentified": 1}


def test_a_play_that_is_too_long_is_in_no_minutes(bare: BareWarehouse) -> None:
    """It is kept, flagged and left out; 3 hours of a mix of 3 hours are a play."""
    assert bare.rows(
        "select ms_played, is_overlong, is_excluded, exclusion_reason from dev.marts.fct_plays"
        " where listener_id = 'long_plays' and (is_overlong or is_excluded) order by all"
    ) == [
        (10_800_000, True, True, "length: one play can not be so long"),
        (90_000_000, True, True, "length: one play can not be so long"),
    ]
    assert counts(bare, "long_plays", "fate") == {"counted": 6}
    assert reported(bare, "long_plays") == (4, 200_001 + 10_800_000 + 200_000 + 10_800_000)
    rules = "select rule, sum(minutes)::double from dev.reporting.explain_rules where listener_id = ? group by all"
    minutes = dict(bare.rows(rules, "long_plays"))
    assert minutes["all plays"] == minutes["spotify30"] == minutes["reports"] == pytest.approx(366.7, abs=0.11)
    assert minutes["excluded"] == 0


def test_what_polls_list_beside_music(bare: BareWarehouse) -> None:
    """An episode and an item without a track are kept and excluded, and are in no dimension."""
    assert counts(bare, "beside_music", "fate") == {
        "counted": 2,
        "excluded_audiobook": 1,
        "excluded_podcast": 2,
        "excluded_unidentified": 1,
    }
    assert reported(bare, "beside_music") == (2, 400_000)
    assert bare.rows("from dev.marts.dim_track where track_name in ('A talk', 'Song 804')") == []
    assert bare.rows("from dev.marts.dim_album where album_name = 'A show'") == []


def test_all_forms_of_a_playlist_are_one_context(bare: BareWarehouse) -> None:
    """playlist_v2, and the uri with a user."""
    assert bare.rows(
        """
        select contexts.context_type, contexts.context_uri, count(plays.play_key)
        from dev.marts.dim_context as contexts
        inner join dev.marts.fct_plays as plays using (context_key)
        where plays.listener_id = 'playlists'
        group by all order by all
        """
    ) == [("album", "spotify:album:a", 1), ("playlist", "spotify:playlist:p", 3)]


def test_an_instant_is_the_same_in_every_form(bare: BareWarehouse) -> None:
    """With an offset, in another poll again, and in a file of an export."""
    assert bare.rows("select ended_at from dev.marts.fct_plays where listener_id = 'instants' order by all") == [
        (datetime(2023, 1, 1, 10),),
        (datetime(2026, 11, 20, 8, 40, 0, 123000),),
        (datetime(2026, 11, 20, 10, 40),),
    ]


def test_a_play_told_twice_by_polls_is_one(bare: BareWarehouse) -> None:
    """The first answer's id counts; raw keeps both rows, and each has one fate."""
    assert counts(bare, "told_twice", "fate") == {"counted": 5, "duplicate_in_polls": 2}
    sql = "select count(*), count(play_key), count(distinct play_key) from dev.marts.fct_source_rows"
    assert bare.rows(f"{sql} where listener_id = 'told_twice'") == [(7, 7, 5)]
    assert bare.rows("select count(*) from raw.spotify_recently_played where listener_id = 'told_twice'") == [(7,)]
    assert bare.rows(
        "select spotify_track_id from dev.marts.fct_plays inner join dev.marts.dim_track using (track_key)"
        " where listener_id = 'told_twice' order by all"
    ) == [(f"{number:022d}",) for number in (901, 902, 903, 904, 913)]


def test_an_export_unites_what_polls_told_twice(bare: BareWarehouse) -> None:
    """One play, known by both sources, with one fate for each of the three rows."""
    assert counts(bare, "exported_too", "fate") == {"counted": 3, "merged": 1, "duplicate_in_polls": 1}
    assert reported(bare, "exported_too")[0] == 3
    assert bare.rows("select count(*) from dev.marts.fct_plays where play_source = 'both'") == [(1,)]
