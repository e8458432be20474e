"""Whoever is told of trouble finds each kind of it in the table of alerts, and no other."""

from __future__ import annotations

import ast
import re

from tests.support.documents import ROOT, text_of


def test_the_table_of_alerts_is_that_of_the_code() -> None:
    """Each check that may alert has its key, up to the colon, in the first column."""
    section = text_of("prefect/orchestrate/README.md").partition("\n## Watch\n")[2].partition("\n## ")[0]
    firsts = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert {key for first in firsts for key in re.findall(r"`([a-z-]+)`", first)} == alert_keys() | {"token-last-days"}


def alert_keys() -> set[str]:
    """Return the keys of the checks that notify a person, without what follows the colon."""
    keys = set()
    for path in (ROOT / "extract_load/monitoring").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "CheckResult" and may_alert(node):
                found = re.match(r"f?['\"]([a-z-]+)", ast.unparse(node.args[0]))
                keys.add(found[1] if found else "token")
    return keys


def may_alert(call: ast.Call) -> bool:
    """Return whether a check result is made with `alerts`."""
    return len(call.args) > 4 or any(keyword.arg == "alerts" for keyword in call.keywords)
