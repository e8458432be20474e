"""The maintenance commands: rebuild, backup (and `backup verify`), restore, compact, forget, export."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.settings import Settings, load_settings, project_root
from extract_load.core.text import pluralize, printable
from extract_load.monitoring.disk_usage import readable_size
from extract_load.storage.opening import open_state, open_warehouse, require_file
from extract_load.storage.ports import State

if TYPE_CHECKING:
    from extract_load.maintenance.forget import ForgetPlan
    from extract_load.maintenance.forget_request import ErasureRequest
    from extract_load.maintenance.rebuild import RebuildReport

BACKUPS_FOLLOW = (
    "Backups follow when they are made again: music-tracker backup DIR. What you exported is yours to delete."
)
ReportProgress = Callable[[int, int], None]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    for command in (rebuild, backup, restore, compact, forget, export):
        app.command()(command)


def rebuild() -> None:
    """Rebuild the warehouse from spool, cache and seeds, without a single request."""
    from extract_load.maintenance.marts_builder import find_transform
    from extract_load.maintenance.rebuild import rebuild as make
    from extract_load.maintenance.rebuild import seeds_dir

    transform = find_transform()
    with _settings_and_state() as (settings, state), _progress_bar("Landing files") as progress:
        if settings.is_lake:
            from extract_load.maintenance.lake_erasure import finish_lake_erasure, rebuild_lake

            landed = finish_lake_erasure(settings, state) or rebuild_lake(settings, state, seeds_dir())
            typer.echo(f"{pluralize(landed.files, 'file')} landed again. Next: music-tracker lake build --force")
            return
        report = make(settings, state, transform, progress=progress)
    print_rebuilt(report)


def backup(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[verify] [DIR]", help="Where to; `verify DIR` checks one. Default: BACKUP_DIR, else data/backup."
        ),
    ] = None,
) -> None:
    """Copy everything that can't be fetched again, while everything runs; only what is new is copied.

    `music-tracker backup verify DIR` reads every byte of a backup, restores it to a temporary folder, builds the marts
    from it, and compares them with those that were published when it was made.
    """
    given = list(words or [])
    checks = bool(given) and given[0] == "verify"
    if checks:
        given.pop(0)
    if len(given) > 1 or (checks and not given):
        raise ConfigurationError("One folder is needed.", hint="`backup DIR`, or `backup verify DIR`.")
    if checks:
        _verify(Path(given[0]))
    else:
        _backup(Path(given[0]) if given else None)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A backup.")],
    despite_damage: Annotated[bool, typer.Option(help="Restore what is intact when files are damaged.")] = False,
    then_rebuild: Annotated[bool, typer.Option("--rebuild/--no-rebuild", help="Build the warehouse from it.")] = True,
) -> None:
    """Restore the files of a backup: into an empty data directory, or those that are missing."""
    from extract_load.maintenance.marts_builder import find_transform
    from extract_load.maintenance.rebuild import rebuild as make
    from extract_load.maintenance.restore import restore as put_back

    transform = find_transform() if then_rebuild else None
    settings = load_settings()
    require_file(settings, "Restoring")
    with _progress_bar("Restoring files") as progress:
        report = put_back(settings, folder, despite_damage=despite_damage, progress=progress)
    typer.echo(f"{pluralize(report.restored, 'file')} restored, {report.already_there:,} were there already.")
    for line in report.left_out:
        typer.secho(f"Left out: {printable(line)}.", fg=typer.colors.YELLOW)
    if transform is None:
        typer.echo("Next: music-tracker rebuild")
        return
    typer.echo("Building the warehouse and its reports from them; that takes minutes.")
    with _settings_and_state() as (settings, state), _progress_bar("Landing files") as progress:
        rebuilt = make(settings, state, transform, progress=progress)
    print_rebuilt(rebuilt)


def compact(
    older_than_days: Annotated[int, typer.Option(min=1, help="Days (UTC) that stay as many small files.")] = 2,
) -> None:
    """Compact the many small spool files of each past day into one; nothing else changes."""
    from extract_load.maintenance.compact import compact as put_together

    require_file(load_settings(), "Compacting")
    with _settings_and_state() as (settings, _), _progress_bar("Days") as progress:
        report = put_together(settings, open_warehouse(settings), older_than_days=older_than_days, progress=progress)
    typer.echo(
        f"{report.files:,} files of {report.days:,} days became {report.days:,}"
        f" ({readable_size(report.bytes_before)} before, {readable_size(report.bytes_after)} now)."
    )
    for line in report.left_alone:
        typer.secho(f"Left as it is: {printable(line)}", fg=typer.colors.YELLOW)


def forget(
    *,
    play: Annotated[str | None, typer.Option(help="The key of one play (marts.fct_plays.play_key).")] = None,
    artist: Annotated[str | None, typer.Option(help="An artist: name, Spotify address or id, MBID.")] = None,
    since: Annotated[str | None, typer.Option("--from", help="Plays that ended from then on.")] = None,
    until: Annotated[str | None, typer.Option(help="Plays that ended before then.")] = None,
    note: Annotated[str | None, typer.Option(help="Kept beside the rule, for yourself.")] = None,
    listener: Annotated[
        str | None, typer.Option("--listener", metavar="ID", help="Whose; needed with several listeners.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Erase a play, an artist or a time span from everything: spool, cache, warehouse, and backups to come.

    Times are like 2024-05-01 or "2024-05-01 18:30" in the listener's time zone. What is played later counts again.
    """
    from extract_load.maintenance.forget import finish_erasure, plan_forgetting
    from extract_load.maintenance.forget import forget as take_out
    from extract_load.maintenance.lake_erasure import bring_everything, erase_from_lake
    from extract_load.maintenance.marts_builder import find_transform

    transform = find_transform()
    with _settings_and_state() as (settings, state):
        with _progress_bar("Landing files") as progress:
            finished = finish_erasure(settings, state, transform, progress=progress)
        if finished:
            drop_dev_build()
            typer.echo("An earlier forget had been interrupted; it is finished now. Run this again for anything else.")
            return
        if settings.is_lake:
            bring_everything(settings)
        request = _erasure_request(_own(settings, listener), play, artist, since, until)
        plan = plan_forgetting(settings, open_warehouse(settings), request)
        _confirm(plan, yes=yes)
        if settings.is_lake:
            erase_from_lake(settings, state, plan.rules, note=note)
            typer.echo("Erased. Next: music-tracker lake build --force; delete data/buckets on every other machine.")
            return
        with _progress_bar("Landing files") as progress:
            report = take_out(settings, state, transform, plan, note=note, progress=progress)
        drop_dev_build()
    print_rebuilt(report)
    typer.echo(BACKUPS_FOLLOW)


