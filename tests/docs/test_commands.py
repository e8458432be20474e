"""What a document tells a person to type exists, with its options; what nobody else runs is run here."""

from __future__ import annotations

import gzip
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer

from extract_load.cli import build_app
from tests.support.documents import ROOT, backticked, commands_of, documents, text_of

MUSIC_TRACKER = re.compile(r"^(?:uv run )?music-tracker (?P<rest>.+)$")
BIN = Path(sys.executable).parent


def written() -> Iterator[tuple[str, str]]:
    """Yield each document with each command in it, in blocks and in backticks."""
    for name in documents():
        for command in [*commands_of(name), *backticked(name)]:
            yield name, command


def unknown(command: str, app: click.Command) -> str:
    """Return what of a `music-tracker` command is not known; empty when all is."""
    found = MUSIC_TRACKER.match(command)
    here, words = app, shlex.split(found["rest"]) if found else []
    while words and hasattr(here, "commands") and not words[0].startswith("-"):
        if words[0] in here.commands:
            here = here.commands[words.pop(0)]
        elif here.params and any(isinstance(param, click.Argument) for param in here.params):
            break
        else:
            return words[0]
    known = {option for param in here.params for option in (*param.opts, *param.secondary_opts)} | {"--help", "-h"}
    return next((word for word in words if word.startswith("--") and word.split("=")[0] not in known), "")


@pytest.fixture(scope="module")
def app() -> click.Command:
    """Return the command line with the commands of every layer."""
    return typer.main.get_command(build_app())


def test_every_command_exists_with_its_options(app: click.Command) -> None:
    """In every document."""
    commands = [(name, command) for name, command in written() if MUSIC_TRACKER.match(command)]
    assert len(commands) > 30
    assert [(name, command, unknown(command, app)) for name, command in commands if unknown(command, app)] == []


def options(command: click.Command) -> Iterator[str]:
    """Yield every option of a command and of the commands below it."""
    for param in command.params:
        yield from (*param.opts, *param.secondary_opts)
    for inner in getattr(command, "commands", {}).values():
        yield from options(inner)


def test_every_option_that_stands_alone_exists(app: click.Command) -> None:
    """`--no-rebuild` in a sentence about `music-tracker restore`."""
    known = {*options(app), "--help"}
    named = {command.split()[0] for _, command in written() if command.startswith("--")}
    assert {"--no-rebuild", "--despite-damage", "--print-env"} <= named
    assert named - known == set()


def test_a_command_that_does_not_exist_is_found(app: click.Command) -> None:
    """A command, an option, a subcommand's option."""
    assert unknown("music-tracker import DIR", app) == ""
    assert unknown("music-tracker imports DIR", app) == "imports"
    assert unknown("uv run music-tracker status --yaml", app) == "--yaml"
    assert unknown("music-tracker backup verify DIR --fast", app) == "--fast"


def test_every_make_target_exists() -> None:
    """`make ...` with each of its targets, and the benchmarks that are named without it."""
    targets = set(re.findall(r"^([a-z-]+):", text_of("Makefile"), re.MULTILINE))
    named = {
        target
        for _, command in written()
        for found in [re.match(r"make (.+)$|(bench-[a-z]+)$", command)]
        if found
        for target in (found[1] or found[2]).split()
    }
    assert {"demo", "test", "check", "bench-import"} <= named
    assert named - targets == set()


@pytest.fixture(scope="module")
def data_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `data/src/` and one poll in it, laid out as docs/backup.md says."""
    folder = tmp_path_factory.mktemp("backup page")
    day = folder / "data/src/spotify/recently_played/dt=2026-10-01"
    day.mkdir(parents=True)
    line = {
        "source": "spotify",
        "entity": "recently_played",
        "listener_id": "me",
        "run_id": "run",
        "fetched_at": "2026-10-01T12:00:00.000",
        "request": {},
        "payload": {"track": {"name": "A song of the page"}, "played_at": "2026-10-01T11:59:00.000Z"},
    }
    with gzip.open(day / "20261001T120000_run_1.ndjson.gz", "wt") as out:
        out.write(json.dumps(line) + "\n")
    return folder


def run(command: str, folder: Path) -> str:
    """Run a command as a person would, in a folder; return what it printed."""
    ours = {"DATA_BASE_PATH": "data/src", "CACHE_DIR": "data/cache", "DUCKDB_PATH": "data/music_tracker.duckdb"}
    environment = {**os.environ, **{name: str(folder / path) for name, path in ours.items()}}
    environment |= {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "MUSIC_TRACKER_ENV_FILE": os.devnull}
    done = subprocess.run(
        command, shell=True, cwd=folder, env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_spool_file_is_read_without_us(data_directory: Path) -> None:
    """By the line of docs/backup.md, as printed."""
    (command,) = [one for one in commands_of("docs/backup.md") if one.startswith("duckdb -c")]
    assert "A song of the page" in run(command, data_directory)


@pytest.mark.skipif(not (shutil.which("jq") and shutil.which("sha256sum")), reason="jq or sha256sum is not installed")
def test_a_backup_is_checked_without_us(data_directory: Path) -> None:
    """By the line of docs/backup.md, in the backup's folder; a flipped byte is found."""
    (command,) = [one for one in commands_of("docs/backup.md") if one.startswith("jq ")]
    run(f"{sys.executable} -m extract_load backup copy", data_directory)
    backup = data_directory / "copy"
    assert ": OK" in run(command, backup)
    (stored,) = backup.glob("src/spotify/recently_played/**/*.ndjson.gz")
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    with pytest.raises(AssertionError, match="FAILED"):
        run(command, backup)


def test_the_lines_of_the_sandbox_run_as_printed(tmp_path: Path) -> None:
    """The Python of sandbox/README.md, in a smaller world."""
    (lines,) = re.findall(r"```python\n(.*?)```", text_of("sandbox/README.md"), re.DOTALL)
    assert "plays=60_000" in lines
    run(f"{sys.executable} -c {shlex.quote(lines.replace('plays=60_000', 'plays=2_000'))}", tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= {"my_spotify_data.zip", "truth.jsonl"}


def test_every_language_of_a_block_is_one_that_is_run() -> None:
    """Blocks without a language show output; a new language needs a test here."""
    found = {language for name in documents() for language in re.findall(r"^```(\w+)$", text_of(name), re.MULTILINE)}
    assert found <= {"bash", "python"}
    assert (ROOT / "docs/questions.sql").is_file()
