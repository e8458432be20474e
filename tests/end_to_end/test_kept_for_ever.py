"""Never lose a play, with the real commands, real dbt and real processes: what a person relies on for twenty years."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import pytest

from extract_load.core.settings import load_settings
from extract_load.maintenance.rebuild import published_marts
from extract_load.maintenance.table_checksums import Marks, differences
from extract_load.storage.writer_lock import WriterLock
from sandbox import Sandbox, World, write_export
from tests.end_to_end.conftest import BIN, ROOT, Home, Lived
from tests.support.secret_scan import found_in


def marks_of(home: Home) -> Marks:
    """Return the checksums of the published marts."""
    settings = load_settings(
        env_file=home.path / "no.env", data_base_path=home.path / "src", duckdb_path=home.path / "music_tracker.duckdb"
    )
    marks = published_marts(settings)
    assert marks
    return marks


def start(home: Home, *command: str, **more: str) -> subprocess.Popen[str]:
    """Start `music-tracker ...` as a process group of its own, and do not wait for it."""
    return subprocess.Popen(
        [sys.executable, "-m", "extract_load", *command],
        env=home.environment | more,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def kill(process: subprocess.Popen[str]) -> bool:
    """Kill a process group as a power cut would, and return whether it was still running."""
    was_alive = process.poll() is None
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        was_alive = False
    process.communicate()
    return was_alive


def test_an_export_read_back_holds_every_counted_play_once(lived: Lived, tmp_path: Path) -> None:
    """Parquet and CSV read by DuckDB, and listens by ListenBrainz' documented form: the same plays, each once."""
    lived.home.run("export", "--to", str(tmp_path), "--rule", "spotify30")
    counted = lived.home.ask(
        "select play_key, cast(floor(epoch(started_at)) as bigint) from marts.fct_plays"
        " where is_play_spotify30 and not is_excluded order by all"
    )
    assert len(counted) > 1000
    fields = "play_key, cast(floor(epoch(cast(started_at as timestamp))) as bigint)"
    for name in ("plays.parquet", "plays.csv"):
        assert duckdb.sql(f"select {fields} from '{tmp_path / name}' order by all").fetchall() == counted
    listens = [json.loads(line) for line in (tmp_path / "listens.jsonl").read_text(encoding="utf-8").splitlines()]
    keys = [int(listen["track_metadata"]["additional_info"]["play_key"]) for listen in listens]
    assert sorted(zip(keys, (listen["listened_at"] for listen in listens), strict=True)) == counted
    for listen in listens:
        _hold_to_listenbrainz(listen)


def _hold_to_listenbrainz(listen: dict[str, Any]) -> None:
    """Hold a listen to the documented form: required names as text, a whole second since 2002, no nulls, flat tags."""
    assert listen.keys() == {"listened_at", "track_metadata"}
    assert type(listen["listened_at"]) is int
    assert listen["listened_at"] > 1_033_430_400
    metadata = listen["track_metadata"]
    assert metadata.keys() <= {"artist_name", "track_name", "release_name", "additional_info"}
    for name in ("artist_name", "track_name"):
        assert isinstance(metadata[name], str)
        assert metadata[name].strip()
    assert isinstance(metadata.get("release_name", ""), str)
    for name, value in metadata["additional_info"].items():
        assert value is not None, name
        assert isinstance(value, int if name.startswith("duration") else list if name == "artist_mbids" else str), name
    assert "duration_played" in metadata["additional_info"] or "play_key" in metadata["additional_info"]
    assert len(json.dumps(listen)) < 10_240


@pytest.mark.long
def test_a_rebuild_sends_nothing_and_comes_to_the_same(lived: Lived) -> None:
    """The warehouse is deleted; from what is kept come equal marts, and the services are asked nothing."""
    lived.home.run("etl")
    before = marks_of(lived.home)
    (lived.home.path / "music_tracker.duckdb").unlink()
    lived.sandbox.reset_counts()
    lived.home.run("rebuild")
    assert [lived.sandbox.counts.total(one) for one in ("spotify", "accounts", "musicbrainz", "nominatim")] == [0] * 4
    assert differences(before, marks_of(lived.home)) == []


