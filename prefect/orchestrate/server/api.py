"""Which Prefect server a run talks to: the one that is set, the one that answers on this machine, or a temporary one.

The temporary one is a child process with a port of its own. It keeps its records in PREFECT_HOME like a permanent one,
writes its log to a file beside them, and ends with the process that started it, however that one ends.
"""

from __future__ import annotations

import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.core.network_environment import is_loopback
from extract_load.core.settings import Settings
from extract_load.monitoring.health import CheckResult

log = logging.getLogger(__name__)

LOCAL_HOST = "127.0.0.1"
LOCAL_PORT = 4200
LOCAL_API = f"http://{LOCAL_HOST}:{LOCAL_PORT}/api"
LARGEST_LOG_BYTES = 5_000_000
_PROBE_SECONDS = 3.0
_STOP_SECONDS = 20.0


def configured_api() -> str | None:
    """Return the address in Prefect's own settings (environment, .env, profile), None when there is none."""
    from prefect.settings import get_current_settings

    url = get_current_settings().api.url
    return str(url) if url else None


def running_api(settings: Settings) -> str | None:
    """Return the address of a running server: the one that is set, else one at the usual place; None for the demo.

    A PREFECT_HOME that is set means a separate installation, so the usual place is not tried then.
    """
    url = configured_api()
    if url:
        if answers(url):
            return url
        log.warning("The Prefect server at %s does not answer.", url)
        return None
    if settings.music_tracker_demo or os.environ.get("PREFECT_HOME"):
        return None
    return LOCAL_API if answers(LOCAL_API) else None


def needed_api(settings: Settings) -> str:
    """Return the address of a running server. Errors: ConfigurationError that says how to start one."""
    url = running_api(settings)
    if url is None:
        where = configured_api() or LOCAL_API
        raise ConfigurationError(
            f"No Prefect server answers at {where}.",
            hint="Start one with `docker-compose up -d prefect-server prefect-db` or `prefect server start`,"
            " or set PREFECT_API_URL to yours.",
        )
    return url


def answers(url: str) -> bool:
    """Return whether a Prefect server answers there."""
    try:
        return _get(url, "/health").json() is True
    except (httpx.HTTPError, httpx.InvalidURL, ValueError):
        return False


def _get(url: str, path: str) -> httpx.Response:
    """Ask a server, by no proxy where it is on this machine."""
    direct = is_loopback(urlsplit(url).hostname)
    return httpx.get(f"{url}{path}", timeout=_PROBE_SECONDS, trust_env=not direct)


def server_version(url: str) -> CheckResult:
    """Return the check result of the server's version of Prefect against ours."""
    import prefect

    theirs = str(_get(url, "/admin/version").json())
    if theirs == prefect.__version__:
        return CheckResult("server", "ok", f"The Prefect server at {url} has our version, {theirs}.")
    text = f"The Prefect server at {url} has version {theirs}, ours is {prefect.__version__}."
    return CheckResult("server", "warning", text, "Run the same version on both sides.")


@contextmanager
def api_in_use(url: str) -> Iterator[None]:
    """Make this process, and those it starts, use the server at `url`."""
    from prefect.settings import PREFECT_API_URL, temporary_settings

    before = os.environ.get("PREFECT_API_URL")
    os.environ["PREFECT_API_URL"] = url
    try:
        with temporary_settings({PREFECT_API_URL: url}):
            yield
    finally:
        if before is None:
            del os.environ["PREFECT_API_URL"]
        else:
            os.environ["PREFECT_API_URL"] = before


@contextmanager
def temporary_api() -> Iterator[str]:
    """Run a server for the length of the block and yield its address.

    Errors: ServiceUnavailable when it does not come up in `server.ephemeral.startup_timeout_seconds`.
    """
    with _server("temporary", _free_port()) as url:
        yield url


@contextmanager
def own_api() -> Iterator[str]:
    """Run a server with UI and schedules at the usual place, for the length of the block. Errors: as temporary_api."""
    with _server("own", LOCAL_PORT) as url:
        yield url


@contextmanager
def _server(kind: str, port: int) -> Iterator[str]:
    from prefect.settings import get_current_settings

    settings = get_current_settings()
    log_file = Path(settings.home) / f"{kind}-server.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    rotate_log(log_file)
    url = f"http://{LOCAL_HOST}:{port}/api"
    with log_file.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "orchestrate.server.process", kind, str(port)],
            stdin=subprocess.PIPE,
            stdout=out,
            stderr=out,
            start_new_session=True,  # a Ctrl-C is for the run; the server ends after the run has reported everything
        )
        try:
            _wait_for(process, url, float(settings.server.ephemeral.startup_timeout_seconds), log_file)
            yield url
        finally:
            _stop(process)


def rotate_log(log_file: Path, largest_bytes: int = LARGEST_LOG_BYTES) -> None:
    """Put a log file aside that has grown too large, in the place of the one before it."""
    if log_file.is_file() and log_file.stat().st_size > largest_bytes:
        log_file.replace(log_file.with_name(f"{log_file.name}.1"))


def _wait_for(process: subprocess.Popen[bytes], url: str, seconds: float, log_file: Path) -> None:
    deadline = time.monotonic() + seconds
    while not (_listens(url) and answers(url)):
        if process.poll() is not None or time.monotonic() > deadline:
            what = "ended at once" if process.poll() is not None else f"did not start within {seconds:.0f} s"
            raise ServiceUnavailable(f"Prefect's server {what}.", hint=f"See {log_file}.")
        time.sleep(0.1)


def _listens(url: str) -> bool:
    """Return whether anything listens there: a much cheaper check to repeat than a request to the server."""
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname or LOCAL_HOST, parts.port or LOCAL_PORT), timeout=1).close()
    except OSError:
        return False
    return True


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Let the server write what it still holds, then end it."""
    if process.stdin:
        process.stdin.close()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((LOCAL_HOST, 0))
        return int(probe.getsockname()[1])