def _confirm(plan: ForgetPlan, *, yes: bool) -> None:
    """Say what a plan takes, and ask."""
    from extract_load.maintenance.forget import list_taken

    typer.echo(
        f"This erases {plan.plays_in_exports:,} plays from exports and {plan.plays_in_polls:,} from polls"
        f" ({plan.lines:,} lines in {plan.files:,} files). It can't be undone from here."
    )
    typer.echo("\n".join(list_taken(plan.taken)))
    if not yes:
        typer.confirm("Forget them?", abort=True)


def export(
    forms: Annotated[
        list[str] | None,
        typer.Option("--format", help="parquet, csv, listenbrainz, maloja, tables; may be repeated."),
    ] = None,
    folder: Annotated[Path | None, typer.Option("--to", help="Where to. Default: data/export.")] = None,
    rule: Annotated[str | None, typer.Option(help="Only plays that count: any, spotify30, lastfm, completed.")] = None,
    private: Annotated[bool, typer.Option(help="With what was played in a private session, or without.")] = True,
    listener: Annotated[
        list[str] | None, typer.Option("--listener", metavar="ID", help="Only this one; may be repeated.")
    ] = None,
) -> None:
    """Write every play once, in formats that other programs read; of several listeners into a folder for each."""
    from extract_load.core.listeners import chosen_listeners, settings_of
    from extract_load.maintenance.export import FORMATS
    from extract_load.maintenance.export import export as write
    from extract_load.monitoring.health import BEGIN

    settings = load_settings()
    chosen = [form for form in FORMATS if form in (forms or ["parquet", "csv", "listenbrainz"])]
    unknown = sorted(set(forms or []) - set(FORMATS))
    if unknown:
        raise ConfigurationError(f"There is no format {unknown[0]}.", hint=f"There are {', '.join(FORMATS)}.")
    target = folder or settings.data_dir / "export"
    for one in chosen_listeners(settings, listener or ()):
        place = target / one.listener_id if settings.has_several_listeners else target
        every_written = write(settings_of(settings, one), place, chosen, rule=rule, with_private=private)
        for written in every_written:
            typer.echo(f"{written.rows:>10,} rows  {written.path}")
            for note in written.notes:
                typer.secho(f"{'':>12}{note}", fg=typer.colors.YELLOW)
        if not any(written.rows for written in every_written):
            typer.secho(f"There are no plays to export. {BEGIN}", fg=typer.colors.YELLOW)