@pytest.mark.long
def test_kills_in_the_middle_of_dbt(lived: Lived) -> None:
    """`etl` and `rebuild` are killed while dbt builds and tests, and around publishing; then one run: equal marts."""
    home = lived.home
    home.run("etl")
    before, dice = marks_of(home), random.Random(2026)
    kills = 0
    for command in ("etl", "rebuild", "etl", "etl", "rebuild", "etl"):
        process = start(home, command)
        if command == "etl":
            _wait_for_dbt(home, process)
        else:
            _wait_until(process, (home.path / ".rebuild" / ".dbt").exists)
        time.sleep(dice.uniform(0, 20))
        kills += kill(process)
        assert differences(before, marks_of(home)) == [], "a reader sees something else after a kill"
    for place in ("publish.before_rename", "publish.after_rename"):
        process = start(home, "etl", MUSIC_TRACKER_KILL_AT=place)
        process.communicate(timeout=400)
        kills += process.returncode == -signal.SIGKILL
        kill(process)
    print(f"{kills} kills in the middle of dbt and publishing")
    assert kills >= 6
    home.run("etl")
    assert differences(before, marks_of(home)) == []
    assert home.ask("select count(*) from marts.fct_plays") == home.ask(
        "select count(distinct play_key) from marts.fct_plays"
    )
    assert not list(home.published.parent.glob(".*draft*"))


def _wait_for_dbt(home: Home, process: subprocess.Popen[str]) -> None:
    lock = WriterLock(home.path / ".writer.lock")

    def builds() -> bool:
        holder = lock.holder()
        return holder is not None and "dbt" in holder.command

    _wait_until(process, builds)


def _wait_until(process: subprocess.Popen[str], condition: Any) -> None:
    deadline = time.monotonic() + 300
    while not condition():
        assert process.poll() is None, f"it ended too early: {process.communicate()[0]}"
        assert time.monotonic() < deadline, "it never came to dbt"
        time.sleep(0.05)


@pytest.mark.long
def test_a_copy_made_while_everything_runs_verifies(lived: Lived, tmp_path: Path) -> None:
    """`ingest`, `import` and `etl` run while `backup` copies: the copy passes `backup verify`."""
    home, copy = lived.home, tmp_path / "copy"
    home.run("etl")
    lived.sandbox.clock.advance(days=1)
    other = tmp_path / "again.zip"
    write_export(lived.world, other, end=lived.world.settings.now)  # later than the first; not in the future
    at_work = [start(home, "etl"), start(home, "import", str(other)), start(home, "ingest")]
    copies = 0
    while any(process.poll() is None for process in at_work):
        lived.sandbox.clock.advance(hours=3)
        running = [process.poll() is None for process in at_work]
        home.run("backup", str(copy))
        copies += any(running)
        if at_work[2].poll() is not None and at_work[0].poll() is None:
            at_work[2].communicate()
            at_work[2] = start(home, "ingest")
    for process in at_work:
        said, _ = process.communicate(timeout=300)
        assert process.returncode == 0, said
    assert copies >= 1
    said = home.run("backup", "verify", str(copy)).stdout
    print(f"{copies} copies while it ran: {said}")


@pytest.mark.long
def test_eight_readers_during_five_runs(lived: Lived) -> None:
    """Eight loops of `status --json` and of the duckdb client on the published file: no error in five whole runs."""
    troubles: list[str] = []
    reads: list[str] = []
    with _readers(lived.home, 8, reads, troubles):
        for _ in range(5):
            lived.sandbox.clock.advance(hours=4)
            lived.home.run("etl", timeout=900)
    print(f"{reads.count('file')} reads of the file and {reads.count('status')} of the status, {len(troubles)} errors")
    assert troubles == []
    assert reads.count("file") > 40
    assert reads.count("status") > 40


