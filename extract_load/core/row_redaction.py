"""Redact the rows of exports, where nobody knows which key comes next.

`redact` goes by a few names; here an unknown key is left out when its name or its value says who somebody is, from
where they listened, or with which device. Known keys stay: a song may be called like an address.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Container
from functools import lru_cache
from typing import Any, cast

from extract_load.core.redaction import TOO_DEEP, is_personal, redact

_PERSONAL_WORDS = frozenset(
    {
        *("ip", "ipv", "ipaddr", "ipaddress", "useragent", "username", "usernames", "email", "emails", "mail", "mails"),
        *("latitude", "longitude", "lat", "lon", "lng", "latlng", "latlong", "latlon", "coordinates", "coords"),
        *(
            "coordinate",
            "geo",
            "geohash",
            "geoip",
            "gps",
            "location",
            "locality",
            "elevation",
            "altitude",
            "city",
            "town",
            "village",
            "suburb",
            "neighborhood",
            "neighbourhood",
        ),
        *("region", "subregion", "province", "county", "district", "metro", "dma", "zip", "zipcode", "postal"),
        *("postcode", "postalcode", "street", "addr", "hostname", "ssid", "bssid", "phone", "isp", "asn"),
        *("mac", "tel", "login", "nickname", "adid", "serial"),
        *("imei", "imsi", "idfa", "idfv", "gaid", "udid", "birthdate", "birthday", "birth", "password", "msisdn"),
        *("firstname", "lastname", "surname", "fullname", "displayname", "userid", "deviceid", "accountid"),
    }
)
_OWNERS = frozenset(
    {
        *("user", "users", "account", "customer", "member", "profile", "listener", "owner", "person", "device"),
        *("hardware", "advertising", "installation", "subscriber"),
    }
)
_MARKS = frozenset({"id", "ids", "identifier", "uuid", "guid", "name", "serial", "hash", "key", "agent", "uri", "mac"})
_PAIRS = (
    ("first", "name"),
    ("last", "name"),
    ("full", "name"),
    ("display", "name"),
    ("given", "name"),
    ("place", "name"),
    ("network", "name"),
    ("home", "address"),
    ("address", "line"),
)
_DEGREES = re.compile(r"(?<![a-z])(?:lat+itud|long?t?itud)", re.I)
_WORDS = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")

# row_template.py finds at least these in the text of a row.
_IPV4 = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9.]*[0-9])")
_IPV6 = re.compile(r"[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}")
_MAIL = re.compile(r"[^@\s]@[^@\s]+\.[^@\s]")
_COORDINATES = re.compile(r"-?[0-9]{1,3}\.[0-9]+\s*[^\w\s.]?\s*[NSns]?[,;/ ]\s*-?[0-9]{1,3}\.[0-9]+")
_WITH_COMMAS = re.compile(r"[0-9],[0-9]{4,}\s*[^\w\s]?\s*[NSns]?[,;/ ]\s*-?[0-9]{1,3},[0-9]{4}")
_DEGREES_AND_MINUTES = re.compile(r"[0-9]\s*[°º]\s*[0-9]")
_NAMED_DEGREES = re.compile(r"\blat\w*\W{1,4}-?[0-9]{1,3}[.,][0-9]", re.I)
_AGENT = re.compile(r"Mozilla/|\b[A-Za-z][\w-]*/[0-9][\w.]*\s*(?:\(|[A-Za-z][\w-]*/[0-9])")
_TELLING = (_MAIL, _MAC, _COORDINATES, _WITH_COMMAS, _DEGREES_AND_MINUTES, _NAMED_DEGREES, _AGENT)
_DECIMAL = re.compile(r"-?[0-9]{1,3}[.,][0-9]+")
_WINDOW, _OVERLAP = 4096, 512


def redact_row(row: dict[str, Any], is_left_out: Callable[[str], bool], *, deepest: int = 300) -> dict[str, Any]:
    """Return a copy of an export's row without the keys that `is_left_out` names, and redacted as by `redact`."""
    kept = {key: _without_personal(value, deepest - 1) for key, value in row.items() if not is_left_out(key)}
    return cast("dict[str, Any]", redact(kept, deepest=deepest))


def personal_keys_of(row: dict[str, Any], known_keys: Container[str]) -> set[str]:
    """Return the unknown keys of a row that hold something personal, by their names or their values."""
    return {
        key
        for key, value in row.items()
        if key not in known_keys and (is_personal_in_row(key) or holds_personal(value))
    }


@lru_cache(maxsize=4096)
def is_personal_in_row(key: str) -> bool:
    """Return whether an unknown key of a row is personal by its name: who, from where, with which device."""
    words = [word.lower() for word in _WORDS.findall(key[:200])]
    found = set(words)
    return (
        is_personal(key)
        or not _PERSONAL_WORDS.isdisjoint(found)
        or _DEGREES.search(key[:200]) is not None
        or (not _OWNERS.isdisjoint(found) and not _MARKS.isdisjoint(found))
        or any(first in found and second in found for first, second in _PAIRS)
    )


def holds_personal(value: Any) -> bool:
    """Return whether a value is or holds an address, a mail address, a user agent, or the coordinates of a place."""
    if isinstance(value, str):
        starts = range(0, max(1, len(value)), _WINDOW - _OVERLAP)
        return any(_is_personal_text(value[start : start + _WINDOW]) for start in starts)
    if isinstance(value, list):
        return _is_place(value) or any(isinstance(one, str) and holds_personal(one) for one in value)
    return False


def _is_place(value: list[Any]) -> bool:
    """Return whether a list is the coordinates of a place: two or three numbers, with fractions, also as texts."""
    pair = value[:2]
    if len(pair) < 2 or len(value) > 3:
        return False
    numbers = [one for one in value if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) == len(value):
        return any(isinstance(one, float) for one in pair) and all(abs(one) <= 180 for one in pair)
    return all(isinstance(one, str) and _DECIMAL.fullmatch(one.strip()) for one in pair)


def _without_personal(value: Any, deepest: int) -> Any:
    """Return a copy of an unknown nested value without personal keys."""
    if deepest <= 0:
        return TOO_DEEP
    if isinstance(value, dict):
        personal = personal_keys_of(value, ())
        return {key: _without_personal(inner, deepest - 1) for key, inner in value.items() if key not in personal}
    if isinstance(value, list):
        return [_without_personal(inner, deepest - 1) for inner in value if not holds_personal(inner)]
    return value


def _is_personal_text(text: str) -> bool:
    if any(pattern.search(text) for pattern in _TELLING):
        return True
    return any(_is_address(found[0]) for pattern in (_IPV4, _IPV6) for found in pattern.finditer(text))


def _is_address(text: str) -> bool:
    if ":" not in text:  # zeros before a number are no mistake to whom it belongs
        return all(int(part) <= 255 for part in text.split("."))
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True
