"""The import: every kind of file, every row accounted for, nothing twice, nothing personal kept."""

from __future__ import annotations

import gzip
import json
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.core.settings import Settings
from extract_load.spotify.history_import.importer import ImportResult, import_paths
from extract_load.storage.writer_lock import WriterLock
from sandbox import World, write_export
from tests.support.exports import ADDRESS, AGENT, FOLDER, old_row, row, text_of, write_file, write_zip
from tests.support.world_end import WORLD_END

Importer = Callable[..., ImportResult]
Query = Callable[..., list[tuple[Any, ...]]]

COUNT = "select count(*) from raw.spotify_streaming_history"
ACCOUNT = "select sum(rows_counted), sum(rows_landed), sum(rows_known), sum(rows_rejected) from ops.landed_files"


@pytest.fixture(scope="module")
def world() -> World:
    """Return a small world with all that a listener does."""
    world = World(artists=60, plays=3000, years=2, now=WORLD_END)
    assert world.plays
    return world


@pytest.mark.parametrize(
    ("kind", "format_"), [("extended", "extended"), ("legacy", "endsong"), ("account", "account_data")]
)
@pytest.mark.parametrize("packed", [True, False])
def test_every_kind_of_export_lands_whole(
    *, kind: Any, format_: str, packed: bool, world: World, tmp_path: Path, bring_in: Importer, query: Query
) -> None:
    """Zip or folder, old or new: each row of each file is in, under its file and its number."""
    written = write_export(world, tmp_path / ("export.zip" if packed else "export"), kind=kind)
    result = bring_in(written.path)
    assert result.exit_code == 0, result.account()
    assert {file.name: file.landed for file in result.files} == {
        Path(name).name: rows for name, rows in written.files.items()
    }
    assert {file.format for file in result.files} == {format_}
    total = sum(written.files.values())
    assert query("select count(*), count(distinct (file_sha256, row_number)) from raw.spotify_streaming_history") == [
        (total, total)
    ]
    assert query(ACCOUNT) == [(total, total, 0, 0)]


