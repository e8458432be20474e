"""The heartbeat: a monitor elsewhere (HEARTBEAT_URL) is asked at the end of each run, and alerts when nothing comes.

Without it, a machine that is switched off tells nobody. The convention of healthchecks.io is followed: the address
itself after a good run, `/fail` below it after a failed one. An address of Uptime Kuma (`.../api/push/...`) is asked
with `status=up` or `status=down`. An error here never changes how a run ended, and the address is never logged.
Sources: healthchecks.io/docs/http_api (success, fail), github.com/louislam/uptime-kuma (push monitor).
"""

from __future__ import annotations

import logging
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import requests

from extract_load.core.errors import ConfigurationError
from extract_load.core.settings import Settings
from extract_load.transport.session import EnvironmentSession

log = logging.getLogger(__name__)

_TIMEOUT = (5.0, 10.0)
_ATTEMPTS = 2
_PUSH = "/api/push/"


def send_heartbeat(settings: Settings, *, good: bool, message: str = "") -> bool | None:
    """Tell the monitor that a run ended well or failed; return whether it answered, None without HEARTBEAT_URL."""
    if settings.heartbeat_url is None:
        return None
    url = heartbeat_address(settings.heartbeat_url.get_secret_value(), good=good, message=message)
    problem = ""
    for _ in range(_ATTEMPTS):
        problem = _ask(url, settings.user_agent())
        if not problem:
            return True
    log.warning("The monitor at HEARTBEAT_URL %s; the next run asks it again.", problem)
    return False


def heartbeat_address(url: str, *, good: bool, message: str = "") -> str:
    """Return the address to ask after a run: by the convention of healthchecks.io, or of Uptime Kuma."""
    parts = urlsplit(url)
    if _PUSH in parts.path:
        said = {"status": "up" if good else "down", "msg": (message or ("OK" if good else "failed"))[:200]}
        query = {**dict(parse_qsl(parts.query, keep_blank_values=True)), **said}
        return urlunsplit(parts._replace(query=urlencode(query)))
    return url if good else urlunsplit(parts._replace(path=parts.path.rstrip("/") + "/fail"))


def _ask(url: str, user_agent: str) -> str:
    """Ask once, without reading the answer's body; return what went wrong, empty when nothing did."""
    try:
        headers = {"User-Agent": user_agent.encode("ascii", "replace").decode("ascii")}
        with (
            EnvironmentSession() as session,
            session.get(url, timeout=_TIMEOUT, headers=headers, stream=True) as response,
        ):
            return "" if response.ok else f"answered {response.status_code}"
    except (requests.RequestException, ConfigurationError, ValueError) as error:
        return f"could not be asked ({type(error).__name__})"
