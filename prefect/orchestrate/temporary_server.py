"""The temporary server's own process: `python -m orchestrate.temporary_server PORT`.

Prefect's API without UI, schedules or triggers, on 127.0.0.1. It ends when its standard input is closed, so it never
outlives the process that started it.
"""

from __future__ import annotations

import os
import sys
import threading

os.environ.setdefault("PREFECT_UI_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_ANALYTICS_ENABLED", "false")
os.environ.setdefault("PREFECT_SERVER_LOGGING_LEVEL", "WARNING")


def main() -> None:
    """Serve until standard input is closed."""
    import uvicorn
    from prefect.server.api.server import create_app

    server = uvicorn.Server(
        uvicorn.Config(
            create_app(ephemeral=True, final=True),
            host="127.0.0.1",
            port=int(sys.argv[1]),
            log_level="warning",
            access_log=False,
            timeout_graceful_shutdown=10,
        )
    )

    def stop_with_the_parent() -> None:
        sys.stdin.buffer.read()
        server.should_exit = True

    threading.Thread(target=stop_with_the_parent, daemon=True).start()
    server.run()


if __name__ == "__main__":
    main()
