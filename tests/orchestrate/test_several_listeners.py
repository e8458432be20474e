"""A poll of several listeners as a flow: a task each, and nobody's trouble is another's."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from extract_load.core.clock import SystemClock
from extract_load.core.listener_registry import Listener
from extract_load.core.listeners import find_listener, settings_of
from extract_load.maintenance.listener_changes import add_listener
from extract_load.spotify.token_store import Token, TokenStore
from tests.orchestrate.test_prefect_flows import SCRIPT


def test_a_refused_sign_in_leaves_the_others_polled(
    make_installation: Callable[..., Any], api: str, tmp_path: Path
) -> None:
    """His plays land, her task fails and says whose it is, and the run did a part of its work."""
    installation = make_installation(tmp_path, api)
    settings = installation.settings()
    add_listener(settings, Listener("anna", "Anna"))
    hers = settings_of(settings, find_listener(settings, "anna"))
    TokenStore(hers).save(Token("a token that was revoked", SystemClock().now()))
    done = installation.run(sys.executable, SCRIPT, "--flow", "spotify", expect=1)
    assert "poll recently played: anna: Anna: The sign-in at Spotify is over" in done.stderr
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as reader:
        assert reader.execute(
            "select listener_id, count(*) from raw.spotify_recently_played group by all"
        ).fetchall() == [("me", 50)]
        assert reader.execute("select task, status from ops.task_runs order by task").fetchall() == [
            ("poll recently played: anna", "failed"),
            ("poll recently played: me", "success"),
        ]
        assert reader.execute("select status from ops.runs").fetchall() == [("partial",)]
