"""Prefect's start-up hook of this project: `prefect deployment run daily-etl` works by its bare name.

Prefect wants FLOW/DEPLOYMENT; our deployments bear the names of their flows, so the rest of the name is known. Where no
server is set but one answers locally, the command line uses that one; a server of this installation is given its
password, and one that starts here asks for it. Switched on in pyproject.toml
(`[tool.prefect]`), so it counts for commands that are given in the project's root; it acts on Prefect's command line
alone, never on runs, workers or servers, and imports nothing heavy.
"""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from prefect.plugins import SetupResult, register_hook

from extract_load.core.errors import ConfigurationError
from extract_load.core.flows import FLOWS
from extract_load.core.network_environment import prepare_network, require_certificates
from extract_load.core.settings import load_settings
from orchestrate.server.credentials import CLIENT_VARIABLE, server_environment

if TYPE_CHECKING:
    from prefect.plugins import HookContext

log = logging.getLogger(__name__)

WITHOUT_SERVER = ("server", "config", "profile", "version", "--version", "--help")


@register_hook
def setup_environment(*, ctx: HookContext) -> SetupResult | None:
    """Complete a bare deployment name, find the local server where none is set, and its password; protect a new one."""
    if not _is_command_line(sys.argv[0]):
        return None
    _prepare_requests()
    sys.argv[1:] = completed(sys.argv[1:])
    words = [word for word in sys.argv[1:] if not word.startswith("-")]
    try:
        if words[:2] == ["server", "start"]:
            return SetupResult(env=server_environment(load_settings()))
        if not words or words[0] in WITHOUT_SERVER:
            return None
        return _way_to_the_server(ctx.api_url)
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None


def _way_to_the_server(configured: str | None) -> SetupResult | None:
    """Return the address of the server, where none is set, and its password."""
    from orchestrate.server.api import LOCAL_API, answers, password_of

    local = None if os.environ.get("PREFECT_HOME") else LOCAL_API
    url = configured or local
    if url is None or not answers(url):
        return None
    found = {} if configured else {"PREFECT_API_URL": url}
    word = password_of(url, load_settings())
    return SetupResult(env={**found, CLIENT_VARIABLE: word} if word else found)


def _prepare_requests() -> None:
    """Let the command reach a server on this machine whatever the variables of proxies and certificates say."""
    for sentence in prepare_network():
        log.warning("%s", sentence)
    try:
        require_certificates()
    except ConfigurationError as error:
        raise SystemExit(str(error)) from None


def completed(arguments: list[str]) -> list[str]:
    """Return the arguments with a bare deployment name of this project after `deployment` written out in full."""
    if arguments[:1] != ["deployment"]:
        return arguments
    return [f"{word}/{word}" if word in FLOWS else word for word in arguments]


def _is_command_line(program: str) -> bool:
    """Return whether this process is `prefect ...` or `python -m prefect ...`."""
    path = Path(program)
    return path.stem == "prefect" or path.parts[-2:] == ("prefect", "__main__.py")
