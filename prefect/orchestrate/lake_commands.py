"""`music-tracker lake`: build buckets by hand, maintain the lake, check it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Annotated

import typer

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.settings import Settings, load_settings
from extract_load.storage.opening import open_state
from extract_load.storage.ports import State

app = typer.Typer(help="A lake of many listeners: build, maintain, check (docs/scaling.md).", no_args_is_help=True)


@app.command()
def build(
    bucket: Annotated[int | None, typer.Option(min=0, help="One bucket; default: those with something new.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Build also when nothing changed.")] = False,
) -> None:
    """Build the catalogue, then buckets, one after the other, and publish their listeners; needs no server."""
    from orchestrate.dbt_build.buckets import build_bucket, build_catalogue, dirty_buckets

    with _lake() as (settings, state):
        done = [build_catalogue(settings, state, force=force)]
        _print(done[0].name, done[0].skipped_reason or f"{done[0].files:,} files with {done[0].rows:,} new rows.")
        everything = range(settings.warehouse_buckets)
        wanted = [bucket] if bucket is not None else everything if force else dirty_buckets(settings, state)
        for one in wanted:
            built = build_bucket(settings, one, state, force=force)
            names = ", ".join(built.published)
            _print(f"bucket {built.name}", built.skipped_reason or f"{built.rows:,} new rows; published: {names}.")
            done.append(built)
    if any(one.failed for one in done):
        raise BadInput("Blocking tests failed; what was published before stays.", hint="The lines above name them.")


@app.command()
def maintain() -> None:
    """Put small files together and remove what no snapshot of the last day needs; `daily-etl` does it every day."""
    from extract_load.storage.lake import maintenance
    from extract_load.storage.lake.warehouse import LakeWarehouse

    with _lake() as (settings, _):
        done = maintenance.maintain(LakeWarehouse(settings))
    _print("lake", f"{done.files:,} files of rows (before: {done.files_before:,}); {done.removed:,} old ones removed.")


@app.command()
def check() -> None:
    """Count each listener's rows by two queries that must agree: a lake that misses rows does so without a word."""
    from extract_load.storage.lake.maintenance import missed_rows
    from extract_load.storage.lake.warehouse import LakeWarehouse

    with _lake() as (settings, _), LakeWarehouse(settings).open("music-tracker lake check") as connection:
        missed = missed_rows(connection)
    if missed:
        found = ", ".join(f"{name} ({rows:,})" for name, rows in missed.items())
        hint = "The plays are safe in the spool: make a new lake from it (docs/scaling.md)."
        raise BadInput(f"A filter by listener misses rows: {found}.", hint=hint)
    _print("lake", "Every row is found.")


@contextmanager
def _lake() -> Iterator[tuple[Settings, State]]:
    settings = load_settings()
    if not settings.is_lake:
        raise ConfigurationError("WAREHOUSE names no lake.", hint="docs/scaling.md says when one is needed, and how.")
    with closing(open_state(settings)) as state:
        yield settings, state


def _print(what: str, said: str) -> None:
    typer.echo(f"{what}: {said}")
