"""Copies of one export in which letters are lost, before and after a good copy: each play counts once, names whole.

Each listener has copies of one kind. The real import and landing fill one warehouse, and the compiled models and
blocking tests run on it in bare DuckDB, once for all tests.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.lookups.artist_aliases import refresh_aliases
from extract_load.spotify.history_import.importer import import_paths
from tests.dbt.bare_duckdb import BareWarehouse, CompiledProject
from tests.support.data_directories import open_data_directory
from tests.support.exports import row, write_file

LONG, SHORT = "Streaming_History_Audio_2024_1.json", "StreamingHistory_music_0.json"


def names(title: str, artist: str, album: str = "Añoranza") -> dict[str, str]:
    """Return the names of a row of a lifetime history."""
    keys = ("track_name", "album_artist_name", "album_album_name")
    return dict(zip((f"master_metadata_{key}" for key in keys), (title, artist, album), strict=True))


def long_rows() -> list[dict[str, Any]]:
    """Return three rows of a lifetime history: two with a uri, one of a file of the listener's own."""
    own = {"spotify_track_uri": "spotify:local:::Unknown:180"}
    return [row(1, **names("Grün", "Tiësto")), row(2, **names("Song", "Band")), row(3, **names("Zażółć", "Łona") | own)]


def short_row(minute: int, artist: str, title: str, ms: int = 180_000) -> dict[str, Any]:
    """Return a row of account data."""
    return {"endTime": f"2024-04-01 10:{minute:02d}", "artistName": artist, "trackName": title, "msPlayed": ms}


def short_rows() -> list[dict[str, Any]]:
    """Return six rows of account data; those under a minute stand there twice, and are two plays each."""
    return [
        *(short_row(3, "Tiësto", "Grün"), short_row(4, "Band", "Song")),
        *[short_row(5, "Tiësto", "Más", 4_000)] * 2,
        *[short_row(6, "Band", "Plain", 4_000)] * 2,
    ]


