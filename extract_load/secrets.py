"""Keep secrets and addresses out of logs: the libraries that would print them are held back, whatever else is at DEBUG.

spotipy logs whole addresses of requests that failed, and apprise those of alerts, with the key that many of them hold;
what went wrong reaches the log in our own words instead.
"""

from __future__ import annotations

import logging

_LEAST = {
    **dict.fromkeys(("spotipy", "spotipy.client", "spotipy.oauth2", "apprise"), logging.CRITICAL),
    **dict.fromkeys(("urllib3", "urllib3.connectionpool", "requests", "httpx", "httpcore"), logging.WARNING),
    **dict.fromkeys(("musicbrainzngs", "geopy"), logging.WARNING),
}


class _AtLeast(logging.Filter):
    """Drops what is below a level, also when somebody lowers the logger's own level later."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level


def quiet_libraries() -> None:
    """Hold back the libraries that log requests, and with them tokens. Safe to call again."""
    for name, level in _LEAST.items():
        logger = logging.getLogger(name)
        logger.setLevel(level)
        if not any(isinstance(known, _AtLeast) for known in logger.filters):
            logger.addFilter(_AtLeast(level))
