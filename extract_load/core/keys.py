"""Keys of the marts as people write them: the number, or the md5 that was the key before.

A key is the number of the first 14 hex digits of an md5, as dbt's macros make it (dbt_project/macros/keys.sql).
"""

from __future__ import annotations

import re

_HASH = re.compile(r"[0-9a-f]{32}")
_NUMBER = re.compile(r"[0-9]{1,19}")
_LARGEST = 2**63 - 1


def key_of_text(text: str) -> int | None:
    """Return the key that a text is or was, or None where it is neither a number nor an md5."""
    if _HASH.fullmatch(text):
        return int(text[:14], 16)
    number = int(text) if _NUMBER.fullmatch(text) else None
    return number if number is None or number <= _LARGEST else None
