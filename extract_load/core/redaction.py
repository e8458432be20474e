"""Redaction: remove IP addresses, user agents, user names and mail addresses before anything is written.

The spool is included. Always holds: shape and order of the rest stay as they were.
"""

from __future__ import annotations

import logging
import re
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

PERSONAL_KEYS = frozenset(
    {
        *("ip_addr", "ip_addr_decrypted", "user_agent", "user_agent_decrypted"),
        *("username", "user_name", "display_name", "email"),
    }
)

_STEMS = ("ip_addr", "user_agent", "username")
_LIKENESS = 0.8

TOO_DEEP = "(nested too deeply)"

_SURROGATES = re.compile("[\ud800-\udfff]")
_USER_URI = re.compile(r"(spotify:user:)[^:]+")
_USER_PATH = re.compile(r"(/users?/)[^/?#]+")


def redact(value: Any, *, deepest: int = 100) -> Any:
    """Return a copy without personal keys, and with the user's name taken out of `spotify:user:...` addresses.

    What could not be written as JSON, or read back, is replaced: signs that are no Unicode become U+FFFD, numbers
    beyond 64 bits text, and what is nested more than `deepest` levels deep is left out.
    """
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        if deepest <= 0:
            return TOO_DEEP
        kept = ((key, inner) for key, inner in value.items() if not is_personal(str(key)))
        return {_unicode(str(key)): redact(inner, deepest=deepest - 1) for key, inner in kept}
    if isinstance(value, list):
        return TOO_DEEP if deepest <= 0 else [redact(inner, deepest=deepest - 1) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return "(a number of more than 64 bits)"
    return value


@lru_cache(maxsize=4096)
def is_personal(key: str) -> bool:
    """Return whether a key is one of the personal ones, or so like one that it may be: renamed, or damaged on its way.

    Spotify called the address `ip_addr_decrypted`, then `ip_addr`; what it is called next must not be kept either.
    """
    lowered = key.lower()
    if any(known in lowered for known in _STEMS):
        return True
    return bool(get_close_matches(lowered[:40], PERSONAL_KEYS, 1, _LIKENESS))


def redact_text(text: str) -> str:
    """Take the user's name out of an address of Spotify's; other text comes back as it is, if it is Unicode."""
    text = _unicode(text)
    if "user" not in text:
        return text
    if text.startswith("spotify:"):
        return _USER_URI.sub(r"\1-", text)
    if text.startswith("http"):
        return _USER_PATH.sub(r"\1-", text)
    return text


def _unicode(text: str) -> str:
    """Return a text whose lone surrogates are U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return _SURROGATES.sub("\ufffd", text)
    return text


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
