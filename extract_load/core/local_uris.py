"""Read the names in the uri of a listener's own file: `spotify:local:Artist:Album:Title:seconds`.

`+` is a space, other signs are percent-encoded, parts may be empty (None). The title ends before the last part; colons
inside it are its own. Bytes that are no UTF-8 stay as they are written. The macros in
dbt_project/macros/spotify_uris.sql follow the same rule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote_plus

_PREFIX = "spotify:local:"
_TITLE = "(?s)^spotify:local:[^:]*:[^:]*:(.*?)(?::[0-9]*)?$"


@dataclass(frozen=True, slots=True)
class LocalNames:
    """The names that a uri gives, None where it gives none."""

    artist: str | None = None
    album: str | None = None
    title: str | None = None


def read_local_uri(uri: object) -> LocalNames:
    """Return the names in a uri; of anything else but the uri of a local file, none."""
    if not isinstance(uri, str) or not uri.startswith(_PREFIX):
        return LocalNames()
    artist, album, *_ = [*uri.removeprefix(_PREFIX).split(":"), ""]
    title = re.search(_TITLE.replace("$", r"\Z"), uri)
    return LocalNames(_decode(artist), _decode(album), _decode(title[1] if title else ""))


def local_artist_sql(uri: str) -> str:
    """Return the DuckDB expression of the artist in the uri that `uri` (an expression) gives."""
    return _decode_sql(uri, f"split_part({uri}, ':', 3)")


def local_title_sql(uri: str) -> str:
    """Return the DuckDB expression of the title in the uri that `uri` (an expression) gives."""
    return _decode_sql(uri, f"regexp_extract({uri}, '{_TITLE}', 1)")


def _decode(part: str) -> str | None:
    try:
        name = unquote_plus(part, errors="strict")
    except UnicodeDecodeError:
        name = part.replace("+", " ")
    return name.replace("\0", "").strip(" ") or None


def _decode_sql(uri: str, part: str) -> str:
    written = f"replace({part}, '+', ' ')"
    name = f"nullif(trim(replace(coalesce(try(url_decode({written})), {written}), chr(0), '')), '')"
    return f"case when starts_with({uri}, '{_PREFIX}') then {name} end"
