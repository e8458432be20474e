"""Alerts: notify a person once of what changed for the worse, and once when it has recovered.

In: the current `Health` and the open alerts (state, service `alerts`), which deduplicate. Out: one message through the
addresses of ALERT_URLS (Apprise), or a log line without any. What could not be delivered is retried by the next run.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.redaction import quiet_libraries
from extract_load.core.settings import Settings
from extract_load.monitoring.health import Health
from extract_load.storage.state import State, to_iso

log = logging.getLogger(__name__)

Send = Callable[[str, str, bool], bool]
_SERVICE = "alerts"


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to notify of: a trouble that is new, or one that is over."""

    kind: Literal["trouble", "recovered"]
    key: str
    text: str
    hint: str = ""


def send_alerts(
    settings: Settings, state: State, health: Health, *, clock: Clock | None = None, send: Send | None = None
) -> list[Alert]:
    """Send what is new or over since the last call, remember what was sent, and return it.

    `send(title, body, is_trouble)` delivers one message and returns whether it arrived; the default uses ALERT_URLS.
    """
    clock = clock or SystemClock()
    known: dict[str, dict[str, str]] = state.facts(_SERVICE)
    now_wrong = {result.key: result for result in health.alerts()}
    alerts = [
        *(Alert("trouble", key, result.text, result.hint) for key, result in now_wrong.items() if key not in known),
        *(Alert("recovered", key, before["text"]) for key, before in known.items() if key not in now_wrong),
    ]
    if not alerts:
        return []
    if not (send or sender(settings))(
        _title(settings, alerts), _body(alerts), any(a.kind == "trouble" for a in alerts)
    ):
        log.warning("The alert could not be delivered; the next run tries again. It says: %s", _body(alerts))
        return []
    now = clock.now()
    for alert in alerts:
        still_open = {"since": to_iso(now), "text": alert.text} if alert.kind == "trouble" else None
        state.put(_SERVICE, alert.key, still_open, now)
    return alerts


def sender(settings: Settings) -> Send:
    """Return how messages are delivered: to the addresses of ALERT_URLS, or to the log."""
    urls = settings.alert_urls.get_secret_value().split() if settings.alert_urls else []
    return _by_apprise(urls) if urls else _by_log


def _by_apprise(urls: Sequence[str]) -> Send:
    import apprise

    quiet_libraries()

    post = apprise.Apprise()
    for url in urls:
        if not post.add(url):
            log.warning("One address in ALERT_URLS is not one that Apprise knows; it is left out.")

    def send(title: str, body: str, is_trouble: bool) -> bool:
        kind = apprise.NotifyType.WARNING if is_trouble else apprise.NotifyType.SUCCESS
        return bool(post.notify(title=title, body=body, notify_type=kind))

    return send


def _by_log(title: str, body: str, is_trouble: bool) -> bool:
    log.log(logging.WARNING if is_trouble else logging.INFO, "%s\n%s", title, body)
    return True


def _title(settings: Settings, alerts: Sequence[Alert]) -> str:
    troubles = sum(1 for alert in alerts if alert.kind == "trouble")
    over = len(alerts) - troubles
    parts = [f"{troubles} new" if troubles else "", f"{over} recovered" if over else ""]
    demo = " (DEMO)" if settings.music_tracker_demo else ""
    return f"Music tracker{demo}: {', '.join(part for part in parts if part)}"


def _body(alerts: Sequence[Alert]) -> str:
    lines = []
    for alert in alerts:
        if alert.kind == "recovered":
            lines.append(f"Recovered. The alert was: {alert.text}")
        else:
            lines.append(f"{alert.text} {alert.hint}".strip())
    return "\n\n".join(lines)
