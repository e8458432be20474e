"""Bad weather for the import: nothing lost that can be read, nothing believed that can't, a sentence for each."""

from __future__ import annotations

import gzip
import os
import signal
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.spotify.history_import import discovery
from extract_load.spotify.history_import.importer import ImportResult, import_paths
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
from tests.support.clock import ManualClock
from tests.support.exports import FOLDER, old_row, row, text_of, write_file, write_zip

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]

AUDIO = f"{FOLDER}/Streaming_History_Audio_2024_{{}}.json"
REJECTS = "select row_number, reason from ops.rejected_rows order by row_number"
COUNT = "select count(*) from raw.spotify_streaming_history"


def refusals(result: ImportResult) -> dict[str, str]:
    """Return what was refused, by name."""
    return {one.name: one.reason for one in result.refused}


def test_a_broken_member_costs_only_itself(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """A wrong checksum in a zip: the other files land, the broken one is named, and a good download brings the rest."""
    files = {AUDIO.format(n): [row(100 * n + k) for k in range(40)] for n in range(3)}
    good = write_zip(tmp_path / "good.zip", files)
    with zipfile.ZipFile(good) as archive:
        entry = archive.infolist()[1]
    data = bytearray(good.read_bytes())
    data[entry.header_offset + 200] ^= 0xFF
    broken = tmp_path / "broken.zip"
    broken.write_bytes(data)
    result = bring_in(broken)
    assert (result.exit_code, result.total("landed")) == (1, 80)
    assert "download it again" in refusals(result)["Streaming_History_Audio_2024_1.json"]
    again = bring_in(good)
    assert (again.exit_code, again.total("landed"), again.total("known")) == (0, 40, 80)
    assert query(COUNT) == [(120,)]


def test_a_cut_zip_is_refused(tmp_path: Path, bring_in: Importer) -> None:
    """A download that stopped half-way has no directory at its end."""
    whole = write_zip(tmp_path / "whole.zip", {AUDIO.format(0): [row(n) for n in range(400)]})
    whole.write_bytes(whole.read_bytes()[:-100])
    result = bring_in(whole)
    assert result.exit_code == 1
    assert refusals(result) == {"whole.zip": "the zip is damaged; download it again"}


def test_a_gzip_with_nothing_in_it_is_refused(tmp_path: Path, bring_in: Importer) -> None:
    """A head of gzip and no valid block after it; the file beside it lands."""
    empty, good = (f"Streaming_History_Audio_2024_{n}.json" for n in range(2))
    write_file(tmp_path / "rows", empty, b"\x1f\x8b\x08" + b"\x00" * 21)
    write_file(tmp_path / "rows", good, [row(1)])
    result = bring_in(tmp_path / "rows")
    assert (result.exit_code, result.total("landed")) == (1, 1)
    assert "download it again" in refusals(result)[empty]


def test_a_zip_bomb_is_refused_unopened(tmp_path: Path, bring_in: Importer) -> None:
    """A member that grows a thousand times, and a directory of too many members."""
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(AUDIO.format(0), b"[" + b" " * (20 << 20) + b"]")
        archive.writestr(AUDIO.format(1), text_of([row(1)]))
    result = bring_in(bomb)
    assert result.total("landed") == 1
    assert "as a zip bomb does" in refusals(result)["Streaming_History_Audio_2024_0.json"]
    crowd = write_zip(tmp_path / "crowd.zip", {f"{n}.json": b"[]" for n in range(5001)})
    assert refusals(bring_in(crowd)) == {"crowd.zip": "it holds 5,001 files; an export has some dozens"}


def test_a_gzip_bomb_is_refused(tmp_path: Path, bring_in: Importer) -> None:
    """A file that grows like one, under a name of Spotify's; the file beside it lands."""
    bomb, good = (f"Streaming_History_Audio_2024_{n}.json" for n in range(2))
    write_file(tmp_path / "rows", bomb, gzip.compress(b"[" + b" " * (30 << 20) + text_of([row(0)])[1:]))
    write_file(tmp_path / "rows", good, [row(1)])
    result = bring_in(tmp_path / "rows")
    assert (result.exit_code, result.total("landed")) == (1, 1)
    assert refusals(result) == {bomb: "it grows more than 400 times when unpacked, as a zip bomb does"}


def test_a_folder_of_too_many_files_says_so(
    tmp_path: Path, bring_in: Importer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was reached is imported, the rest is told, and the exit code is 1."""
    monkeypatch.setattr(discovery, "MAX_FOUND", 3)
    for number in range(5):
        write_file(tmp_path / "rows", f"Streaming_History_Audio_2024_{number}.json", [row(number)])
    result = bring_in(tmp_path / "rows")
    assert (result.exit_code, result.total("landed")) == (1, 3)
    assert "more than 3 files" in refusals(result)["rows"]


def test_paths_that_lead_out_links_and_secrets_are_refused(tmp_path: Path, bring_in: Importer) -> None:
    """None of them is an export's, and none of them is read."""
    path = tmp_path / "in" / "odd.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../Streaming_History_Audio_2024_0.json", text_of([row(0)]))
        archive.writestr("/etc/Streaming_History_Audio_2024_1.json", text_of([row(1)]))
        link = zipfile.ZipInfo("Streaming_History_Audio_2024_2.json")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
        archive.writestr("inner.zip", write_zip(tmp_path / "inner.zip", {"endsong_0.json": [old_row(1)]}).read_bytes())
        archive.writestr(AUDIO.format(3), text_of([row(3)]))
    (tmp_path / "in" / "endsong_9.json").symlink_to("/etc/passwd")
    result = bring_in(tmp_path / "in")
    assert result.total("landed") == 1
    assert refusals(result) == {
        "Streaming_History_Audio_2024_0.json": "its path leads out of the archive",
        "Streaming_History_Audio_2024_1.json": "its path leads out of the archive",
        "Streaming_History_Audio_2024_2.json": "it is a link, not a file",
        "inner.zip": "it is a zip inside a zip; unpack it and import it alone",
        "endsong_9.json": "it is a link; name the real file to import it",
    }
    assert not (tmp_path / "Streaming_History_Audio_2024_0.json").exists()


def test_a_truncated_file_gives_its_whole_rows(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """Rows before the cut land; the one that is cut is rejected, with its place."""
    content = text_of([row(n) for n in range(50)])
    result = bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", content[:-300]))
    assert (result.total("landed"), result.total("rejected")) == (49, 1)
    assert query(REJECTS) == [(50, "the file ends in the middle of it")]
    assert query("select rows_counted from ops.landed_files") == [(50,)]


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("notes.json", b'{"a": 1}', "it is not a JSON list of plays"),
        ("notes.json", b'[{"a": 1}]', "it holds no listening history"),
        ("Streaming_History_Audio_2024_0.json", b"<html>Not found</html>", "it is not a JSON list of plays"),
        ("song.mp3", b"ID3\x04\x00\x00", "it is not a JSON list of plays"),
        ("empty.json", b"", "it is not a JSON list of plays"),
        ("zeros.json", b"\0" * 5000, "it is not a JSON list of plays"),
        ("empty.zip", b"PK\x05\x06" + b"\0" * 18, "the zip holds no listening history"),
    ],
)
def test_what_is_not_spotifys_is_refused(
    *, name: str, content: bytes, reason: str, tmp_path: Path, bring_in: Importer, settings: Settings
) -> None:
    """With its name and a reason; nothing of it is kept."""
    result = bring_in(write_file(tmp_path / "in", name, content))
    assert (result.exit_code, refusals(result)) == (1, {name: reason})
    assert not list(settings.spool_dir.rglob("*.gz"))


