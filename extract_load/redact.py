"""Take out what must never reach a file of ours: IP addresses, user agents, user names, mail addresses.

Applied before anything is written, the spool included. Always holds: shape and order of the rest stay as they were.
"""

from __future__ import annotations

import re
from typing import Any

PERSONAL_KEYS = frozenset(
    {
        *("ip_addr", "ip_addr_decrypted", "user_agent", "user_agent_decrypted"),
        *("username", "user_name", "display_name", "email"),
    }
)

_USER_URI = re.compile(r"(spotify:user:)[^:]+")
_USER_PATH = re.compile(r"(/users?/)[^/?#]+")


def redact(value: Any) -> Any:
    """Give a copy without personal keys, and with the user's name taken out of `spotify:user:...` addresses."""
    if isinstance(value, dict):
        return {key: redact(inner) for key, inner in value.items() if key.lower() not in PERSONAL_KEYS}
    if isinstance(value, list):
        return [redact(inner) for inner in value]
    if isinstance(value, str):
        return redact_text(value)
    return value


def redact_text(text: str) -> str:
    """Take the user's name out of an address of Spotify's; other text comes back as it is."""
    if "user" not in text:
        return text
    if text.startswith("spotify:"):
        return _USER_URI.sub(r"\1-", text)
    if text.startswith("http"):
        return _USER_PATH.sub(r"\1-", text)
    return text
