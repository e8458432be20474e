"""`music-tracker page`: serve the pages over the published file."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import load_settings

PORT = 8765
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(page)


def page(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="Another than loopback needs PAGE_TOKEN.")] = "127.0.0.1",
) -> None:
    """Serve your listening as pages to look at, read-only, until Ctrl-C."""
    settings = load_settings()
    token = settings.page_token.get_secret_value() if settings.page_token else ""
    check_host(host, token)

    from page.app import build_app
    from page.database import Database
    from page.server import serve

    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    app = build_app(Database(settings.published_path), () if host in {"0.0.0.0", "::"} else (host,), token)
    serve(app, host, port, lambda url: typer.echo(f"Your pages: {url}  (Ctrl-C stops)"))


def check_host(host: str, token: str) -> None:
    """Raise ConfigurationError for an address that others can reach while no token guards the pages."""
    if host not in LOOPBACK and not token:
        hint = "Set PAGE_TOKEN to a long random text, or leave --host out."
        raise ConfigurationError(f"Pages on {host} could be read by everybody who reaches it.", hint=hint)
