"""`music-tracker listener add|list|rename|share|remove`: who listens here."""

from __future__ import annotations

from typing import Annotated

import typer
from pydantic import SecretStr

from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import find_listener, has_signed_in, registry_of, settings_of
from extract_load.core.settings import Settings, load_settings
from extract_load.core.text import printable
from extract_load.storage.opening import open_state

_ERASED_FROM_LAKE = (
    "Erased. Next: music-tracker lake build --force. On every other machine delete data/buckets and"
    " data/listeners/{listener_id}."
)
IdArgument = Annotated[str, typer.Argument(metavar="ID", help="Of the listener, such as anna.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(no_args_is_help=True, help="Who listens here: several people in one installation.")
    group.command()(add)
    group.command("list")(list_)
    group.command()(rename)
    group.command()(share)
    group.command()(remove)
    app.add_typer(group, name="listener")


def add(
    listener_id: IdArgument,
    name: Annotated[str, typer.Option(help="To show instead of the id.")] = "",
    time_zone: Annotated[str, typer.Option(help="Such as Europe/Berlin. Default: LISTENER_TIMEZONE.")] = "",
    client_id: Annotated[
        str | None,
        typer.Option(help="Of their own Spotify app; the secret is asked for. Default: that of .env."),
    ] = None,
) -> None:
    """Add a listener; what is here stays as it is. They share nothing until `listener share`."""
    from extract_load.maintenance.listener_changes import add_listener

    settings = load_settings()
    secret = SecretStr(typer.prompt("The secret of the app", hide_input=True)) if client_id else None
    added = add_listener(settings, Listener(listener_id, name, time_zone), client_id=client_id, client_secret=secret)
    typer.echo(f"{printable(added.shown)} is a listener now.")
    typer.echo(f"Next: music-tracker auth --listener {listener_id}, or put an export of theirs into the inbox.")


def list_() -> None:
    """Show who listens here."""
    settings = load_settings()
    for one in registry_of(settings):
        typer.echo(printable(_line(settings, one)))


def rename(listener_id: IdArgument, name: Annotated[str, typer.Argument(help="The name to show.")]) -> None:
    """Show a listener under another name; the id stays."""
    from extract_load.maintenance.listener_changes import change_listener

    changed = change_listener(load_settings(), listener_id, name=name)
    typer.echo(f"{listener_id} is shown as {printable(changed.shown)}.")


def share(
    listener_id: IdArgument,
    on: Annotated[bool, typer.Option("--on/--off", help="Agree, or take it back.")] = True,
) -> None:
    """Agree that sums of a listener's plays stand in the family file, or take that back; off until then."""
    from extract_load.maintenance.listener_changes import change_listener

    changed = change_listener(load_settings(), listener_id, shares=on)
    typer.echo(f"{printable(changed.shown)} {'agrees to be' if on else 'is no longer'} in the family file.")


def remove(listener_id: IdArgument, yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False) -> None:
    """Erase a listener everywhere: plays, answers that nobody else needs, sign-in, published file, state."""
    from extract_load.commands.maintenance import drop_dev_build, print_rebuilt
    from extract_load.maintenance.lake_erasure import bring_everything
    from extract_load.maintenance.marts_builder import find_transform
    from extract_load.maintenance.remove_listener import plan_removal, remove_from_lake, remove_listener

    transform, settings = find_transform(), load_settings()
    if settings.is_lake:
        bring_everything(settings)
    listener = find_listener(settings, listener_id)
    plan = plan_removal(settings, listener)
    typer.echo(f"This erases {printable(listener.shown)}: {plan.files:,} files of plays. It can't be undone from here.")
    if not yes:
        typer.confirm("Remove this listener?", abort=True)
    state = open_state(settings)
    try:
        if settings.is_lake:
            remove_from_lake(settings, state, plan)
            typer.echo(_ERASED_FROM_LAKE.format(listener_id=listener.listener_id))
            return
        report = remove_listener(settings, state, transform, plan)
    finally:
        state.close()
    drop_dev_build()
    print_rebuilt(report)
    typer.echo(
        "Backups follow when they are made again: music-tracker backup DIR. What you exported, what lies in inbox/done,"
        " and pages that were written are yours to delete."
    )


def _line(settings: Settings, listener: Listener) -> str:
    own = settings_of(settings, listener)
    parts = [
        own.listener_timezone,
        "signed in" if has_signed_in(own) else "not signed in",
        *(["own app"] if own.app_scope else []),
        "in the family file" if listener.shares else "shares nothing",
    ]
    name = f" ({listener.name})" if listener.name else ""
    return f"{listener.listener_id}{name}: {', '.join(parts)}"
