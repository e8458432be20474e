"""`music-tracker alert`: which alerts are open, and with `--test` whether each address of ALERT_URLS works."""

from __future__ import annotations

from typing import Annotated

import typer

from extract_load.core.settings import Settings, load_settings
from extract_load.monitoring.alert_addresses import LOG, addresses_of
from extract_load.monitoring.alerts import open_alerts
from extract_load.storage.opening import open_state


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(alert)


def alert(
    test: Annotated[
        bool, typer.Option("--test", help="Send a test message to each address, and say which work.")
    ] = False,
) -> None:
    """Show the open alerts; with --test send a test message to each address of ALERT_URLS."""
    settings = load_settings()
    if test:
        raise typer.Exit(_send_test(settings))
    state = open_state(settings)
    try:
        texts = open_alerts(state)
    finally:
        state.close()
    for text in texts.values():
        typer.echo(text)
    if not texts:
        typer.echo("No alert is open.")


def _send_test(settings: Settings) -> int:
    """Send a test message to each address; return the exit code, 1 when one of them did not take it."""
    failed = 0
    for address in addresses_of(settings):
        if address.id == LOG:
            typer.echo("ALERT_URLS is empty: alerts are log lines.")
        elif not address.is_known:
            failed += 1
            typer.secho(
                f"{address.name}: Apprise does not know this form; see its list of services.", fg=typer.colors.RED
            )
        elif address.send("Music tracker: a test", "This is a test; nothing is wrong.", False):
            typer.secho(f"{address.name}: the message was delivered.", fg=typer.colors.GREEN)
        else:
            failed += 1
            typer.secho(f"{address.name}: the message could not be delivered.", fg=typer.colors.RED)
    return 1 if failed else 0