@contextmanager
def _readers(home: Home, count: int, reads: list[str], troubles: list[str]) -> Iterator[None]:
    """Let `count` readers loop until the block ends."""
    stop = threading.Event()
    query = "select count(*) from marts.fct_plays; from reporting.top_artists limit 3"
    commands = {
        "file": [str(BIN / "duckdb"), "-readonly", str(home.published), "-c", query],
        "status": [sys.executable, "-m", "extract_load", "status", "--json"],
    }

    def loop(number: int) -> None:
        while not stop.is_set():
            for what, command in commands.items():
                done = subprocess.run(
                    command, env=home.environment, cwd=ROOT, capture_output=True, text=True, check=False
                )
                reads.append(what)
                is_well = (
                    done.returncode == 0 if what == "file" else done.returncode in (0, 1) and _is_json(done.stdout)
                )
                if not is_well:
                    troubles.append(f"{what}: {done.returncode} {done.stderr[-500:]}")
                stop.wait(1.0 + number / 10)

    threads = [threading.Thread(target=loop, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False


ASK_THE_API = """
import os
import httpx
from orchestrate.server.api import temporary_api
with temporary_api() as url:
    word = tuple(os.environ["PREFECT_API_AUTH_STRING"].split(":", 1))
    api = httpx.Client(auth=word, timeout=60)
    for what in ("flows", "flow_runs", "task_runs", "logs", "artifacts", "deployments", "variables", "flow_run_states",
                 "task_run_states", "concurrency_limits", "work_pools", "block_documents", "automations", "events"):
        if what.endswith("_states"):
            for run in api.post(f"{url}/{what.removesuffix('_states')}s/filter", json={}).json():
                key = what.removesuffix("s").removesuffix("_state") + "_id"
                print(what, api.get(f"{url}/{what}/", params={key: run["id"]}).text)
            continue
        offset = 0
        while True:
            answer = api.post(f"{url}/{what}/filter", json={"limit": 200, "offset": offset})
            print(what, answer.status_code, answer.text)
            if answer.status_code != 200 or what == "events" or len(answer.json()) < 200:
                break
            offset += 200
"""


def _run_with_failures(sandbox: Sandbox, home: Home, export: Path) -> list[subprocess.CompletedProcess[str]]:
    """Return what each command of good and of failing runs printed."""
    said = [home.run("ingest"), home.run("import", str(export)), home.run("etl")]
    for outages in (
        (("spotify", "access_token_expired"), ("spotify", "html"), ("musicbrainz", "truncated_json")),
        (("accounts", "server_error"), ("accounts", "refresh_token_revoked")),
    ):
        sandbox.clock.advance(hours=3)
        for service, kind in outages:
            sandbox.faults.add(service, kind, times=12)
        said += [home.run("ingest", expect=None), home.run("etl", expect=None, timeout=900)]
        sandbox.faults.clear()
    said += [home.run(one, expect=None) for one in ("status", "doctor", "backup", "export")]
    assert any(done.returncode for done in said), "nothing failed, so nothing was tried"
    return said


@pytest.mark.long
def test_no_secret_is_anywhere_in_prefect_either(tmp_path: Path) -> None:
    """Marked secrets, whole runs with failures at DEBUG: none in files, tables, output, Prefect's database and API."""
    world = World(seed=12, artists=20, plays=600, years=0.2)
    export = tmp_path / "my_spotify_data.zip"
    write_export(world, export)
    with Sandbox(world) as sandbox:
        sandbox.tokens.client_secret = "Marked-Client-Secret-0123456789"
        home = Home(
            tmp_path / "home",
            {
                **sandbox.env,
                "SPOTIFY_REQUESTS_PER_SECOND": "500",
                "ALERT_URLS": "json://alerts:Marked-Alert-Password@127.0.0.1:9/Marked-Alert-Path",
                "GEOCODER_API_KEY": "Marked-Geocoder-Key",
                "PREFECT_DB_PASSWORD": "Marked-Database-Password",
                "LOG_LEVEL": "DEBUG",
                "PREFECT_LOGGING_LEVEL": "DEBUG",
                "PREFECT_LOGGING_ROOT_LEVEL": "DEBUG",
            },
        )
        said = _run_with_failures(sandbox, home, export)
        asked = subprocess.run(
            [sys.executable, "-c", ASK_THE_API],
            env=home.environment,
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
    answers = asked.stdout
    assert answers.count('"flow_run_id"') > 20, "the API returned no task run"
    (home.path / "said.txt").write_text("\n".join(done.stdout + done.stderr for done in said) + answers + asked.stderr)
    words = ("Marked-Client-Secret", "Marked-Alert", "Marked-Geocoder", "Marked-Database")
    assert found_in(home.path, words, but=[home.path / "spotify_token.json"]) == []
