"""Alerts: notify a person once of what changed for the worse, and once when it has recovered.

In: the current `Health` and the open alerts (state, service `alerts`), which deduplicate. Out: one message to each
address of ALERT_URLS (Apprise), or a log line without any. Delivery is remembered for each address: what could not be
delivered to one is sent to that one again by the next run, and the others get nothing twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.settings import Settings
from extract_load.monitoring.alert_addresses import Address, Send, addresses_of
from extract_load.monitoring.health import Health
from extract_load.storage.ports import State
from extract_load.storage.state import from_iso, to_iso

log = logging.getLogger(__name__)

_SERVICE, _FAILING = "alerts", "alert_addresses"
_GIVE_UP_AFTER = timedelta(days=7)
"""A recovery that an address did not accept for this long is not sent to it any more."""


@dataclass(frozen=True, slots=True)
class Alert:
    """One thing to notify of: a trouble that is new, or one that is over."""

    kind: Literal["trouble", "recovered"]
    key: str
    text: str
    hint: str = ""


@dataclass(slots=True)
class _Open:
    """One open alert: its text, the addresses that know of it, and since when it is over (None while it is not)."""

    since: str
    text: str
    delivered: set[str]
    over_since: str | None = None

    def to_dict(self) -> dict[str, Any]:
        said = {"since": self.since, "text": self.text, "delivered": sorted(self.delivered)}
        return {**said, "over_since": self.over_since} if self.over_since else said


def send_alerts(
    settings: Settings, state: State, health: Health, *, clock: Clock | None = None, send: Send | None = None
) -> list[Alert]:
    """Send what is new or over since the last call, remember what was sent to whom, and return what was delivered.

    `send(title, body, is_trouble)` delivers one message and returns whether it arrived; the default uses ALERT_URLS.
    """
    now = (clock or SystemClock()).now()
    addresses = [Address("given", "the given one", send)] if send else addresses_of(settings)
    known = _open_alerts(state, {address.id for address in addresses})
    for gone in state.facts(_FAILING).keys() - {address.id for address in addresses}:
        state.put(_FAILING, gone, None, now)
    wrong = {result.key: Alert("trouble", result.key, result.text, result.hint) for result in health.alerts()}
    delivered: dict[Alert, None] = {}
    for address in addresses:
        alerts = [alert for alert in _pending(address.id, wrong, known) if alert.key != address.health_key]
        if not alerts:
            continue
        is_trouble = any(alert.kind == "trouble" for alert in alerts)
        arrived = address.send(_title(settings, alerts), _body(alerts), is_trouble)
        _note_delivery(state, address, now, arrived=arrived)
        if not arrived:
            log.warning(
                "An alert could not be delivered to %s; the next run tries again. It says: %s",
                address.name,
                _body(alerts),
            )
            continue
        for alert in alerts:
            delivered[alert] = None
            if alert.kind == "recovered":
                known[alert.key].delivered.discard(address.id)
            else:
                opened = known.setdefault(alert.key, _Open(str(to_iso(now)), alert.text, set()))
                opened.text = alert.text
                opened.delivered.add(address.id)
    _store(state, known, wrong, now)
    return list(delivered)


def open_alerts(state: State) -> dict[str, str]:
    """Return the text of each open alert, by its key."""
    return {key: str(fact["text"]) for key, fact in state.facts(_SERVICE).items() if not fact.get("over_since")}


def _open_alerts(state: State, addresses: set[str]) -> dict[str, _Open]:
    """Return the open alerts; what an older version stored was delivered to all, and addresses that are gone drop."""
    return {
        key: _Open(
            fact["since"], fact["text"], set(fact.get("delivered", addresses)) & addresses, fact.get("over_since")
        )
        for key, fact in state.facts(_SERVICE).items()
    }


def _pending(address: str, wrong: Mapping[str, Alert], known: Mapping[str, _Open]) -> Iterator[Alert]:
    """Yield what an address does not know yet."""
    for key, alert in wrong.items():
        if key not in known or address not in known[key].delivered:
            yield alert
    for key, opened in known.items():
        if key not in wrong and address in opened.delivered:
            yield Alert("recovered", key, opened.text)


def _note_delivery(state: State, address: Address, now: datetime, *, arrived: bool) -> None:
    """Remember since when an address accepts nothing, for `status`."""
    failing = state.get(_FAILING, address.id)
    if arrived and failing:
        state.put(_FAILING, address.id, None, now)
    elif not arrived and not failing:
        state.put(_FAILING, address.id, {"name": address.name, "since": to_iso(now)}, now)


def _store(state: State, known: Mapping[str, _Open], wrong: Mapping[str, Alert], now: datetime) -> None:
    """Write the open alerts that changed, and drop those that are over for everybody who knew of them."""
    before = state.facts(_SERVICE)
    for key, opened in known.items():
        opened.over_since = None if key in wrong else opened.over_since or to_iso(now)
        given_up = opened.over_since is not None and now - from_iso(opened.over_since) > _GIVE_UP_AFTER
        done = key not in wrong and (not opened.delivered or given_up)
        fact = None if done else opened.to_dict()
        if fact != before.get(key):
            state.put(_SERVICE, key, fact, now)


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
