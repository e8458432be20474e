"""Which Prefect server a run talks to: the one that is set, the one that answers on this machine, or a temporary one.

The temporary one is a child process with a port of its own. It keeps its records in PREFECT_HOME like a permanent one,
writes its log to a file beside them, and ends with the process that started it, however that one ends.
"""

from __future__ import annotations

import base64
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.core.network_environment import is_loopback
from extract_load.core.settings import Settings
from extract_load.monitoring.check_result import CheckResult
from orchestrate.server.credentials import (
    CLIENT_VARIABLE,
    SERVER_VARIABLE,
    candidates,
    new_password,
    remember,
    server_password,
    temporary_password,
)

log = logging.getLogger(__name__)

LOCAL_HOST = "127.0.0.1"
LOCAL_PORT = 4200
LOCAL_API = f"http://{LOCAL_HOST}:{LOCAL_PORT}/api"
LARGEST_LOG_BYTES = 5_000_000
_PATIENCE = httpx.Timeout(30.0, connect=3.0)  # on a busy core an answer takes seconds, a connection does not
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


def is_open(url: str) -> bool:
    """Return whether a server lets anybody in without a password; its health would answer in any case."""
    return _version(url).status_code == httpx.codes.OK


def password_of(url: str, settings: Settings) -> str | None:
    """Return the password that a server accepts, None for an open one and for one that knows us by a key.

    Errors: ConfigurationError when it asks for one that is not known here.
    """
    from prefect.settings import get_current_settings

    api = get_current_settings().api
    given = os.environ.get(CLIENT_VARIABLE) or (api.auth_string.get_secret_value() if api.auth_string else None)
    if given or api.key or is_open(url):
        return given
    for word in candidates(url, settings):
        if _version(url, word).status_code == httpx.codes.OK:
            remember(settings, word)
            return word
    raise ConfigurationError(
        f"The Prefect server at {url} asks for a password that is not known here.",
        hint=f"`music-tracker password` prints it where the server was started; set {CLIENT_VARIABLE} to it.",
    )


def check_access(url: str) -> CheckResult:
    """Return the check result of who may use a server."""
    if is_open(url):
        text = f"The Prefect server at {url} asks for no password: any web page in a browser here can run code by it."
        hint = "Start it from the project's folder, by `prefect server start`, docker-compose or `music-tracker serve`."
        return CheckResult("open-server", "warning", text, hint)
    return CheckResult("server-access", "ok", f"The Prefect server at {url} asks for a password.")


def _version(url: str, word: str | None = None) -> httpx.Response:
    """Ask for the version, which a protected server gives to those with its password. Errors: ServiceUnavailable."""
    try:
        return _get(url, "/admin/version", word)
    except httpx.HTTPError as error:
        what = "did not answer in time" if isinstance(error, httpx.TimeoutException) else "ended the connection"
        raise ServiceUnavailable(f"The Prefect server at {url} {what}.", hint="Try again.") from None


def _get(url: str, path: str, word: str | None = None) -> httpx.Response:
    """Ask a server, by no proxy where it is on this machine."""
    direct = is_loopback(urlsplit(url).hostname)
    headers = {"Authorization": f"Basic {base64.b64encode(word.encode()).decode()}"} if word else {}
    return httpx.get(f"{url}{path}", timeout=_PATIENCE, trust_env=not direct, headers=headers)


def server_version(url: str, settings: Settings) -> CheckResult:
    """Return the check result of the server's version of Prefect against ours. Errors: as password_of."""
    import prefect

    theirs = str(_version(url, password_of(url, settings)).json())
    if theirs == prefect.__version__:
        return CheckResult("server", "ok", f"The Prefect server at {url} has our version, {theirs}.")
    text = f"The Prefect server at {url} has version {theirs}, ours is {prefect.__version__}."
    return CheckResult("server", "warning", text, "Run the same version on both sides.")


@contextmanager
def api_in_use(url: str, password: str | None = None) -> Iterator[None]:
    """Make this process, and those it starts, use the server at `url` with this password (else the one that is set)."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    password = password or os.environ.get(CLIENT_VARIABLE)
    with ExitStack() as stack:
        stack.enter_context(_variable("PREFECT_API_URL", url))
        if password:
            stack.enter_context(_variable(CLIENT_VARIABLE, password))
            stack.enter_context(temporary_settings({PREFECT_API_AUTH_STRING: password}))
        stack.enter_context(temporary_settings({PREFECT_API_URL: url}))
        yield


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    """Set a variable of the environment for the length of the block."""
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = before


@contextmanager
def temporary_api() -> Iterator[str]:
    """Run a server for the length of the block and yield its address.

    PREFECT_API_AUTH_STRING is its password meanwhile.
    Errors: ServiceUnavailable when it does not come up in `server.ephemeral.startup_timeout_seconds`.
    """
    word = os.environ.get(SERVER_VARIABLE) or os.environ.get(CLIENT_VARIABLE) or new_password()
    port = _free_port()
    with _variable(CLIENT_VARIABLE, word), temporary_password(port, word), _server("temporary", port, word) as url:
        yield url


@contextmanager
def own_api(settings: Settings) -> Iterator[str]:
    """Run a server with UI and schedules at the usual place, for the length of the block. Errors: as temporary_api."""
    with _server("own", LOCAL_PORT, server_password(settings)) as url:
        yield url


@contextmanager
def _server(kind: str, port: int, password: str) -> Iterator[str]:
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
            env={**os.environ, SERVER_VARIABLE: password},
            start_new_session=True,  # a Ctrl-C is for the run; the server ends after the run has reported everything
        )
        try:
            _wait_for(process, url, float(settings.server.ephemeral.startup_timeout_seconds), log_file)
            yield url
        finally:
            _stop(process, log_file)


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


def _stop(process: subprocess.Popen[bytes], log_file: Path) -> None:
    """Let the server write what it still holds, then end it; say so where it had ended before."""
    if process.poll() is not None:
        log.error("Prefect's server ended before the run (exit code %d); see %s.", process.returncode, log_file)
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
