"""Reachability and credentials, against the sandbox: what is set up, what answers, and what an outage looks like."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from extract_load.core.settings import Settings
from extract_load.monitoring.service_checks import check_credentials, check_services
from extract_load.storage.state import State
from sandbox import Sandbox, World
from tests.support.clock import ManualClock
from tests.support.data_directories import settings_in


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    """Yield a small sandbox."""
    with Sandbox(World(artists=12, plays=50, years=0.1)) as running:
        yield running


@pytest.fixture
def connected(sandbox: Sandbox, settings: Settings) -> Settings:
    """Return settings that lead to the sandbox."""
    return settings_in(settings.data_dir, **{name.lower(): value for name, value in sandbox.env.items()})


def test_each_service_that_a_run_uses_is_asked_once(
    connected: Settings, state: State, clock: ManualClock, sandbox: Sandbox
) -> None:
    """Accounts, API, MusicBrainz, Nominatim; the requests are counted like all others."""
    found = check_services(connected, state, clock)
    assert [(result.key, result.level) for result in found] == [
        *(("reach:spotify_accounts", "ok"), ("reach:spotify", "ok")),
        *(("reach:musicbrainz", "ok"), ("reach:nominatim", "ok")),
    ]
    assert state.rows("select count(*) as n from requests where run_id = 'check'")[0]["n"] == 4


def test_an_outage_is_a_warning_and_hides_no_other_service(
    connected: Settings, state: State, clock: ManualClock, sandbox: Sandbox
) -> None:
    """The others are asked all the same."""
    sandbox.take_down("musicbrainz")
    try:
        found = {result.key: result for result in check_services(connected, state, clock)}
    finally:
        sandbox.bring_up("musicbrainz")
    assert {key: result.level for key, result in found.items() if result.level != "ok"} == {
        "reach:musicbrainz": "warning"
    }
    assert found["reach:musicbrainz"].text.startswith("127.0.0.1 can't be asked now: ")


def test_what_is_not_set_up_is_not_asked(settings: Settings) -> None:
    """Without an app: a note with what to do; without a contact another one."""
    found = {result.key: result for result in check_credentials(settings)}
    assert {key: result.level for key, result in found.items()} == {"credentials": "note", "contact": "note"}
    assert "music-tracker auth" in found["credentials"].hint


def test_an_app_without_a_sign_in_is_a_warning(settings: Settings) -> None:
    """The warning goes once there is a token, from wherever."""
    app = settings.model_copy(
        update={"spotify_client_id": "id", "spotify_client_secret": "x", "contact": "me@example.org"}
    )
    assert [(result.key, result.level) for result in check_credentials(app)] == [
        ("credentials", "ok"),
        ("token", "warning"),
    ]
    app.token_path.parent.mkdir(parents=True, exist_ok=True)
    app.token_path.touch()
    assert [(result.key, result.level) for result in check_credentials(app)] == [("credentials", "ok")]
