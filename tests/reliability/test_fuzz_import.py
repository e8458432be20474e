"""Malicious exports: no crash, no hang, bounded memory; rows are landed or rejected with a reason; nothing personal."""

from __future__ import annotations

import gzip
import resource
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from extract_load.context import Context
from extract_load.spotify.history_import.importer import import_paths
from tests.support.data_directories import DataDirectory
from tests.support.malicious_inputs import archive, bodies

IP, USER = "203.0.113.77", "jane.doe.secret"
ROW = {
    "ts": "2024-05-01T10:00:00Z",
    "username": USER,
    "platform": "android",
    "ms_played": 180_000,
    "conn_country": "DE",
    "ip_addr_decrypted": IP,
    "user_agent_decrypted": "Mozilla/5.0 secret-agent",
    "master_metadata_track_name": "Song",
    "master_metadata_album_artist_name": "Band",
    "master_metadata_album_album_name": "Album",
    "spotify_track_uri": "spotify:track:" + "0" * 22,
    "episode_name": None,
    "reason_start": "trackdone",
    "reason_end": "trackdone",
    "shuffle": False,
    "skipped": None,
    "offline": False,
    "offline_timestamp": 1_714_557_420,
    "incognito_mode": False,
}
SHORT = {"endTime": "2024-05-01 13:07", "artistName": "Band", "trackName": "Song", "msPlayed": 183_000}
NAMES = (
    *("Streaming_History_Audio_2024_1.json", "endsong_0.json", "StreamingHistory_music_0.json", "Spöti\u202efy.json"),
    *("Streaming_History_Audio_2014-2021_0.json", "x.json", "Streaming_History_Video_2024.json"),
)
files = st.tuples(
    st.sampled_from(NAMES),
    st.one_of(bodies([ROW, ROW | {"ts": "2024-05-01T10:05:00Z"}, ROW]), bodies([SHORT, SHORT])),
)


class Imports:
    """Imports malicious files into one data directory, one folder after another, and checks the account of each."""

    def __init__(self, data_directory: DataDirectory, folder: Path) -> None:
        self.data_directory = data_directory
        self.folder = folder
        self.count = 0

    def take(self, given_files: list[tuple[str, bytes]], *, zipped: bool) -> Any:
        """Import some files at once."""
        self.count += 1
        place = self.folder / f"download {self.count}"
        place.mkdir(parents=True)
        named = {f"{number}/{name}": content for number, (name, content) in enumerate(given_files)}
        if zipped:
            place = place / "my_spotify_data.zip"
            place.write_bytes(archive({f"Spotify Extended Streaming History/{name}": c for name, c in named.items()}))
        else:
            for name, content in named.items():
                (place / name).parent.mkdir(exist_ok=True)
                (place / name).write_bytes(content)
        context = Context(
            self.data_directory.settings,
            self.data_directory.warehouse,
            self.data_directory.state,
            "fuzz",
            self.data_directory.clock,
        )
        started = time.monotonic()
        result = import_paths(context, [place], confirm_listener=True)
        assert time.monotonic() - started < 30, "an import of a few kilobytes hangs"
        for file in result.files:
            assert file.status != "spooled", result.waiting_for
            assert file.rows == file.landed + file.known + file.rejected, file
        return result

    def check(self) -> None:
        """See that the files add up, that each reject has a reason, and that nothing personal was kept."""
        wrong = (
            "select source_file from ops.landed_files where rows_counted <> rows_landed + rows_known + rows_rejected"
        )
        assert self.data_directory.rows(wrong) == []
        told, rejected = self.data_directory.rows(
            "select (select count(*) from ops.rejected_rows where reason <> ''),"
            " (select coalesce(sum(rows_rejected), 0) from ops.landed_files)"
        )[0]
        assert told == rejected
        for path in self.data_directory.settings.spool_dir.rglob("*"):
            if path.is_file():
                content = gzip.decompress(path.read_bytes())
                assert IP.encode() not in content and USER.encode() not in content, path.name
        assert not list(self.data_directory.settings.spool_dir.rglob("*.held*"))


@pytest.fixture
def imports(data_directory: DataDirectory, tmp_path: Path) -> Imports:
    """Return a data directory to import into."""
    return Imports(data_directory, tmp_path / "downloads")


def fuzz(imports: Imports, examples: int, per_import: int) -> None:
    """Import so many examples of so many files each."""

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=True,
        phases=[Phase.explicit, Phase.generate],  # to make ten files smaller takes minutes; the blob shows them
    )
    @given(st.lists(files, min_size=per_import, max_size=per_import), st.booleans())
    def run(given_files: list[tuple[str, bytes]], zipped: bool) -> None:
        imports.take(given_files, zipped=zipped)

    run()
    imports.check()


def test_hostile_exports(imports: Imports) -> None:
    """The short form: 200 files."""
    fuzz(imports, 25, 8)


@pytest.mark.long
def test_ten_thousand_hostile_exports(imports: Imports) -> None:
    """The long form: 10,000 files, and memory stays within bounds."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fuzz(imports, 1000, 10)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{imports.count * 10:,} files in {imports.count:,} imports; memory grew by {grown:.0f} MB.")
    assert grown < 600
