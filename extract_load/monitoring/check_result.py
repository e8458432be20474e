"""What one check found, in words for a person; with the ways to write a moment and a span."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from extract_load.core.text import pluralize

Level = Literal["ok", "note", "warning", "problem"]
LEVELS: tuple[Level, ...] = ("ok", "note", "warning", "problem")


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found. `key` is stable (`gap:2026-...`); `alerts` means that a person is notified.

    `listener` is whose it is, by id; empty when it is nobody's, and with one listener.
    """

    key: str
    level: Level
    text: str
    hint: str = ""
    alerts: bool = False
    listener: str = ""


def at(moment: datetime | None) -> str:
    """Return a moment (UTC) as a person reads it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def ago(span: timedelta) -> str:
    """Return a span in its largest whole unit."""
    hours = span.total_seconds() / 3600
    if hours < 1:
        return pluralize(round(span.total_seconds() / 60), "minute")
    return pluralize(round(hours), "hour") if hours < 48 else pluralize(span.days, "day")
