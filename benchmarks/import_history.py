"""Import of a large export against a bare read of the same files: `make bench-import` (ROWS= sets the size).

Makes an export like Spotify's (files of 16,000 rows, about 640 bytes a row), then times in one run, each in a process
of its own, with two threads: a bare DuckDB `read_json` of the files into the typed columns of a table, `import` of the
folder, of the zip, and of a folder whose rows have one key more that no version knows. Five rounds; a ratio is the
median of the rounds' own, since no machine is equally fast all the time. The last line is one JSON object.
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROWS_PER_FILE = 16_000
ROUNDS = 5

_LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_WORDS = ("amber", "falling", "river", "night", "golden", "ghost", "paper", "city", "winter", "ocean", "été", "heart")
_PLATFORMS = ("android", "ios", "Android OS 13 API 33 (samsung, SM-G991B)", "web_player windows 10;chrome;desktop")
_COLUMNS = {
    "ts": "TIMESTAMP",
    "platform": "VARCHAR",
    "ms_played": "BIGINT",
    "conn_country": "VARCHAR",
    "ip_addr": "VARCHAR",
    "master_metadata_track_name": "VARCHAR",
    "master_metadata_album_artist_name": "VARCHAR",
    "master_metadata_album_album_name": "VARCHAR",
    "spotify_track_uri": "VARCHAR",
    "episode_name": "VARCHAR",
    "episode_show_name": "VARCHAR",
    "spotify_episode_uri": "VARCHAR",
    "audiobook_title": "VARCHAR",
    "audiobook_uri": "VARCHAR",
    "audiobook_chapter_uri": "VARCHAR",
    "audiobook_chapter_title": "VARCHAR",
    "reason_start": "VARCHAR",
    "reason_end": "VARCHAR",
    "shuffle": "BOOLEAN",
    "skipped": "BOOLEAN",
    "offline": "BOOLEAN",
    "offline_timestamp": "BIGINT",
    "incognito_mode": "BOOLEAN",
}


def main() -> None:
    """Make the files, run the rounds, print what they took."""
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        STEPS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
        return
    rows = int(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("ROWS") or 1_000_000)
    with tempfile.TemporaryDirectory(prefix="music-tracker-bench-") as scratch:
        folder, archive = make_export(Path(scratch), rows)
        odd = make_odd_export(Path(scratch), folder)
        rounds = [_round(Path(scratch), folder, archive, odd) for _ in range(ROUNDS)]
    seconds = {name: statistics.median(one[name]["seconds"] for one in rounds) for name in rounds[0]}
    for name, taken in seconds.items():
        busy = statistics.median(one[name]["cpu_seconds"] for one in rounds)
        _write_line(f"{name:28} {taken:7.2f} s, {busy:6.2f} s of processor time")
    in_memory = _ratio(rounds, "unpacked import", "bare read, in memory")
    _write_line(f"Against a bare read into a table in memory, kept nowhere: {in_memory:.2f}.")
    result = {
        "rows": rows,
        "rows_per_second": round(rows / seconds["unpacked import"]),
        "ratio_to_bare_read": _ratio(rounds, "unpacked import", "bare read"),
        "ratio_from_zip": _ratio(rounds, "zip import", "bare read"),
        "odd_key_ratio": _ratio(rounds, "import with an odd key", "unpacked import"),
        "peak_memory_mb": round(max(one[name]["peak_mb"] for one in rounds for name in one if "import" in name)),
    }
    _write_line(json.dumps(result))


def _ratio(rounds: list[dict[str, dict[str, float]]], step: str, against: str) -> float:
    return round(statistics.median(one[step]["seconds"] / one[against]["seconds"] for one in rounds), 2)


def make_export(scratch: Path, rows: int) -> tuple[Path, Path]:
    """Write the same export as a folder and as a zip."""
    folder = scratch / "Spotify Extended Streaming History"
    folder.mkdir()
    size = 0
    for number, texts in enumerate(_files(rows)):
        content = ("[" + ",".join(texts) + "]").encode()
        size += len(content)
        (folder / f"Streaming_History_Audio_{2012 + number // 5}_{number}.json").write_bytes(content)
    archive = scratch / "my_spotify_data.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in sorted(folder.iterdir()):
            packed.write(path, f"{folder.name}/{path.name}")
    _write_line(f"{rows:,} rows, {size / 1e6:,.0f} MB of JSON, {archive.stat().st_size / 1e6:,.0f} MB zipped.")
    return folder, archive


def make_odd_export(scratch: Path, folder: Path) -> Path:
    """Write the export again, with an unknown key in each row."""
    odd = scratch / "With an odd key"
    odd.mkdir()
    for path in folder.iterdir():
        (odd / path.name).write_bytes(
            path.read_bytes().replace(b'"conn_country":', b'"odd_key":"plain","conn_country":')
        )
    return odd


def _files(rows: int) -> Iterator[list[str]]:
    chance = random.Random(20261123)
    tracks = [_track(chance) for _ in range(20_000)]
    at = 1_330_000_000
    for first in range(0, rows, ROWS_PER_FILE):
        texts = []
        for _ in range(min(ROWS_PER_FILE, rows - first)):
            at += chance.randint(30, 400)
            texts.append(_row(chance, at, tracks[int(len(tracks) * chance.random() ** 2)]))
        yield texts


def _track(chance: random.Random) -> str:
    def title(words: int) -> str:
        return json.dumps(" ".join(chance.choices(_WORDS, k=words)).title(), ensure_ascii=False)

    return (
        f'"master_metadata_track_name":{title(3)},"master_metadata_album_artist_name":{title(2)},'
        f'"master_metadata_album_album_name":{title(2)},'
        f'"spotify_track_uri":"spotify:track:{"".join(chance.choices(_LETTERS, k=22))}"'
    )


def _row(chance: random.Random, at: int, track: str) -> str:
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))
    played = chance.randint(0, 400_000)
    flags = f'"shuffle":{chance.choice(("true", "false"))},"skipped":{"true" if played < 30_000 else "false"}'
    return (
        f'{{"ts":"{end}","platform":"{chance.choice(_PLATFORMS)}","ms_played":{played},"conn_country":"DE",'
        f'"ip_addr":"203.0.113.{chance.randint(1, 254)}",{track},"episode_name":null,"episode_show_name":null,'
        '"spotify_episode_uri":null,"audiobook_title":null,"audiobook_uri":null,"audiobook_chapter_uri":null,'
        f'"audiobook_chapter_title":null,"reason_start":"trackdone","reason_end":"trackdone",{flags},'
        f'"offline":false,"offline_timestamp":{at - played // 1000},"incognito_mode":false}}'
    )


def _round(scratch: Path, folder: Path, archive: Path, odd: Path) -> dict[str, dict[str, float]]:
    steps = {
        "bare read": ("bare", folder),
        "bare read, in memory": ("bare-memory", folder),
        "unpacked import": ("import", folder),
        "zip import": ("import", archive),
        "import with an odd key": ("import", odd),
    }
    return {name: _step(scratch, step, given) for name, (step, given) in steps.items()}


def _step(scratch: Path, step: str, given: Path) -> dict[str, float]:
    """Run one step in a process and a data directory of its own, and return its figures."""
    data_dir = scratch / "data"
    shutil.rmtree(data_dir, ignore_errors=True)
    data_dir.mkdir()
    output = subprocess.run(
        [sys.executable, __file__, step, str(given), str(data_dir)], check=True, capture_output=True, text=True
    )
    return {name: float(value) for name, value in json.loads(output.stdout.splitlines()[-1]).items()}


def _bare(given: Path, data_dir: Path, *, in_memory: bool = False) -> None:
    import duckdb

    columns = ", ".join(f"{name}: '{kind}'" for name, kind in _COLUMNS.items())
    started = time.perf_counter()
    with duckdb.connect(
        ":memory:" if in_memory else str(data_dir / "bare.duckdb"), config={"threads": 2}
    ) as connection:
        connection.execute(
            f"create table plays as from read_json('{given}/*.json', format = 'array', columns = {{{columns}}})"
        )
    _report(started)


def _bare_in_memory(given: Path, data_dir: Path) -> None:
    _bare(given, data_dir, in_memory=True)


def _import(given: Path, data_dir: Path) -> None:
    from extract_load.context import Context
    from extract_load.core.settings import load_settings
    from extract_load.spotify.history_import.importer import import_paths
    from extract_load.storage.state import State
    from extract_load.storage.warehouse import Warehouse

    settings = load_settings(
        data_dir / "no.env",
        data_base_path=data_dir / "src",
        cache_dir=data_dir / "cache",
        duckdb_path=data_dir / "music.duckdb",
    )
    started = time.perf_counter()
    context = Context(settings, Warehouse(settings), State(settings.state_path), "bench")
    result = import_paths(context, [given])
    if result.refused or result.total("landed") != result.total("rows"):
        raise SystemExit("\n".join(result.account()))
    _report(started)


def _write_line(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _report(started: float) -> None:
    seconds = time.perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    used = resource.getrusage(resource.RUSAGE_SELF)
    _write_line(json.dumps({"seconds": seconds, "cpu_seconds": used.ru_utime + used.ru_stime, "peak_mb": peak}))


STEPS = {"bare": _bare, "bare-memory": _bare_in_memory, "import": _import}

if __name__ == "__main__":
    main()
