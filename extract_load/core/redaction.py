"""Redaction: remove IP addresses, user agents, user names and mail addresses before anything is written.

The spool is included. Always holds: shape and order of the rest stay as they were.
"""

from __future__ import annotations

import logging
import re
from difflib import get_close_matches
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from extract_load.core.text import printable

PERSONAL_KEYS = frozenset(
    {
        *("ip_addr", "ip_addr_decrypted", "user_agent", "user_agent_decrypted"),
        *("username", "user_name", "display_name", "email"),
    }
)

_STEMS = ("ip_addr", "user_agent", "username")
_LIKENESS = 0.8

TOO_DEEP = "(nested too deeply)"
REMOVED = "(removed)"

_LONGEST_PERSONAL = 1000
_NAMING_KEYS = ("name", "title", "query", "track", "artist", "album", "disambiguation", "alias", "aliases")
_MAIL_ADDRESS = re.compile(r"\s*(?:mailto:)?[^@\s]{1,64}@[^@\s]+\.[A-Za-z]{2,}\s*")
# An IPv4 address with or without a port, an IPv6 address in brackets with or without one, or alone.
_MAYBE_IP = re.compile(
    r"\s*(?:(\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?|\[([0-9A-Fa-f:.]+)\](?::\d+)?|([0-9A-Fa-f:.]*:[0-9A-Fa-f:.]+))\s*"
)

_SURROGATES = re.compile("[\ud800-\udfff]")
_USER_URI = re.compile(r"(spotify:user:)[^:]+")
_USER_PATH = re.compile(r"(/users?/)[^/?#]+")


def redact(value: Any, *, deepest: int = 100) -> Any:
    """Return a copy without personal keys, and with the user's name taken out of `spotify:user:...` addresses.

    What could not be written as JSON, or read back, is replaced: signs that are no Unicode become U+FFFD, numbers
    beyond 64 bits text, and what is nested more than `deepest` levels deep is left out.
    """
    return _redact(value, "", deepest)


def _redact(value: Any, key: str, deepest: int) -> Any:
    """Return the redacted copy of what stands under a key, or in a list under it."""
    if isinstance(value, str):
        return value if _is_code(value) else REMOVED if is_personal_value(key, value) else redact_text(value)
    if isinstance(value, dict | list) and deepest <= 0:
        return TOO_DEEP
    if isinstance(value, dict):
        kept = ((_kept_key(str(name)), inner) for name, inner in value.items())
        return {name: _redact(inner, name, deepest - 1) for name, inner in kept if name is not None}
    if isinstance(value, list):
        return [inner if _is_code(inner) else _redact(inner, key, deepest - 1) for inner in value]
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return "(a number of more than 64 bits)"
    return value


def _is_code(value: Any) -> bool:
    """Return whether a value is an id or a code, as most texts are: tracks name hundreds of countries."""
    return type(value) is str and value.isascii() and value.isalnum()


@lru_cache(maxsize=4096)
def _kept_key(key: str) -> str | None:
    """Return a key as it is written, or None when what stands under it is not kept."""
    return None if is_personal(key) else _unicode(key)


@lru_cache(maxsize=4096)
def is_personal(key: str) -> bool:
    """Return whether a key is one of the personal ones, or so like one that it may be: renamed, or damaged on its way.

    Spotify called the address `ip_addr_decrypted`, then `ip_addr`; what it is called next must not be kept either.
    """
    lowered = key.lower()
    if any(known in lowered for known in _STEMS):
        return True
    return bool(get_close_matches(lowered[:40], PERSONAL_KEYS, 1, _LIKENESS))


def is_personal_value(key: str, text: str) -> bool:
    """Return whether a text is wholly an IP address, a mail address or a browser's user agent, whatever its key.

    Names, titles and searches are left alone: there are songs and bands that are called so.
    """
    if len(text) > _LONGEST_PERSONAL or key.lower().endswith(_NAMING_KEYS):
        return False
    if "@" in text:
        return _MAIL_ADDRESS.fullmatch(text) is not None
    if text.startswith("Mozilla/"):
        return True
    found = _MAYBE_IP.fullmatch(text)
    if found is None:
        return False
    try:
        ip_address(found[1] or found[2] or found[3])
    except ValueError:
        return False
    return True


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


_OURS = ("extract_load", "orchestrate")
_make_record = logging.getLogRecordFactory()


def _printable_record(*args: Any, **kwargs: Any) -> logging.LogRecord:
    """Return a log record; what our own loggers were given to fill in is printable, and further lines are indented."""
    record = _make_record(*args, **kwargs)
    if record.name.partition(".")[0] in _OURS and isinstance(record.args, tuple):
        record.args = tuple(_printable_argument(argument) for argument in record.args)
    return record


def _printable_argument(argument: Any) -> Any:
    if isinstance(argument, int | float) or argument is None:
        return argument
    return "\n  ".join(printable(line) for line in str(argument).splitlines())


class _AtLeast(logging.Filter):
    """Drops what is below a level, also when somebody lowers the logger's own level later."""

    def __init__(self, level: int) -> None:
        super().__init__()
        self._level = level

    def filter(self, record: logging.LogRecord) -> bool:
        return record.levelno >= self._level


def quiet_libraries() -> None:
    """Hold back the libraries that log requests, and with them tokens, and make what we log printable.

    Safe to call again.
    """
    logging.setLogRecordFactory(_printable_record)
    for name, level in _LEAST.items():
        logger = logging.getLogger(name)
        logger.setLevel(level)
        if not any(isinstance(known, _AtLeast) for known in logger.filters):
            logger.addFilter(_AtLeast(level))