def short_forms(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the rows of account data that tell of the same plays."""
    keys = ("master_metadata_album_artist_name", "master_metadata_track_name")
    return [
        {
            "endTime": one["ts"][:16].replace("T", " "),
            **dict(zip(("artistName", "trackName"), (one[key] for key in keys), strict=True)),
            "msPlayed": one["ms_played"],
        }
        for one in rows
    ]


def whole(rows: list[dict[str, Any]]) -> bytes:
    """Return a file as it should be."""
    return json.dumps(rows, ensure_ascii=False, indent=1).encode()


def broken(rows: list[dict[str, Any]]) -> bytes:
    """Return a file of the same size in which the last byte of each letter that has two is no text."""
    return b"".join(letter[:1] + b"\xff" if len(letter) == 2 else letter for letter in _letters(rows))


def replaced(rows: list[dict[str, Any]]) -> bytes:
    """Return a file that another tool wrote, with escapes, after it had lost the letters itself."""
    return json.dumps(json.loads(b"".join("\ufffd".encode() if len(x) == 2 else x for x in _letters(rows)))).encode()


def controlled(rows: list[dict[str, Any]]) -> bytes:
    """Return a file in which letters became control characters."""
    return b"".join(b"\x01\x02" if len(letter) == 2 else letter for letter in _letters(rows))


def half_broken(rows: list[dict[str, Any]]) -> bytes:
    """Return a file in which one letter is broken."""
    return whole(rows).replace("ü".encode(), b"\xff\xff", 1)


def keyless(rows: list[dict[str, Any]]) -> bytes:
    """Return a file in which a byte of a key is broken, so that each row lacks its title."""
    return whole(rows).replace(b'ckName"', b'c\xffName"').replace(b'ck_uri"', b'c\xff_uri"')


def misread(rows: list[dict[str, Any]]) -> bytes:
    """Return a file that another tool read as Windows-1252 and wrote as UTF-8."""
    return whole(rows).decode("cp1252", "replace").encode()


def questioned(rows: list[dict[str, Any]]) -> bytes:
    """Return a file that another tool wrote as ASCII."""
    return whole(rows).decode().encode("ascii", "replace")


def _letters(rows: list[dict[str, Any]]) -> list[bytes]:
    return [letter.encode() for letter in whole(rows).decode()]


COPIES: dict[str, list[tuple[str, bytes]]] = {
    "bad_then_good": [(LONG, broken(long_rows())), (LONG, whole(long_rows()))],
    "good_then_bad": [(LONG, whole(long_rows())), (LONG, broken(long_rows()))],
    "resaved_then_good": [(LONG, replaced(long_rows())), ("endsong_7.json", whole(long_rows()[::-1]))],
    "better_and_better": [(LONG, make(long_rows())) for make in (broken, half_broken, whole)],
    "without_a_uri": [(LONG, keyless(long_rows())), (LONG, whole(long_rows()))],
    "short_bad_then_good": [(SHORT, broken(short_rows())), (SHORT, whole(short_rows()))],
    "short_good_then_bad": [(SHORT, whole(short_rows())), (SHORT, controlled(short_rows()))],
    "short_resaved_then_good": [(SHORT, replaced(short_rows())), ("StreamingHistory1.json", whole(short_rows()[::-1]))],
    "short_without_a_title": [(SHORT, keyless(short_rows())), (SHORT, whole(short_rows()))],
    "short_bad_then_long": [(SHORT, broken(short_forms(long_rows()))), (LONG, whole(long_rows()))],
    "long_bad_beside_short": [(LONG, broken(long_rows())), (SHORT, whole(short_forms(long_rows())))],
    "short_in_another_encoding": [(SHORT, misread(short_rows())), (SHORT, whole(short_rows()))],
    "short_with_question_marks": [(SHORT, whole(short_rows())), (SHORT, questioned(short_rows()))],
    "bad_alone": [(LONG, broken(long_rows()))],
}


@pytest.fixture(scope="module")
def bare(compiled: CompiledProject, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BareWarehouse]:
    """Yield all models, built of the copies of all listeners."""
    folder = tmp_path_factory.mktemp("damaged copies")
    with open_data_directory(folder / "data") as opened:
        for place, (listener, copies) in enumerate(COPIES.items()):
            settings = opened.settings.model_copy(update={"listener_id": listener})
            for number, (name, content) in enumerate(copies):
                context = Context(settings, opened.warehouse, opened.state, "run", opened.clock)
                # A file is known by its hash: no two listeners bring the same.
                path = write_file(folder / listener / str(number), name, content + b" " * place)
                result = import_paths(context, [path], confirm_listener=True)
                assert (result.total("rejected"), result.total("known")) == (0, 0), result.account()
                opened.clock.sleep(3600)
        with opened.warehouse.open("test") as connection:
            refresh_aliases(connection)
        warehouse = BareWarehouse(compiled, [model.name for model in compiled.models])
        warehouse.copy_landed(opened.settings.warehouse_path)
    warehouse.build()
    yield warehouse
    warehouse.close()


def plays(bare: BareWarehouse, listener: str) -> list[tuple[str, str, int]]:
    """Return the plays of a listener: title, artist, milliseconds."""
    return bare.rows(
        "select track_name, artist_name, ms_played from dev.marts.fct_plays as plays"
        " inner join dev.marts.dim_track as tracks using (track_key) where listener_id = ? order by all",
        listener,
    )


def fates(bare: BareWarehouse, listener: str) -> dict[str, int]:
    """Count the source rows of a listener by fate."""
    sql = "select fate, count(*) from dev.marts.fct_source_rows where listener_id = ? group by all"
    return dict(bare.rows(sql, listener))


LONG_PLAYS = [("Grün", "Tiësto", 200_001), ("Song", "Band", 200_002), ("Zażółć", "Łona", 200_003)]
SHORT_PLAYS = sorted((one["trackName"], one["artistName"], one["msPlayed"]) for one in short_rows())


def test_no_blocking_test_finds_a_row(bare: BareWarehouse, compiled: CompiledProject) -> None:
    """Damaged copies break no rule of the project."""
    found = {name: bare.rows(sql) for name, sql in compiled.blocking_tests.items()}
    assert {name: rows for name, rows in found.items() if rows} == {}


@pytest.mark.parametrize("listener", [name for name in COPIES if name not in ("bad_alone", "long_bad_beside_short")])
def test_each_play_counts_once_with_whole_names(bare: BareWarehouse, listener: str) -> None:
    """Whichever copy came first, and whatever became of the letters."""
    is_short = listener.startswith("short") and listener != "short_bad_then_long"
    assert plays(bare, listener) == (SHORT_PLAYS if is_short else LONG_PLAYS)


@pytest.mark.parametrize(
    ("listener", "expected"),
    [
        ("bad_then_good", {"counted": 3, "superseded": 3}),
        ("good_then_bad", {"counted": 3, "superseded": 3}),
        ("better_and_better", {"counted": 3, "superseded": 4, "merged": 2}),
        ("short_bad_then_good", {"counted": 6, "superseded": 3, "merged": 3}),
        ("short_bad_then_long", {"counted": 3, "merged": 3}),
        ("long_bad_beside_short", {"counted": 3, "merged": 3}),
        ("bad_alone", {"counted": 3}),
    ],
)
def test_the_fate_says_so(bare: BareWarehouse, listener: str, expected: dict[str, int]) -> None:
    """A damaged row is superseded by its better copy; one without a copy counts."""
    assert fates(bare, listener) == expected


def test_a_play_keeps_its_key(bare: BareWarehouse) -> None:
    """It comes from the row that landed first, also when that is superseded."""
    rows = "dev.marts.fct_source_rows where play_key = source_row_key"
    sql = f"select count(*) from {rows} and listener_id = ? and fate = ?"
    assert bare.rows(sql, "bad_then_good", "superseded") == [(3,)]
    assert bare.rows(sql, "good_then_bad", "counted") == [(3,)]


def test_no_damaged_name_is_left(bare: BareWarehouse) -> None:
    """In no dimension where a better copy is there, and none is asked at a service."""
    damaged = "select artist_name from dev.marts.dim_artist where contains(artist_name, '\ufffd')"
    assert bare.rows(damaged) == [("\ufffd\ufffdona",)]  # of a copy that stands alone
    aliases = "select count(*), count(*) filter (contains(name, '\ufffd')) from lookup.artist_aliases"
    assert bare.rows(aliases) == [(5, 0)]
