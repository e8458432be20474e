"""`music-tracker page`: serve the pages over the published file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from extract_load.core.errors import ConfigurationError
from extract_load.core.listeners import only_listener, published_path_of
from extract_load.core.settings import Settings, load_settings

PORT = 8765
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(page)


def page(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free one.")] = PORT,
    host: Annotated[str, typer.Option(help="Another than loopback needs PAGE_TOKEN.")] = "127.0.0.1",
    to: Annotated[Path | None, typer.Option(metavar="DIR", help="Write the pages there instead.")] = None,
    share: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Write pages to share there: sums only, no days and times.")
    ] = None,
    listener: Annotated[str | None, typer.Option(metavar="ID", help="Whose, for --to and --share.")] = None,
) -> None:
    """Serve your listening as pages to look at, read-only, until Ctrl-C; or write them into a folder."""
    settings = load_settings()
    if to and share:
        raise ConfigurationError("--to and --share are two things.", hint="Leave one of them out.")
    if folder := to or share:
        _write(_file_of(settings, listener), folder, is_shared=share is not None)
        return
    token = settings.page_token.get_secret_value() if settings.page_token else ""
    check_host(host, token)

    from page.app import build_app
    from page.household import Household
    from page.server import serve

    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    app = build_app(Household(settings), () if host in {"0.0.0.0", "::"} else (host,), token, settings.page_embed_site)
    serve(app, host, port, lambda url: typer.echo(f"Your pages: {url}  (Ctrl-C stops)"))


def _file_of(settings: Settings, listener: str | None) -> Path:
    """Return the published file to write. Errors: ConfigurationError when nobody is named of several listeners."""
    return published_path_of(settings, only_listener(settings, listener).listener_id)


def _write(published: Path, folder: Path, *, is_shared: bool) -> None:
    """Write a folder and say where. Errors: those of `write_snapshot`."""
    from page.formats import counted
    from page.snapshot import write_snapshot

    written = write_snapshot(published, folder.expanduser().absolute(), is_shared=is_shared)
    address = (written.folder / "index.html").as_uri()
    typer.echo(f"{counted(written.pages, 'page')}, {written.size / 1e6:.1f} MB: {address}")


def check_host(host: str, token: str) -> None:
    """Raise ConfigurationError for an address that others can reach while no token guards the pages."""
    if host not in LOOPBACK and not token:
        hint = "Set PAGE_TOKEN to a long random text, or leave --host out."
        raise ConfigurationError(f"Pages on {host} could be read by everybody who reaches it.", hint=hint)