def _backup(folder: Path | None) -> None:
    from extract_load.maintenance.backup import backup as copy
    from extract_load.maintenance.scheduled_backup import back_up_by_hand

    settings = load_settings()
    require_file(settings, "A backup")
    target = folder or settings.backup_path
    with _progress_bar("Files") as progress:
        if target and target.expanduser().resolve() == (settings.backup_path and settings.backup_path.resolve()):
            with _settings_and_state() as (_, state):
                report = back_up_by_hand(settings, state, is_named=folder is not None, progress=progress)
        else:
            report = copy(settings, target or settings.data_dir / "backup", progress=progress)
    typer.echo(
        f"{report.files:,} files are in {report.folder}; {report.copied:,} of them"
        f" ({readable_size(report.copied_bytes)}) copied now, {report.removed:,} taken out."
    )
    for line in report.kept:
        typer.secho(f"Left unchanged: {printable(line)}.", fg=typer.colors.YELLOW)
    if target is None:
        typer.echo("It lies on the same disk as the data: name a folder elsewhere to be safe from losing the disk.")


def _verify(folder: Path) -> None:
    from extract_load.maintenance.marts_builder import find_transform
    from extract_load.maintenance.verify import verify

    transform = find_transform()
    settings = load_settings()
    typer.echo("Reading every byte, then building the reports from it in a temporary folder; that takes minutes.")
    with _progress_bar("Landing files") as progress:
        report = verify(settings, folder, transform, progress=progress)
    for line in report.notes:
        typer.echo(line)
    if not report.is_good:
        raise BadInput(
            f"The marts differ from those that were published: {'; '.join(report.differences or ())}.",
            hint="The files are intact. If the program or a seed changed since, make a new backup after an etl.",
        )
    typer.secho(
        f"Good: {report.files:,} files intact, {report.rows:,} rows landed, {report.plays:,} plays"
        + (", the marts equal to the published ones." if report.differences is not None else "."),
        fg=typer.colors.GREEN,
    )


def _own(settings: Settings, listener: str | None) -> Settings:
    """Return the settings of the one who is meant. Errors: ConfigurationError when nobody is named of several."""
    from extract_load.core.listeners import only_listener, settings_of

    return settings_of(settings, only_listener(settings, listener))


def _erasure_request(
    settings: Settings, play: str | None, artist: str | None, since: str | None, until: str | None
) -> ErasureRequest:
    from extract_load.maintenance.forget_request import ErasureRequest

    if play and (artist or since or until):
        raise ConfigurationError("A play is named by its key alone.", hint="Give --play, or the others.")
    if not (play or artist or since or until):
        raise ConfigurationError("Nothing is named.", hint="Give --play, --artist, or --from and --until.")
    end = _parse_utc(settings, "--until", until)
    return ErasureRequest(
        play_key=play,
        artist=artist,
        listener_id=settings.listener_id if settings.has_several_listeners else None,
        reaches_from=_parse_utc(settings, "--from", since),
        reaches_until=end - timedelta(microseconds=1) if end else None,
    )


def _parse_utc(settings: Settings, option: str, text: str | None) -> datetime | None:
    """Return a time in the listener's zone as naive UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ConfigurationError(f"{option} is not a time.", hint='Write 2024-05-01 or "2024-05-01 18:30".') from None
    local = at if at.tzinfo else at.replace(tzinfo=settings.zone)
    return local.astimezone(UTC).replace(tzinfo=None)


def drop_dev_build() -> None:
    """Delete what a bare `dbt build` made: it still holds what was erased, and the next one makes it again."""
    for name in ("dev.duckdb", "dev.duckdb.wal"):
        (project_root() / "dbt_project" / name).unlink(missing_ok=True)


def print_rebuilt(report: RebuildReport) -> None:
    """Print what a rebuild made. Errors: BadInput naming the blocking tests that failed."""
    from extract_load.monitoring.health import BEGIN

    plays = report.marts.get("marts.fct_plays")
    landed = sum(report.landing.landed.values())
    typer.echo(f"{landed:,} rows of {report.landing.files:,} files landed; {plays.rows if plays else 0:,} plays.")
    if report.landing.files == 0:
        typer.secho(f"There was nothing to make it from yet. {BEGIN}", fg=typer.colors.YELLOW)
    for name in report.landing.unreadable:
        typer.secho(f"Can't be read: {printable(name)}", fg=typer.colors.YELLOW)
    if report.differences == []:
        typer.secho("The marts are equal to the ones published before.", fg=typer.colors.GREEN)
    elif report.differences:
        typer.echo(f"Different from what was published before: {'; '.join(report.differences)}.")
    if report.failed_tests:
        raise BadInput(
            f"Blocking tests failed: {', '.join(report.failed_tests[:5])}.", hint="`music-tracker status` says more."
        )


@contextmanager
def _settings_and_state() -> Iterator[tuple[Settings, State]]:
    """Yield the settings and the open state."""
    settings = load_settings()
    state = open_state(settings)
    try:
        yield settings, state
    finally:
        state.close()


@contextmanager
def _progress_bar(title: str) -> Iterator[ReportProgress]:
    """Show a progress bar, on a terminal only."""
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task(title, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
