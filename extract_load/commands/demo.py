"""`music-tracker demo`: the whole pipeline in a few minutes, on the sandbox and a made-up listener.

Starts the sandbox, then runs the same commands that a listener would: ingest, import, etl. Writes to `data/demo/` only,
with settings and a Prefect home of its own there; `.env` and the user's data are neither read nor changed.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import typer

from extract_load.commands.demo_summary import summary
from extract_load.core.errors import ServiceUnavailable
from extract_load.core.settings import Settings, project_root

SEED = 7
RUN_RECORDS = "prefect"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(demo)


def demo(
    seed: int = typer.Option(SEED, help="Another seed makes another listener."),
    artists: int = typer.Option(108, help="Artists in the world; the first 108 are real."),
) -> None:
    """Show it all on a made-up listener: sandbox, ingest, import, daily-etl, and what came of it."""
    started = time.monotonic()
    home = project_root() / "data" / "demo"
    _say(f"DEMO: three years of a made-up listener (seed {seed}), below data/demo/. Your own data is not touched.")
    _remove_last_demo(home)
    export = home / "my_spotify_data.zip"
    with _sandbox(export, seed, artists) as variables:
        environment = _environment(home, variables)
        _step(environment, "Polling the newest plays", ["ingest"])
        _step(environment, "Importing the export as Spotify sends it", ["import", str(export)])
        _step(environment, "Enriching, transforming, testing, publishing", ["etl"])
    published = home / "published" / "music_tracker.duckdb"
    pages = home / "pages"
    _step(environment, "Writing the pages to look at", ["page", "--to", str(pages)])
    typer.echo()
    typer.echo(summary(published))
    _say(f"That took {time.monotonic() - started:.0f} s. `music-tracker --help` says what else there is.")
    typer.echo("Live pages of the demo, with every day and any range:")
    typer.echo("  MUSIC_TRACKER_ENV_FILE=data/demo/demo.env .venv/bin/music-tracker page")
    typer.echo(f"DEMO pages, labelled as such: {(pages / 'index.html').as_uri()}")


def _remove_last_demo(home: Path) -> None:
    """Remove what the last demo made, except Prefect's database: creating that again takes seconds."""
    home.mkdir(parents=True, exist_ok=True)
    for path in home.iterdir():
        if path.name == RUN_RECORDS:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


@contextmanager
def _sandbox(export: Path, seed: int, artists: int) -> Iterator[dict[str, str]]:
    """Serve the sandbox in a process of its own and yield the variables that lead to it."""
    _say("Starting the sandbox: Spotify, MusicBrainz and Nominatim on this machine alone.")
    command = [
        *(sys.executable, "-m", "sandbox", "--seed", str(seed), "--artists", str(artists)),
        *("--port", "0", "--export-zip", str(export), "--print-env"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=project_root())
    try:
        yield _variables(process)
    finally:
        process.terminate()
        process.wait(timeout=20)


def _variables(process: subprocess.Popen[str]) -> dict[str, str]:
    """Read the sandbox's `export NAME=value` lines until it says that it is ready."""
    assert process.stdout is not None
    variables: dict[str, str] = {}
    for line in process.stdout:
        if line.startswith("# ready"):
            return variables
        name, _, value = line.removeprefix("export ").strip().partition("=")
        variables[name] = "".join(shlex.split(value))
    raise ServiceUnavailable("The sandbox did not start.", hint="Run `music-tracker sandbox` to see why.")


def _environment(home: Path, variables: dict[str, str]) -> dict[str, str]:
    """Write the demo's own settings file, and return an environment in which nothing else is set."""
    settings = {
        **variables,
        "DATA_BASE_PATH": str(home / "src"),
        "CACHE_DIR": str(home / "cache"),
        "DUCKDB_PATH": str(home / "music_tracker.duckdb"),
        "SPOTIFY_REQUESTS_PER_SECOND": "200",
        "SPOTIFY_DAILY_BUDGET": "5000",
        "MUSIC_TRACKER_DEMO": "true",
    }
    env_file = home / "demo.env"
    env_file.write_text("".join(f'{name}="{value}"\n' for name, value in sorted(settings.items())), encoding="utf-8")
    env_file.chmod(0o600)
    ours = {name.upper() for name in Settings.model_fields}
    kept = {name: value for name, value in os.environ.items() if name not in ours and not name.startswith("PREFECT_")}
    return {**kept, "MUSIC_TRACKER_ENV_FILE": str(env_file), "PREFECT_HOME": str(home / RUN_RECORDS)}


def _step(environment: dict[str, str], title: str, command: list[str]) -> None:
    """Run one `music-tracker` command as a person would, with its output shown as it comes.

    Errors: ends the demo with the command's exit code.
    """
    _say(f"{title}: music-tracker {command[0]}")
    done = subprocess.run([sys.executable, "-m", "extract_load", *command], env=environment, check=False)
    if done.returncode != 0:
        raise typer.Exit(done.returncode)


def _say(text: str) -> None:
    typer.secho(f"\n{text}", bold=True)
