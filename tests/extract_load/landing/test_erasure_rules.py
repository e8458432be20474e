"""Erasure rules in `ops.forgotten`: what was asked and when, without what was erased."""

from __future__ import annotations

from datetime import timedelta

from extract_load.context import Context
from extract_load.erasure.rules import Rule, hashed, write_rules
from tests.support.landing import NOON, accounts, rows


def test_a_rule_lands_with_its_span_and_without_its_subjects(context: Context) -> None:
    """One row a rule, numbered in its file; subjects are counted, their hashes stay in the spool."""
    rules = [
        Rule("f1", "artist", "salt", "me", None, NOON, hashed(["artist:a", "artist-name:b"], "salt")),
        Rule("f1", "span", "salt", None, NOON - timedelta(days=1), NOON),
    ]
    write_rules(context.settings.spool_dir, rules, note="my reasons", at=NOON)
    context.landing.land()
    columns = "forget_id, number, forgotten_at, kind, listener_id, reaches_from, reaches_until, subjects, note"
    assert rows(context, f"select {columns} from ops.forgotten order by number") == [
        ("f1", 1, NOON, "artist", "me", None, NOON, 2, "my reasons"),
        ("f1", 2, NOON, "span", None, NOON - timedelta(days=1), NOON, 0, "my reasons"),
    ]
    assert accounts(context) == [(2, 2, 0, 0)]
    everything = str(rows(context, "from ops.forgotten") + rows(context, "from ops.rejected_rows"))
    assert all(digest not in everything for digest in rules[0].subjects)
