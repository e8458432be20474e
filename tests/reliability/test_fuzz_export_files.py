"""Random export files against a simple reader of the whole text: the same rows, none lost or twice, none personal."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from extract_load.context import Context
from extract_load.spotify.history_import import file_reader, row_parser
from extract_load.spotify.history_import.importer import import_paths
from extract_load.storage.gzip_files import unpack
from tests.support.data_directories import DataDirectory
from tests.support.export_fuzz import (
    SECRETS,
    Made,
    instant,
    is_usable,
    make_file,
    milliseconds,
    read_simply,
    whole_text,
)

PER_IMPORT = 100
COMPARED = (
    *("master_metadata_track_name", "master_metadata_album_artist_name", "spotify_track_uri", "platform", "shuffle"),
    *("artistName", "trackName", "quality", "bitrate", "ratio", "flag", "brackets", "läuft", "conn_country"),
)
PERSONAL = ("city", "last_hop", "contact", "place", "username", "latitude", "user_agent_decrypted", "ip_addr")


def differences(made: Made, landed: dict[int, Any], rejected: set[int], last: Any) -> list[str]:
    """Return where the rows of a file, as they landed and were rejected, are not those that the simple reader finds."""
    rows = read_simply(made.text)
    right = {number: row for number, row in enumerate(rows, start=1) if is_usable(row, last)}
    found = []
    if landed.keys() != right.keys():
        found.append(f"landed are {sorted(landed)}, right are {sorted(right)}")
    if rejected != {number for number in range(1, len(rows) + 1) if number not in right}:
        found.append(f"rejected are {sorted(rejected)} of {len(rows)}")
    for number in landed.keys() & right.keys():
        ours, theirs = landed[number], right[number]
        for key in (key for key in COMPARED if ours.get(key) != whole_text(theirs.get(key))):
            found.append(f"row {number}: {key} is {ours.get(key)!r}, not {theirs.get(key)!r}")
        for read, keys in ((instant, ("ts", "endTime")), (milliseconds, ("ms_played", "msPlayed"))):
            values = [read(next((row[key] for key in keys if key in row), None)) for row in (ours, theirs)]
            if values[0] != values[1]:
                found.append(f"row {number}: {keys[0]} is {values[0]}, not {values[1]}")
        found += [f"row {number}: {key} was kept" for key in PERSONAL if key in ours]
    return found


class Fuzz:
    """Imports files into one data directory, a hundred at once, and compares each with the simple reader."""

    def __init__(self, data_directory: DataDirectory, folder: Path) -> None:
        self._home, self._folder = data_directory, folder
        self._last = data_directory.clock.now() + timedelta(days=2)

    def run(self, seed: int, first: int, count: int) -> list[str]:
        """Import so many files in one folder; return the differences."""
        files: dict[str, Made] = {}
        for number in range(first, first + count):
            made = make_file(random.Random(f"{seed}/{number}"), number, self._last)
            files[made.name] = made
        place = self._folder / str(first)
        place.mkdir(parents=True)
        for made in files.values():
            (place / made.name).write_bytes(made.content)
        home = self._home
        context = Context(home.settings, home.warehouse, home.state, f"fuzz{first}", home.clock)
        result = import_paths(context, [place], confirm_listener=True)
        wrong = [f"{file.name}: {file}" for file in result.files if file.rows != file.landed + file.rejected]
        refused = {one.name: one.reason for one in result.refused}
        rows = self._rows_by_file(first)
        for name, made in files.items():
            if name in refused:
                wrong.append(f"{name}: refused, {refused[name]}")
            elif found := differences(made, *rows[name], self._last):
                wrong += [f"{name}: {one}" for one in found[:3]]
        self._check_nothing_personal(first)
        return wrong

    def _rows_by_file(self, first: int) -> dict[str, tuple[dict[int, Any], set[int]]]:
        rows: dict[str, tuple[dict[int, Any], set[int]]] = defaultdict(lambda: ({}, set()))
        of_import = f"inner join ops.landed_files using (source_file) where contains(source_file, '_fuzz{first}_')"
        landed = f"select original_name, row_number, payload from raw.spotify_streaming_history as rows {of_import}"
        for name, number, payload in self._home.rows(landed):
            rows[name][0][number] = json.loads(payload)
        for name, number in self._home.rows(f"select original_name, row_number from ops.rejected_rows {of_import}"):
            rows[name][1].add(number)
        return rows

    def _check_nothing_personal(self, first: int) -> None:
        for path in self._home.settings.spool_dir.rglob(f"*_fuzz{first}_*"):
            content = unpack(path.read_bytes())
            assert not [secret for secret in SECRETS if secret.encode() in content], path.name


@pytest.fixture
def fuzz(data_directory: DataDirectory, tmp_path: Path) -> Fuzz:
    """Return a data directory to import into."""
    return Fuzz(data_directory, tmp_path / "downloads")


def test_a_hundred_export_files(fuzz: Fuzz, seed_of: Callable[[str], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The short form; half of them in pieces of a few bytes, so that rows lie across pieces."""
    seed = seed_of("EXPORT_SEED")
    wrong = fuzz.run(seed, 0, PER_IMPORT // 2)
    _read_in_pieces_of(700, monkeypatch)
    assert wrong + fuzz.run(seed, PER_IMPORT // 2, PER_IMPORT // 2) == [], f"EXPORT_SEED={seed}"


@pytest.mark.long
def test_ten_thousand_export_files(fuzz: Fuzz, seed_of: Callable[[str], int], monkeypatch: pytest.MonkeyPatch) -> None:
    """The long form: no difference in 10,000 files."""
    seed = seed_of("EXPORT_SEED")
    wrong: list[str] = []
    for number in range(100):
        _read_in_pieces_of(random.Random(f"{seed}/{number}").choice([300, 1_000, 5_000, 1 << 20]), monkeypatch)
        wrong += fuzz.run(seed, number * PER_IMPORT, PER_IMPORT)
    print(f"10,000 files, {len(wrong):,} differences.")
    assert wrong == [], f"EXPORT_SEED={seed}"


def _read_in_pieces_of(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(row_parser, "CHUNK", size)
    monkeypatch.setattr(file_reader, "CHUNK", size)