def test_rows_keep_their_place_and_their_content(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """Row n of the file is row n of the table, whole but for its personal parts, in the form in which it came."""
    odd = row(2, master_metadata_track_name='He said: "},{" \\ ünïcode 😀 {a}', offline_timestamp=None, skipped=None)
    rows = [row(0), row(1, conn_country=""), odd, row(3, platform=None, spotify_track_uri=None)]
    for name, content in (
        ("a.json", text_of(rows)),
        ("b.json", text_of(rows, indent=2)),
        ("c.json", text_of(rows, ensure_ascii=True, separators=(", ", ": "))),
    ):
        bring_in(write_file(tmp_path / name[0], name, content))
        found = query(
            "select row_number, payload from raw.spotify_streaming_history join ops.landed_files using (source_file)"
            " where original_name = ? order by 1",
            name,
        )
        assert [number for number, _ in found] == [1, 2, 3, 4]
        for (_, payload), original in zip(found, rows, strict=True):
            assert json.loads(payload) == {key: value for key, value in original.items() if key != "ip_addr"}


def test_nothing_personal_is_kept_anywhere(
    tmp_path: Path, bring_in: Importer, everything_kept: Callable[[], bytes]
) -> None:
    """Addresses, agents and user names are in no file of ours, nor unknown keys that hold them."""
    files = {
        f"{FOLDER}/Streaming_History_Audio_2024_0.json": [row(n) for n in range(50)],
        "MyData/endsong_0.json": [old_row(n, username="plain.person") for n in range(50)],
        "MyData/endsong_1.json": [
            old_row(60, username="plain.person"),
            {**row(61), "Ip_Addr": ADDRESS, "email": "plain.person@example.org"},
            {**row(62), "playlist": "spotify:user:plain.person:playlist:1", "ip_addr": [ADDRESS]},
            row(63, master_metadata_track_name="spotify:user:plain.person"),
        ],
    }
    folder = tmp_path / "in"
    folder.mkdir()
    broken = text_of([row(70), old_row(71, "plain.person")])[:-200]
    result = bring_in(write_zip(folder / "x.zip", files))
    bring_in(write_file(folder, "cut.json", broken))
    assert result.total("landed") == 104
    shutil.rmtree(folder)
    kept = everything_kept()
    assert b"Song 1" in kept
    for secret in (ADDRESS, AGENT, "plain.person", "Odd%20Player"):
        assert secret.encode() not in kept, secret


def test_the_same_file_again_adds_no_row(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """Not as a file, not in a zip, not unpacked, not under another name."""
    rows = [row(n) for n in range(20)]
    name = "Streaming_History_Audio_2024_0.json"
    first = bring_in(write_zip(tmp_path / "one.zip", {f"{FOLDER}/{name}": rows}))
    exports = query("select distinct export_id from raw.spotify_streaming_history")
    assert (first.total("landed"), first.total("known")) == (20, 0)
    for path in (
        tmp_path / "one.zip",
        write_file(tmp_path / FOLDER, name, rows),
        write_file(tmp_path / "x", "other.json", rows),
    ):
        again = bring_in(path)
        assert (again.exit_code, again.total("landed"), again.total("known")) == (0, 0, 20)
        assert again.message == "20 rows in 1 file(s): 20 known already."
    assert query(COUNT) == [(20,)]
    assert query("select distinct export_id from raw.spotify_streaming_history") == exports


def test_the_zip_and_its_folder_are_one_export(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """A file that failed in the zip and is imported from the folder later belongs to the same download."""
    files = {f"{FOLDER}/Streaming_History_Audio_2024_{n}.json": [row(100 * n)] for n in range(3)}
    bring_in(write_zip(tmp_path / "one.zip", files))
    query("delete from raw.spotify_streaming_history where payload ->> '$.ms_played' = '200000'")
    for name, rows in files.items():
        write_file(tmp_path / FOLDER, Path(name).name, [*rows])
    assert {file.export_id for file in bring_in(tmp_path / FOLDER).files} == {
        one for (one,) in query("select export_id from raw.spotify_streaming_history")
    }


def test_two_downloads_are_two_exports(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """A newer download that overlaps lands as its own export: which of its rows are new plays is for the models."""
    bring_in(
        write_zip(tmp_path / "old.zip", {f"{FOLDER}/Streaming_History_Audio_2024_0.json": [row(n) for n in range(9)]})
    )
    bring_in(
        write_zip(tmp_path / "new.zip", {f"{FOLDER}/Streaming_History_Audio_2024_0.json": [row(n) for n in range(14)]})
    )
    assert query("select count(*) from raw.spotify_streaming_history group by export_id order by 1") == [(9,), (14,)]


def test_podcasts_videos_and_audiobooks_land_too(tmp_path: Path, bring_in: Importer, query: Query) -> None:
    """They are rows like all others; that they are no music is for the models."""
    episode = row(1, spotify_track_uri=None, master_metadata_track_name=None, episode_name="E", episode_show_name="S")
    book = row(2, audiobook_title="B", audiobook_uri="spotify:show:1", spotify_track_uri=None)
    spoken = {"endTime": "2024-05-01 13:07", "podcastName": "P", "episodeName": "E", "msPlayed": 1000}
    result = bring_in(
        write_file(tmp_path, "Streaming_History_Video_2024.json", [episode, book]),
        write_file(tmp_path, "StreamingHistory_podcast_0.json", [spoken]),
        write_file(tmp_path, "endvideo.json", [old_row(5)]),
        write_file(
            tmp_path,
            "StreamingHistory0.json",
            text_of([{"endTime": "2019-05-31 13:07", "artistName": "A", "trackName": "T", "msPlayed": 1}], indent=1),
        ),
    )
    assert result.exit_code == 0
    assert query("select format, count(*) from raw.spotify_streaming_history group by all order by 1") == [
        ("account_data", 2),
        ("endsong", 1),
        ("extended", 2),
    ]


def test_other_files_are_left_alone_and_counted(tmp_path: Path, bring_in: Importer) -> None:
    """A zip of account data holds much that is no history; a folder may hold anything."""
    files: dict[str, Any] = {
        "Spotify Account Data/Playlist1.json": b'{"playlists":[]}',
        "Spotify Account Data/Userdata.json": b'{"username":"x"}',
        "Spotify Account Data/SearchQueries.json": b'[{"platform":"x","searchTime":"2024-01-01T00:00:00Z[UTC]"}]',
        "Spotify Account Data/Read_Me_First.pdf": b"%PDF",
        "__MACOSX/._StreamingHistory_music_0.json": b"\0\5\26\7",
        "Spotify Account Data/StreamingHistory_music_0.json": [
            {"endTime": "2024-05-01 13:07", "artistName": "A", "trackName": "T", "msPlayed": 1}
        ],
    }
    result = bring_in(write_zip(tmp_path / "my_spotify_data.zip", files))
    assert (result.exit_code, result.total("landed"), result.left_alone) == (0, 1, 5)
    assert "Left alone, as no listening history is there: 5 other files." in result.account()


def test_spooled_rows_come_back_after_the_warehouse_is_lost(
    tmp_path: Path, bring_in: Importer, context: Context, settings: Settings, query: Query
) -> None:
    """The spool alone makes the same rows and the same account, with the same times."""
    bring_in(write_file(tmp_path / "in", "endsong_0.json", [old_row(n) for n in range(30)] + [{"ts": "never"}]))
    rows = "select * exclude (landed_at) from raw.spotify_streaming_history order by row_number"
    files = "select * exclude (landed_at) from ops.landed_files"
    before = query(rows), query(files)
    settings.warehouse_path.unlink()
    context.landing.land()
    assert (query(rows), query(files)) == before
    assert query("select rows_landed, rows_rejected from ops.landed_files") == [(30, 1)]


def test_a_busy_warehouse_costs_nothing(tmp_path: Path, context: Context, settings: Settings, query: Query) -> None:
    """The rows wait in the spool, who has the warehouse is told, and the next landing has them."""
    path = write_file(tmp_path / "in", "endsong_0.json", [old_row(n) for n in range(30)])
    settings.warehouse_path.unlink()  # with one, whose export it is would have to be looked up first
    quick = Context(
        settings.model_copy(update={"lock_wait_seconds": 0.2}), context.warehouse, context.state, "r", context.clock
    )
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        with WriterLock(settings.lock_path).held("a long dbt build", 5):
            held.set()
            let_go.wait(60)

    other = threading.Thread(target=hold)
    other.start()
    held.wait()
    try:
        result = import_paths(quick, [path])
    finally:
        let_go.set()
        other.join()
    assert (result.exit_code, result.total("landed"), result.files[0].status) == (0, 0, "spooled")
    assert "a long dbt build" in result.message
    context.landing.land()
    assert query(COUNT) == [(30,)]
    assert import_paths(context, [path]).total("known") == 30


def test_progress_counts_the_bytes_of_all_files(tmp_path: Path, bring_in: Importer) -> None:
    """It rises to the sum of the sizes and not beyond."""
    for number in range(3):
        write_file(tmp_path / "in", f"endsong_{number}.json", [old_row(100 * number + n) for n in range(50)])
    told: list[tuple[int, int]] = []
    bring_in(tmp_path / "in", progress=lambda done, total: told.append((done, total)))
    total = sum(path.stat().st_size for path in (tmp_path / "in").iterdir())
    assert told[-1] == (total, total)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_packed_single_file_is_unpacked(tmp_path: Path, bring_in: Importer) -> None:
    """Somebody who packed a file with gzip can import it so."""
    path = write_file(tmp_path, "endsong_0.json.gz", gzip.compress(text_of([old_row(1)])))
    assert bring_in(path).total("landed") == 1


def test_a_file_larger_than_what_is_read_at_once_lands_whole(
    tmp_path: Path, bring_in: Importer, query: Query, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows that lie across two readings are neither lost nor doubled; such a file is read twice, not kept in memory."""
    from extract_load.spotify.history_import import encoding as text
    from extract_load.spotify.history_import import file_reader as look
    from extract_load.spotify.history_import import row_parser as rows

    for module in (look, rows, text):
        monkeypatch.setattr(module, "CHUNK", 4096)
    monkeypatch.setattr(look, "SMALL", 10_000)
    monkeypatch.setattr(text, "HEAD", 512)
    made = [row(n, master_metadata_track_name="ä" * (n % 700)) for n in range(400)]
    result = bring_in(write_file(tmp_path, "Streaming_History_Audio_2024_0.json", made))
    assert (result.total("landed"), result.total("rejected")) == (400, 0)
    found = query("select payload ->> '$.ms_played' from raw.spotify_streaming_history order by row_number")
    assert [int(played) for (played,) in found] == [200_000 + n for n in range(400)]
