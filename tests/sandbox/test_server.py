"""The web servers: keep-alive, counting, admin pages for other processes, and no truth by accident."""

from __future__ import annotations

import http.client
import threading
import time
from urllib.parse import urlsplit

import requests

from sandbox import Sandbox, World
from tests.support.world_end import WORLD_END

from .conftest import Client


def test_the_environment_points_at_loopback_only(sandbox: Sandbox) -> None:
    env = sandbox.env
    assert env["SPOTIFY_API_BASE_URL"].endswith("/v1")
    assert {name for name, value in env.items() if value.startswith("http://127.0.0.1:")} == {
        *("SPOTIFY_API_BASE_URL", "SPOTIFY_ACCOUNTS_BASE_URL", "MUSICBRAINZ_BASE_URL", "NOMINATIM_BASE_URL")
    }
    assert {"SPOTIFY_CLIENT_ID", "SPOTIFY_CLIENT_SECRET", "SPOTIFY_REFRESH_TOKEN"} <= set(env)


def test_requests_are_counted_by_service_endpoint_and_status(
    sandbox: Sandbox, api: Client, musicbrainz: Client
) -> None:
    for _ in range(3):
        api.get(f"/artists/{sandbox.world.catalogue.artist_id(0)}")
    api.get(f"/artists/{'0' * 22}")
    musicbrainz.get("/artist", query="a", fmt="json")
    assert sandbox.counts.total("spotify", "/v1/artists/{id}") == 4
    assert sandbox.counts.total("spotify", "/v1/artists/{id}", 404) == 1
    assert sandbox.counts.total("musicbrainz", "/ws/2/artist?query") == 1
    assert [served.service for served in sandbox.counts.requests()] == ["spotify"] * 4 + ["musicbrainz"]
    sandbox.reset_counts()
    assert sandbox.counts.total() == 0


def test_a_connection_serves_many_requests_and_many_clients_are_served_at_once(sandbox: Sandbox, api: Client) -> None:
    address = urlsplit(api.base)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.connect()
    socket = connection.sock
    for _ in range(20):
        connection.request("GET", "/v1/me", headers=api.headers)
        answer = connection.getresponse()
        assert (answer.status, answer.read()[:1]) == (200, b"{")
        assert connection.sock is socket
    connection.close()
    results: list[int] = []

    def ask() -> None:
        results.append(requests.get(f"{api.base}/me", headers=api.headers, timeout=10).status_code)

    threads = [threading.Thread(target=ask) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [200] * 20


def test_admin_pages_steer_the_sandbox_from_another_process(sandbox: Sandbox, api: Client) -> None:
    admin = f"{sandbox.nominatim_url}/_sandbox"
    assert requests.get(f"{admin}/health", timeout=10).json() == {"status": "ok"}
    added = requests.post(
        f"{admin}/faults", json={"service": "spotify", "kind": "server_error", "times": 1, "status": 503}, timeout=10
    )
    assert (added.status_code, added.json()["kind"]) == (201, "server_error")
    assert api.get("/me").status_code == 503
    assert requests.get(f"{admin}/faults", timeout=10).json() == []
    moved = requests.post(f"{admin}/clock", json={"advance_seconds": 90}, timeout=10).json()
    assert moved["now"] == sandbox.clock.now().isoformat()
    assert requests.post(f"{admin}/clock", json={"now": "2026-11-01T18:00:00Z"}, timeout=10).json() == {
        "now": "2026-11-01T18:00:00+00:00"
    }
    counted = {"service": "spotify", "endpoint": "/v1/me", "status": 503, "requests": 1}
    assert requests.get(f"{admin}/counts", timeout=10).json() == [counted]
    assert requests.delete(f"{admin}/counts", timeout=10).json() == []
    assert requests.get(f"{admin}/env", timeout=10).json() == sandbox.env


def test_admin_pages_explain_what_they_refuse(sandbox: Sandbox) -> None:
    admin = f"{sandbox.spotify_accounts_url}/_sandbox"
    wrong = requests.post(f"{admin}/faults", json={"service": "spotify", "kind": "earthquake"}, timeout=10)
    assert (wrong.status_code, "no fault 'earthquake'" in wrong.json()["error"]) == (400, True)
    assert requests.post(f"{admin}/clock", json={"now": "2026-11-01T18:00:00"}, timeout=10).status_code == 400
    assert requests.get(f"{admin}/nothing", timeout=10).status_code == 404


def test_the_ground_truth_is_shown_only_if_that_was_asked_for(sandbox: Sandbox) -> None:
    assert requests.get(f"{sandbox.spotify_accounts_url}/_sandbox/truth", timeout=10).status_code == 404
    with Sandbox(World(artists=5, plays=60, years=0.02, now=WORLD_END), open_truth=True) as opened:
        rows = requests.get(f"{opened.nominatim_url}/_sandbox/truth", timeout=10).json()
    assert rows == opened.truth()
    assert len(rows) > 10


def test_ports_can_be_chosen_and_a_stopped_sandbox_is_gone() -> None:
    with Sandbox(World(artists=5, plays=50, years=0.02, now=WORLD_END)) as first:
        port = int(first.musicbrainz_url.rpartition(":")[2])
    try:
        requests.get(f"http://127.0.0.1:{port}/_sandbox/health", timeout=2)
    except requests.ConnectionError:
        return
    raise AssertionError("the port still answers")


def test_a_running_clock_goes_on_and_a_standing_one_does_not(sandbox: Sandbox) -> None:
    assert sandbox.clock.now() == sandbox.clock.now()
    moving = Sandbox(World(artists=5, plays=50, years=0.02, now=WORLD_END), running_clock=True)
    before = moving.clock.now()
    time.sleep(0.01)
    assert moving.clock.now() > before
