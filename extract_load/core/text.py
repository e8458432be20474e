"""One rule for comparing names of artists, titles and places: no case, no accents, no punctuation.

`fold_name` and `fold_name_sql` give the same answer; dbt has the same rule as the macro `fold_name`.
"""

from __future__ import annotations

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


def _kind(character: str) -> str:
    """Return the first letter of the Unicode category: L(etter), N(umber), M(ark), ..."""
    return unicodedata.category(character)[0]


def join_first(names: Sequence[str], count: int = 3) -> str:
    """Name the first few and say how many more there are: "a, b, c and 5 more"."""
    more = len(names) - count
    return ", ".join(names[:count]) + (f" and {more:,} more" if more > 0 else "")