def test_a_missing_path_does_not_stop_the_others(tmp_path: Path, bring_in: Importer) -> None:
    """It is named; the rest is imported."""
    result = bring_in(tmp_path / "gone.zip", write_file(tmp_path, "endsong_0.json", [old_row(1)]), tmp_path / "void")
    assert result.total("landed") == 1
    assert refusals(result)["gone.zip"] == "there is no such file or folder"
    (tmp_path / "void").mkdir()
    assert refusals(bring_in(tmp_path / "void")) == {"void": "the folder holds no listening history"}


BROKEN_ROWS: list[tuple[str, bytes, str | None]] = [
    ("no time", text_of([{"ms_played": 1}])[1:-1], "ts is missing"),
    ("a counter for a time", text_of([row(1, ts=1714564)])[1:-1], "ts is not a time"),
    ("an impossible day", text_of([row(1, ts="2024-02-30T00:00:00Z")])[1:-1], "ts is not a time"),
    ("the future", text_of([row(1, ts="2031-02-03T00:00:00Z")])[1:-1], "ts is before Spotify or in the future"),
    ("the past", text_of([row(1, ts="1994-02-03T00:00:00Z")])[1:-1], "ts is before Spotify or in the future"),
    ("no duration", text_of([{"ts": "2024-01-01T00:00:00Z"}])[1:-1], "ms_played is missing"),
    (
        "a text for a duration",
        text_of([row(1, ms_played="5 minutes")])[1:-1],
        "ms_played is not a number of milliseconds",
    ),
    ("a negative duration", text_of([row(1, ms_played=-5)])[1:-1], "ms_played is not a number of milliseconds"),
    ("a huge duration", text_of([row(1, ms_played=10**30)])[1:-1], "ms_played is not a number of milliseconds"),
    ("a number", b"5", "not an object"),
    ("null", b"null", "not an object"),
    ("a text", b'"},{"', "not an object"),
    ("a list", b'[{"ts":1},{"ts":2}]', "not an object"),
    (
        "a missing quote",
        text_of([row(1)])[1:-1].replace(b'"platform":"android"', b'"platform":"android'),
        "can't be read as JSON",
    ),
    ("no value", text_of([row(1)])[1:-1].replace(b'"android"', b""), "can't be read as JSON"),
    ("raw NULs", text_of([row(1)])[1:-1].replace(b'"android"', b"\0\0\0"), "can't be read as JSON"),
    ("deep nesting", text_of([row(1)])[1:-2] + b',"x":' + b"[" * 400 + b"]" * 400 + b"}", "nested too deeply"),
    ("a very deep one", text_of([row(1)])[1:-2] + b',"x":' + b'{"a":' * 99_000 + b"1" + b"}" * 99_000 + b"}", None),
]


