"""`music-tracker lake` on a lake, and without one."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from typer.testing import CliRunner

from extract_load.core.errors import BadInput, ConfigurationError
from extract_load.core.settings import Settings
from extract_load.storage.opening import open_warehouse
from orchestrate.lake_commands import app
from tests.support.lake import lake, servers

__all__ = ["lake", "servers"]


def test_without_a_lake_it_says_where_to_read(settings: Settings) -> None:
    """The embedded warehouse has nothing of it."""
    done = CliRunner().invoke(app, ["maintain"])
    assert isinstance(done.exception, ConfigurationError) and "names no lake" in done.exception.message


@pytest.mark.long
def test_it_maintains_and_checks(lake: Callable[..., Settings], monkeypatch: pytest.MonkeyPatch) -> None:
    """What a filter misses is an error with a way out."""
    settings = lake()
    monkeypatch.setattr("orchestrate.lake_commands.load_settings", lambda: settings)
    at = "timestamp '2026-01-01'"
    columns = f"'me', 'x', 'x', number, 'x', '{{}}', 'f', {at}, {at}"
    insert = f"insert into raw.spotify_streaming_history select {columns} from range(1500) as rows_of_it(number)"
    with open_warehouse(settings).open("rows") as connection:
        connection.execute(insert)
    assert "files of rows" in CliRunner().invoke(app, ["maintain"]).output
    assert "Every row is found" in CliRunner().invoke(app, ["check"]).output
    with open_warehouse(settings).open("a mistake") as connection:
        connection.execute("alter table raw.spotify_streaming_history set partitioned by (bucket(8, listener_id))")
    done = CliRunner().invoke(app, ["check"])
    assert (
        isinstance(done.exception, BadInput) and "raw.spotify_streaming_history: me (1,500)" in done.exception.message
    )
