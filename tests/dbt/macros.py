"""Render a macro of the project without dbt: plain Jinja over the files of dbt_project/macros.

In: the name of a macro and its arguments. Out: its SQL, for macros that need nothing of dbt (var, is_incremental).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import jinja2

from tests.dbt.dbt_process import ROOT

MACROS = ROOT / "dbt_project" / "macros"


@cache
def _all_macros() -> Any:
    texts = [path.read_text(encoding="utf-8") for path in sorted(MACROS.rglob("*.sql"))]
    plain = "\n".join(text for text in texts if "{% materialization" not in text)  # a tag that dbt alone knows
    return jinja2.Environment(extensions=["jinja2.ext.do"]).from_string(plain).module


def render(macro: str, *arguments: Any) -> str:
    """Return the SQL of a macro."""
    return str(getattr(_all_macros(), macro)(*arguments)).strip()
