"""A Prefect server as a child process: `python -m orchestrate.server.process temporary|own PORT`, on 127.0.0.1.

It asks for the password in PREFECT_SERVER_API_AUTH_STRING, and answers neither pages of another origin nor requests by
another name of this machine. `temporary`: the API for the length of one run, without UI, schedules or triggers. `own`:
with them, for `music-tracker serve`. Either ends when its standard input is closed, so it is never orphaned.
"""

from __future__ import annotations

import os
import sys
import threading

from extract_load.core.private_files import keep_files_private
from orchestrate.server.credentials import new_password
from orchestrate.server.own_pages import OwnPagesOnly

QUIET = {"PREFECT_SERVER_ANALYTICS_ENABLED": "false", "PREFECT_SERVER_LOGGING_LEVEL": "WARNING"}
WITHOUT_PAGES = {"PREFECT_UI_ENABLED": "false", "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false"}


def main(kind: str, port: int) -> None:
    """Serve until standard input is closed."""
    keep_files_private()
    os.environ.setdefault("PREFECT_SERVER_API_AUTH_STRING", new_password())  # never open; nobody knows it then
    for name, value in {**QUIET, **(WITHOUT_PAGES if kind == "temporary" else {})}.items():
        os.environ.setdefault(name, value)
    os.environ["PREFECT_SERVER_CORS_ALLOWED_ORIGINS"] = f"http://127.0.0.1:{port},http://localhost:{port}"
    os.environ["PREFECT_UI_API_URL"] = "/api"
    import uvicorn
    from prefect.server.api.server import create_app

    if kind == "temporary":
        delete_old_runs_in_ephemeral_servers()
    app = create_app(ephemeral=kind == "temporary", final=True)
    server = uvicorn.Server(
        uvicorn.Config(
            OwnPagesOnly(app, port),
            host="127.0.0.1",
            port=port,
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=10,
        )
    )

    def stop_with_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=stop_with_parent, daemon=True).start()
    server.run()


def delete_old_runs_in_ephemeral_servers() -> None:
    """Let a temporary server delete old runs as well; Prefect leaves that to permanent ones, which some never have.

    Its first round comes as the server starts, in batches, so a run does not wait for it.
    """
    from prefect.server.services import db_vacuum
    from prefect.server.services.perpetual_services import get_perpetual_services

    for service in get_perpetual_services():
        if service.function.__module__ == db_vacuum.__name__:
            service.run_in_ephemeral = True


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
