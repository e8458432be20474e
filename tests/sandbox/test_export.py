"""The exports, held to the recorded rows and to the contract, and the truth that goes with them."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from sandbox import World, WrittenExport, dump_truth, write_export
from tests.support.world_end import WORLD_END

TS = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
OLD_KEYS = {"username", "user_agent_decrypted", "ip_addr_decrypted"}


def read(path: Path) -> dict[str, list[dict[str, Any]]]:
    """Return the rows of every JSON file of a zip, by its name."""
    with zipfile.ZipFile(path) as packed:
        assert packed.testzip() is None
        return {name: json.loads(packed.read(name)) for name in packed.namelist() if name.endswith(".json")}


@pytest.fixture(scope="module")
def whole() -> World:
    """A world whose audio rows fill two files, the first of them old."""
    return World(plays=24_000, years=1.5, now=datetime(2025, 3, 1, tzinfo=UTC))


@pytest.fixture(scope="module")
def extended(whole: World, tmp_path_factory: pytest.TempPathFactory) -> WrittenExport:
    return write_export(whole, tmp_path_factory.mktemp("export") / "my_spotify_data.zip")


@pytest.fixture(scope="module")
def files(extended: WrittenExport) -> dict[str, list[dict[str, Any]]]:
    return read(extended.path)


def test_the_default_export_has_about_sixty_thousand_rows_over_three_years(tmp_path: Path) -> None:
    written = write_export(World(now=WORLD_END), tmp_path / "my_spotify_data.zip")
    assert 54_000 <= len(written.rows) <= 66_000
    folder = "Spotify Extended Streaming History"
    assert list(written.files) == [
        f"{folder}/Streaming_History_Audio_2023-2024_0.json",
        f"{folder}/Streaming_History_Audio_2024-2025_1.json",
        f"{folder}/Streaming_History_Audio_2025-2026_2.json",
        f"{folder}/Streaming_History_Audio_2026_3.json",
        f"{folder}/Streaming_History_Video_2023-2026.json",
    ]


def test_files_are_named_and_packed_like_those_of_spotify(extended: WrittenExport) -> None:
    """One folder, chunks by years and number, a video file, and a ReadMe that is a PDF."""
    with zipfile.ZipFile(extended.path) as packed:
        names = packed.namelist()
        readme = packed.read("Spotify Extended Streaming History/ReadMeFirst_ExtendedStreamingHistory.pdf")
    assert readme.startswith(b"%PDF-")
    pattern = (
        r"Spotify Extended Streaming History/Streaming_History_(Audio_\d{4}(-\d{4})?_\d+|Video_\d{4}(-\d{4})?)\.json"
    )
    assert sum(re.fullmatch(pattern, name) is not None for name in names) == len(names) - 1 == 3


def test_rows_have_the_keys_of_a_recorded_export_in_their_order(
    files: dict[str, list[dict[str, Any]]], samples: Path
) -> None:
    """The oldest file lacks the columns of audiobooks, as exports of that time did."""
    recorded = samples / "spotify_streaming_2023.json"
    names = sorted(name for name in files if "Audio" in name)
    books = {"audiobook_title", "audiobook_uri", "audiobook_chapter_uri", "audiobook_chapter_title"}
    assert not books & set(files[names[0]][0])
    assert all(books <= set(row) for name in names[1:] for row in files[name])
    if recorded.exists():
        assert {tuple(row) for name in names[1:] for row in files[name]} == {tuple(json.loads(recorded.read_text())[0])}


def test_types_and_oddities_of_the_fields(files: dict[str, list[dict[str, Any]]]) -> None:
    """Times of a second in UTC, null and cut addresses, null skips, junk in offline_timestamp, and no order."""
    rows = [row for part in files.values() for row in part]
    assert all(TS.fullmatch(row["ts"]) and isinstance(row["ms_played"], int) for row in rows)
    addresses = {row["ip_addr"] for row in rows}
    assert None in addresses
    assert {"203.0.113.x", "203.0.113.7"} <= addresses
    assert any(str(address).startswith("2001:db8:") for address in addresses)
    assert {row["skipped"] for row in rows} == {True, False, None}
    stamps = {row["offline_timestamp"] for row in rows}
    assert {0, 37, None} <= stamps
    assert any(stamp and stamp > 10**12 for stamp in stamps)
    assert all(part != sorted(part, key=lambda row: row["ts"]) for part in files.values())
    assert any(row["ms_played"] > 9 * 3_600_000 for name, part in files.items() if "Video" in name for row in part)
    assert {row["shuffle"] for row in rows} == {row["offline"] for row in rows} == {True, False, None}
    assert {"trackdone", "fwdbtn", ""} <= {row["reason_end"] for row in rows}


def test_kinds_of_content(files: dict[str, list[dict[str, Any]]]) -> None:
    """Music, podcasts, audiobooks, local files (names, no URI), and content without a name."""

    def kind(row: dict[str, Any]) -> str:
        if row["spotify_episode_uri"]:
            return "episode"
        if row.get("audiobook_chapter_uri"):
            return "chapter"
        named, linked = row["master_metadata_track_name"] is not None, row["spotify_track_uri"] is not None
        return {(True, True): "music", (True, False): "local", (False, True): "nameless", (False, False): "empty"}[
            named, linked
        ]

    kinds = Counter(kind(row) for part in files.values() for row in part)
    assert set(kinds) >= {"music", "episode", "chapter", "local", "nameless"}
    assert kinds["music"] > 0.9 * sum(kinds.values())


def test_every_row_stems_from_a_play_and_every_play_has_its_row(
    whole: World, extended: WrittenExport, files: dict[str, list[dict[str, Any]]]
) -> None:
    """What the truth says about a row is what stands there; exact duplicates are equal, near ones seconds later."""
    assert {name: len(rows) for name, rows in files.items()} == extended.files
    by_play: dict[int, list[tuple[str, dict[str, Any]]]] = {}
    for written in extended.rows:
        by_play.setdefault(written.play_id, []).append((written.kind, files[written.file][written.row]))
    expected = {play.play_id for play in whole.plays if play.ts_s < whole.export_taken_at.timestamp()}
    assert set(by_play) == expected
    kinds = Counter(kind for rows in by_play.values() for kind, _ in rows)
    assert kinds["exact_duplicate"] > 20
    assert kinds["near_duplicate"] > 5
    for play_id, rows in by_play.items():
        first = next(row for kind, row in rows if kind == "play")
        ended = datetime.fromtimestamp(whole.plays[play_id].ts_s, UTC)
        assert (first["ts"], first["ms_played"]) == (
            f"{ended:%Y-%m-%dT%H:%M:%SZ}",
            whole.plays[play_id].ms_played,
        )
        for kind, row in rows:
            seconds = (datetime.fromisoformat(row["ts"]) - datetime.fromisoformat(first["ts"])).total_seconds()
            assert {"play": seconds == 0, "exact_duplicate": row == first, "near_duplicate": 2 <= seconds <= 9}[kind]


def test_overlapping_exports_hold_the_same_rows(world: World, tmp_path: Path) -> None:
    """A later export repeats every row of the earlier one, to the byte of each value, and has more."""
    middle = world.settings.now - timedelta(days=60)
    early, late = (write_export(world, tmp_path / f"{name}.zip", end=end) for name, end in (("a", middle), ("b", None)))

    def rows(written: WrittenExport) -> Counter[str]:
        return Counter(json.dumps(row) for part in read(written.path).values() for row in part)

    assert rows(early) < rows(late)


def test_an_export_is_the_same_each_time_and_another_listener_has_another(world: World, tmp_path: Path) -> None:
    one, two = (
        write_export(World(plays=900, years=0.1, now=WORLD_END), tmp_path / f"{number}.zip") for number in (1, 2)
    )
    other = write_export(World(plays=900, years=0.1, listener=1, now=WORLD_END), tmp_path / "3.zip")
    assert one.path.read_bytes() == two.path.read_bytes() != other.path.read_bytes()


def test_the_legacy_format(world: World, tmp_path: Path) -> None:
    files = read(write_export(world, tmp_path / "old.zip", kind="legacy").path)
    assert "MyData/endsong_0.json" in files
    assert "MyData/endvideo.json" in files
    row = files["MyData/endsong_0.json"][0]
    assert set(row) >= OLD_KEYS
    assert "ip_addr" not in row
    assert not any(key.startswith("audiobook") for key in row)


def test_the_account_data_format(world: World, tmp_path: Path) -> None:
    """Minutes, names, no ids; a year at most; music, podcasts and audiobooks apart."""
    written = write_export(world, tmp_path / "account.zip", kind="account")
    files = read(written.path)
    assert {name.rpartition("/")[2].rpartition("_")[0] for name in files} == {
        f"StreamingHistory_{kind}" for kind in ("music", "podcast", "audiobook")
    }
    rows = files["Spotify Account Data/StreamingHistory_music_0.json"]
    assert all(set(row) == {"endTime", "artistName", "trackName", "msPlayed"} for row in rows)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d", row["endTime"]) for row in rows)
    assert [row["endTime"] for row in rows] == sorted(row["endTime"] for row in rows)


def test_the_older_account_data_mixes_podcasts_with_music(world: World, tmp_path: Path) -> None:
    files = read(write_export(world, tmp_path / "account.zip", kind="account_legacy").path)
    rows = files["MyData/StreamingHistory0.json"]
    assert {tuple(row) for row in rows} == {("endTime", "artistName", "trackName", "msPlayed")}
    assert any("Podcast" in row["artistName"] for row in rows)


def test_a_path_without_suffix_becomes_a_folder(world: World, tmp_path: Path) -> None:
    written = write_export(world, tmp_path / "unpacked")
    assert sorted(written.files) == sorted(
        str(path.relative_to(tmp_path / "unpacked")) for path in (tmp_path / "unpacked").rglob("*.json")
    )


def test_the_truth_is_dumped_with_rows_and_poll_items(world: World, tmp_path: Path) -> None:
    """Each line is one play with its export rows; the sum of the rows is the export."""
    written = write_export(world, tmp_path / "x.zip")
    count = dump_truth(world, tmp_path / "truth.jsonl", written)
    lines = [json.loads(line) for line in io.StringIO((tmp_path / "truth.jsonl").read_text())]
    assert len(lines) == count
    assert sum(len(line["export_rows"]) for line in lines) == len(written.rows)
    music = next(line for line in lines if line["poll_played_at"] and line["export_uri"])
    assert {"started_at", "ended_at", "ms_played", "track", "artist", "api_uri", "isrc"} <= set(music)
