"""One rule for comparing names of artists, titles and places: no case, no accents, no punctuation.

`fold_name` and `fold_name_sql` give the same answer; dbt has the same rule as the macro `fold_name`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence


def fold_name(name: str) -> str:
    """Return the folded form: "  Sigur Rós! " -> "sigur ros"; a name of signs only is kept in lower case."""
    unmarked = "".join(c for c in unicodedata.normalize("NFD", name) if _kind(c) != "M")
    bare = unicodedata.normalize("NFC", unmarked)
    folded = " ".join("".join(c if _kind(c) in "LN" else " " for c in bare.lower()).split())
    return folded or name.lower().strip()


def fold_name_sql(expression: str) -> str:
    """Return the DuckDB expression that folds the name in `expression` (a column or a literal of our own)."""
    folded = f"trim(regexp_replace(lower(strip_accents({expression})), '[^\\p{{L}}\\p{{N}}]+', ' ', 'g'))"
    return f"coalesce(nullif({folded}, ''), lower(trim({expression})))"


LONGEST_REASON = 200
"""Characters of a reason that somebody else gives, as far as it is shown."""

# Escape sequences of terminals; then control characters, and the marks that turn the direction of the text after them.
_ESCAPE_SEQUENCE = re.compile("\x1b(?:\\[[0-?]*[ -/]*[@-~]|\\][^\x07\x1b]*(?:\x07|\x1b\\\\)?|[@-Z\\\\-_])")
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]+")
_SURROGATE = re.compile("[\ud800-\udfff]")


def printable(text: str, longest: int | None = None) -> str:
    """Return a foreign text on one line, without what a terminal or a log would obey; cut after `longest` characters.

    A lone surrogate, as in the name of a file that is not UTF-8, becomes U+FFFD: it could not be printed.
    """
    plain = _SURROGATE.sub("\ufffd", _CONTROL.sub(" ", _ESCAPE_SEQUENCE.sub("", text)))
    return plain if longest is None or len(plain) <= longest else plain[:longest].rstrip() + " ..."


def _kind(character: str) -> str:
    """Return the first letter of the Unicode category: L(etter), N(umber), M(ark), ..."""
    return unicodedata.category(character)[0]


def join_first(names: Sequence[str], count: int = 3) -> str:
    """Name the first few and say how many more there are: "a, b, c and 5 more"."""
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more:,} more" if more > 0 else "")