@pytest.mark.parametrize(("_what", "bad", "reason"), BROKEN_ROWS, ids=[one[0] for one in BROKEN_ROWS])
def test_a_broken_row_among_good_ones_is_rejected_alone(
    _what: str, bad: bytes, reason: str | None, tmp_path: Path, bring_in: Importer, query: Query
) -> None:
    """It is recorded with its reason; the rows before and after it land under their own numbers."""
    good = [text_of([row(n)])[1:-1] for n in range(4)]
    content = b"[" + b",".join([good[0], good[1], bad, good[2], good[3]]) + b"]"
    result = bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", content))
    assert (result.total("landed"), result.total("rejected")) == (4, 1)
    assert query("select row_number from raw.spotify_streaming_history order by 1") == [(1,), (2,), (4,), (5,)]
    [(number, why)] = query(REJECTS)
    assert number == 3
    assert reason is None or why == reason


def test_odd_content_is_kept(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """Strict about structure, tolerant about content: odd signs, types and keys do not cost a play."""
    odd: list[bytes] = [
        text_of([row(0, master_metadata_track_name="a\0b")])[1:-1],
        text_of([row(1)])[1:-1].replace(b"Song 1", b"Song \\ud800 1"),
        text_of([row(2)])[1:-1].replace(b"Song 2", b"Song \xff\xfe 2"),
        text_of([row(3, master_metadata_track_name=1979, shuffle="yes", offline_timestamp=10**30)])[1:-1],
        text_of([row(4)])[1:-1].replace(b'"shuffle":false', b'"shuffle":true,"shuffle":false'),
        text_of([{**row(5), "something_new": {"nested": [1, {"x": None}]}}])[1:-1],
        text_of([row(6)])[1:-1].replace(b"Song 6", b"Song \n 6"),
        text_of([row(7, ms_played=0, conn_country="ZZ", reason_end="")])[1:-1],
        text_of([row(8)])[1:-1].replace(b'"ts"', b'"\\u0074s"'),
        text_of([row(9, master_metadata_track_name="'; drop table raw.spotify_streaming_history; --")])[1:-1],
        text_of([row(10, master_metadata_track_name="x" * 300_000)])[1:-1],
    ]
    result = bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", b"[" + b",".join(odd) + b"]"))
    assert (result.total("landed"), result.total("rejected"), result.total("mended")) == (11, 0, 3)
    assert query("select count(try_cast(payload ->> '$.ts' as timestamp)) from raw.spotify_streaming_history") == [
        (11,)
    ]
    assert query(
        "select payload ->> '$.master_metadata_track_name' from raw.spotify_streaming_history where row_number = 10"
    ) == [("'; drop table raw.spotify_streaming_history; --",)]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_other_encodings_are_read(encoding: str, tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """A file that was saved again by an editor, with a byte order mark or in UTF-16, with Windows line ends."""
    rows = [row(n, master_metadata_track_name=f"Grüße 😀 {n}") for n in range(5)]
    text = text_of(rows, indent=1).decode().replace("\n", "\r\n")
    result = bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", text.encode(encoding)))
    assert (result.total("landed"), result.total("rejected")) == (5, 0)
    assert query(
        "select payload ->> '$.master_metadata_track_name' from raw.spotify_streaming_history where row_number = 3"
    ) == [("Grüße 😀 2",)]


def test_two_imports_at_the_same_time_land_every_row_once(tmp_path: Path, settings: Settings, query: Query) -> None:
    """The second waits for the first, then finds the files known."""
    path = write_zip(tmp_path / "x.zip", {AUDIO.format(n): [row(500 * n + k) for k in range(300)] for n in range(4)})
    results: list[ImportResult] = []

    def run(name: str) -> None:
        state = State(settings.state_path)
        results.append(import_paths(Context(settings, Warehouse(settings), state, name), [path]))
        state.close()

    threads = [threading.Thread(target=run, args=(f"run-{n}",)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(result.total("landed") for result in results) == [0, 1200]
    assert query("select count(*), count(distinct (file_sha256, row_number)) from raw.spotify_streaming_history") == [
        (1200, 1200)
    ]


IMPORT = """
import sys
from pathlib import Path
from extract_load.context import Context
from extract_load.core.settings import load_settings
from extract_load.spotify.history_import.importer import import_paths
from extract_load.storage.state import State
from extract_load.storage.warehouse import Warehouse
home = Path(sys.argv[1])
settings = load_settings(
    home / "no.env", data_base_path=home / "src", cache_dir=home / "cache", duckdb_path=home / "music_tracker.duckdb"
)
import_paths(Context(settings, Warehouse(settings), State(settings.state_path), "killed"), [Path(sys.argv[2])])
"""


@pytest.mark.parametrize(
    "place",
    ["spool.before_rename#2", "import.before_release#2", "import.after_release#3", "landing.in_transaction#2"],
)
def test_an_import_that_was_killed_is_taken_up_again(
    place: str, tmp_path: Path, bring_in: Importer, query: Query, settings: Settings
) -> None:
    """Killed at any point, the next import brings what is missing, and nothing twice; nothing half-done is left."""
    path = write_zip(tmp_path / "x.zip", {AUDIO.format(n): [row(500 * n + k) for k in range(60)] for n in range(4)})
    environment = {**os.environ, "MUSIC_TRACKER_KILL_AT": place}
    killed = subprocess.run([sys.executable, "-c", IMPORT, str(tmp_path), str(path)], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    result = bring_in(path)
    assert result.exit_code == 0
    assert result.total("rows") == 240
    assert query("select count(*), count(distinct (file_sha256, row_number)) from raw.spotify_streaming_history") == [
        (240, 240)
    ]
    assert {one.suffix for one in settings.spool_dir.rglob("*") if one.is_file()} == {".gz"}


def test_a_clock_that_is_behind_loses_no_row(
    tmp_path: Path, bring_in: Importer, clock: ManualClock, query: Query
) -> None:
    """A board that wakes up in 2023 refuses the export of 2024 and says why; with the right time it takes all of it."""
    path = write_file(tmp_path, "Streaming_History_Audio_2024_0.json", [row(n) for n in range(50)])
    now, clock.at = clock.at, datetime(2023, 1, 1)
    refused = bring_in(path)
    assert (refused.exit_code, refused.total("rows")) == (1, 0)
    assert "50 of its 50 rows lie in the future: set the clock right" in refused.refused[0].reason
    clock.at = now
    assert bring_in(path).total("landed") == 50
    assert query(COUNT) == [(50,)]
