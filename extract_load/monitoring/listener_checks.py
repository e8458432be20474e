"""The checks of one listener: their polls, the gaps between these, and their sign-in at Spotify.

With several listeners each result says whose it is, in its key too, so that alerts about two of them are two alerts.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from extract_load.core.listeners import has_signed_in
from extract_load.core.text import pluralize
from extract_load.monitoring.check_result import CheckResult, Level, ago, at
from extract_load.monitoring.facts import Facts, ListenerFacts

_SIGN_IN = "`music-tracker auth`"
TOKEN_LIFETIME = timedelta(days=180)
TOKEN_WARN_FROM = timedelta(days=150)


def check_listeners(facts: Facts) -> Iterator[CheckResult]:
    """Yield the results of every listener; with one listener nobody is named."""
    for one in facts.listeners:
        for check in (_polls, _gaps, _sign_in):
            for result in check(one):
                yield _named(result, one) if len(facts.listeners) > 1 else result


def _named(result: CheckResult, facts: ListenerFacts) -> CheckResult:
    """Return a result that says whose it is."""
    listener = facts.listener
    if result.key == "poll" and facts.last_poll is None and not has_signed_in(facts.settings):
        hint = f"Run {_SIGN_IN}, or import their exports."
        result = replace(result, text="Spotify is not polled: nobody signed in yet.", hint=hint)
    hint = result.hint.replace(_SIGN_IN, f"`music-tracker auth --listener {listener.listener_id}`")
    return replace(
        result,
        key=f"{result.key}:{listener.listener_id}",
        text=f"{listener.shown}: {result.text}",
        hint=hint,
        listener=listener.listener_id,
    )


def _polls(facts: ListenerFacts) -> Iterator[CheckResult]:
    if facts.last_poll is None:
        if facts.settings.has_spotify_app:
            yield CheckResult("poll", "note", "Spotify was not polled yet.", "Run `music-tracker ingest`.")
        else:
            yield CheckResult(
                "poll",
                "note",
                "Spotify is not polled: no app is set up. Imports and the daily run work all the same.",
                "Set SPOTIFY_CLIENT_ID and SPOTIFY_CLIENT_SECRET, then run `music-tracker auth`.",
            )
        return
    hours = (facts.now - facts.last_poll).total_seconds() / 3600
    text = f"The last successful poll was {at(facts.last_poll)}, {ago(facts.now - facts.last_poll)} ago."
    if hours > facts.settings.alert_no_poll_hours:
        text = f"No poll succeeded for {ago(facts.now - facts.last_poll)} (the last one {at(facts.last_poll)})."
        said = f" The last answer: {facts.last_poll_failure}" if facts.last_poll_failure else ""
        hint = "Run `music-tracker ingest` to see why; Spotify keeps the newest 50 plays only."
        yield CheckResult("no-poll", "problem", text + said, hint, True)
    else:
        yield CheckResult("poll", "ok", text)


def _gaps(facts: ListenerFacts) -> Iterator[CheckResult]:
    for since, until in facts.gaps:
        span = f"between {at(since)} and {at(until)}" if since else f"before {at(until)}"
        text = f"Plays may be missing {span}: more than 50 came between two polls."
        hint = "Ask Spotify for your extended streaming history and `music-tracker import` it."
        yield CheckResult(f"gap:{since or until:%Y-%m-%dT%H:%M:%S}", "warning", text, hint, True)


def _sign_in(facts: ListenerFacts) -> Iterator[CheckResult]:
    if facts.needs_sign_in:
        yield CheckResult("token", "problem", "Spotify wants you to sign in again.", "Run `music-tracker auth`.", True)
    elif facts.authorized_at is not None:
        age = facts.now - facts.authorized_at
        left = max(0, (TOKEN_LIFETIME - age).days)
        if age >= TOKEN_WARN_FROM:
            text = f"The sign-in at Spotify ends in {left} days (it is {age.days} days old)."
            last_days = left <= 3  # a second alert then
            level: Level = "problem" if last_days else "warning"
            key = "token-last-days" if last_days else "token"
            yield CheckResult(key, level, text, "Run `music-tracker auth` before then.", True)
        else:
            yield CheckResult(
                "token", "ok", f"The sign-in at Spotify is {pluralize(age.days, 'day')} old; {left} days are left."
            )
