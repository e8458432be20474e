"""Fault injection: every kind of fault strikes as described, for as long as it was asked to."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests

from sandbox import Sandbox
from sandbox.web.fault_kinds import KINDS, LOAD_SHED_TEXT

from .conftest import AGENT, Client

RECENT = "/me/player/recently-played"


def test_every_kind_is_in_the_readme_and_the_other_way_round() -> None:
    readme = (Path(__file__).parents[2] / "sandbox" / "README.md").read_text()
    rows = [line.split("|") for line in readme.splitlines() if line.startswith("| `")]
    documented = {row[1].strip(" `"): row[3].strip() for row in rows if "`" in row[1] and len(row) == 5}
    assert documented == {name: kind.summary for name, kind in KINDS.items()}


def test_unknown_faults_services_and_options_are_refused(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="no fault 'earthquake'"):
        sandbox.faults.add("spotify", "earthquake")
    with pytest.raises(ValueError, match="for musicbrainz, not for 'spotify'"):
        sandbox.faults.add("spotify", "load_shed")
    with pytest.raises(ValueError, match="no option minutes"):
        sandbox.faults.add("spotify", "timeout", minutes=3)


def test_faults_last_for_so_many_requests_after_so_many_on_one_endpoint(sandbox: Sandbox, api: Client) -> None:
    fault = sandbox.faults.add("spotify", "server_error", times=2, skip=1, match="/v1/me")
    assert api.get(RECENT).ok
    assert [api.get("/me").status_code for _ in range(5)] == [200, 500, 500, 200, 200]
    assert fault.hits == 2
    assert sandbox.faults.active() == []


def test_a_rate_is_a_share_drawn_from_the_seed(sandbox: Sandbox, musicbrainz: Client) -> None:
    fault = sandbox.faults.add("musicbrainz", "load_shed", rate=1 / 3)
    statuses = [musicbrainz.get("/genre/all", fmt="txt").status_code for _ in range(150)]
    assert 30 <= statuses.count(503) == fault.hits <= 70
    assert sandbox.counts.total("musicbrainz", but_status=503) == 150 - fault.hits


@pytest.mark.parametrize(
    ("kind", "options", "status", "words", "headers"),
    [
        ("rate_limited", {}, 429, '"message":"API rate limit exceeded"', {"Retry-After": "2"}),
        ("rate_limited", {"retry_after": 48925, "body": "text"}, 429, "Too many requests", {"Retry-After": "48925"}),
        ("quota_exceeded", {}, 429, '"reason":"QUOTA_EXCEEDED"', {"Retry-After": "48925"}),
        ("server_error", {"status": 502}, 502, "<html>", {"Content-Type": "text/html"}),
        ("premium_lapsed", {}, 403, "Active premium subscription required", {}),
        ("user_not_registered", {}, 403, "User not registered", {}),
        ("insufficient_scope", {}, 403, '"message":"Insufficient client scope"', {}),
        ("endpoint_forbidden", {}, 403, '"message":"Forbidden"', {}),
        ("access_token_expired", {}, 401, '"message":"The access token expired"', {}),
        ("html", {}, 200, "<!DOCTYPE html>", {}),
        ("html", {"status": 503}, 503, "<!DOCTYPE html>", {}),
        ("empty_body", {}, 200, "", {"Content-Length": "0"}),
        ("url_too_long", {"limit": 10}, 414, "Request-URI Too Large", {}),
    ],
)
def test_answers_of_the_web_api(
    sandbox: Sandbox,
    api: Client,
    *,
    kind: str,
    options: dict[str, Any],
    status: int,
    words: str,
    headers: dict[str, str],
) -> None:
    """The status, the words and the headers are those of the contract; afterwards all is well."""
    sandbox.faults.add("spotify", kind, times=1, **options)
    response = api.get(RECENT)
    assert response.status_code == status
    assert words in response.text
    assert headers.items() <= response.headers.items()
    assert api.get(RECENT).json()["items"]


def test_the_premium_text_is_plain_and_not_json(sandbox: Sandbox, api: Client) -> None:
    sandbox.faults.add("spotify", "premium_lapsed", times=1)
    with pytest.raises(requests.JSONDecodeError):
        api.get(RECENT).json()


def test_a_quota_counts_each_endpoint_over_a_day_from_the_first_request(sandbox: Sandbox, api: Client) -> None:
    """The third read of artists is refused; other endpoints go on; the wait shrinks; a day later it works again."""
    sandbox.faults.add("spotify", "quota_exceeded", per_bucket=2)
    path = f"/artists/{sandbox.world.catalogue.artist_id(1)}"
    long_lived = sandbox.tokens.grant("user-read-recently-played")
    assert [api.get(path).status_code for _ in range(3)] == [200, 200, 429]
    assert api.get("/me").ok
    sandbox.clock.advance(minutes=30)
    assert api.get(path).headers["Retry-After"] == str(23 * 3600 + 1800 + 1)
    sandbox.clock.advance(hours=24)
    assert sandbox.tokens.check_refresh(long_lived)
    fresh = Client(api.base, {"Authorization": f"Bearer {sandbox.tokens.access('')}"}, api.session)
    assert fresh.get(path).ok


@pytest.mark.parametrize("how", ["text", "no_played_at", "bad_played_at", "epoch", "future", "no_track_id", "no_name"])
def test_one_item_is_malformed_and_the_others_are_good(sandbox: Sandbox, api: Client, how: str) -> None:
    good = api.get(RECENT, limit=5).json()["items"]
    sandbox.faults.add("spotify", "malformed_item", times=1, position=2, how=how)
    broken = api.get(RECENT, limit=5).json()["items"]
    assert [place for place in range(5) if good[place] != broken[place]] == [2]


def test_items_late_twice_without_track_local_and_cursors_null(sandbox: Sandbox, api: Client) -> None:
    good = api.get(RECENT, limit=6).json()

    def with_fault(kind: str, **options: Any) -> dict[str, Any]:
        sandbox.faults.add("spotify", kind, times=1, **options)
        body: dict[str, Any] = api.get(RECENT, limit=6).json()
        return body

    assert with_fault("late_items", count=2)["items"] == good["items"][2:]
    assert with_fault("late_items", count=99)["cursors"] is None
    twice = with_fault("duplicate_items", count=1)["items"]
    assert twice == [good["items"][0], *good["items"]]
    assert len(with_fault("duplicate_items")["items"]) == 12
    assert with_fault("null_cursors")["cursors"] is None
    assert {item["context"] for item in with_fault("null_context")["items"]} == {None}
    assert [item["track"] is None for item in with_fault("track_null", position=0)["items"]] == [True] + [False] * 5
    local = with_fault("local_file", position=3)["items"][3]["track"]
    assert (local["id"], local["is_local"], local["uri"][:14]) == (None, True, "spotify:local:")
    assert with_fault("empty_items")["items"] == []
    assert with_fault("no_items") == {}
    assert with_fault("no_items", how="null") == {"items": None}
    assert with_fault("no_items", how="error") == {"error": "try again"}
    assert api.get(RECENT, limit=6).json() == good


def test_truncated_json_is_a_whole_answer_that_cannot_be_read(sandbox: Sandbox, api: Client) -> None:
    sandbox.faults.add("spotify", "truncated_json", times=1)
    response = api.get(RECENT)
    assert int(response.headers["Content-Length"]) == len(response.content)
    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_a_body_is_cut_half_way(sandbox: Sandbox, api: Client) -> None:
    sandbox.faults.add("spotify", "cut_body", times=1)
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.get(RECENT)
    assert api.get(RECENT).ok


def test_time_outs_and_torn_connections(sandbox: Sandbox) -> None:
    """A client with a time-out gets away; clearing the fault lets everybody go; both count as status 0."""
    url = f"{sandbox.nominatim_url}/search?q=Bristol&format=json"
    sandbox.faults.add("nominatim", "timeout")
    with pytest.raises(requests.ReadTimeout):
        requests.get(url, headers={"User-Agent": AGENT}, timeout=0.2)
    sandbox.faults.clear()
    sandbox.faults.add("nominatim", "no_connection", times=1)
    with pytest.raises(requests.ConnectionError):
        requests.get(url, headers={"User-Agent": AGENT}, timeout=5)
    assert requests.get(url, headers={"User-Agent": AGENT}, timeout=5).ok
    assert sandbox.counts.total("nominatim", status=0) == 2


def test_a_service_can_be_down_and_come_back_on_its_port(sandbox: Sandbox) -> None:
    url = f"{sandbox.spotify_accounts_url}/authorize"
    sandbox.take_down("accounts")
    with pytest.raises(requests.ConnectionError):
        requests.get(url, timeout=5)
    sandbox.bring_up("accounts")
    assert requests.get(url, timeout=5).status_code == 400
    assert sandbox.spotify_accounts_url in url


def test_the_two_kinds_of_503_differ_as_in_the_wild(sandbox: Sandbox, musicbrainz: Client) -> None:
    """A load shed says Retry-After: 0 and global; being too fast says per-ip and to wait."""
    sandbox.faults.add("musicbrainz", "load_shed", times=2)
    for params, zone in (
        ({"resource": "https://open.spotify.com/artist/x"}, "global"),
        ({"query": "a"}, "search-global"),
    ):
        shed = musicbrainz.get("/url", fmt="json", **params)
        assert (shed.status_code, shed.headers["Retry-After"]) == (503, "0")
        assert shed.headers["X-RateLimit-Zone"] == zone
        assert shed.json() == {"error": LOAD_SHED_TEXT}
    sandbox.faults.add("musicbrainz", "rate_limit_503", times=1, retry_after=7)
    limited = musicbrainz.get("/genre/all", fmt="txt")
    assert (limited.headers["Retry-After"], limited.headers["X-RateLimit-Zone"]) == ("7", "per-ip")
    assert limited.json()["error"] != LOAD_SHED_TEXT


def test_batches_can_be_refused_for_their_size_or_their_length(sandbox: Sandbox, musicbrainz: Client) -> None:
    ids = [artist.mbid for artist in sandbox.world.artists if artist.mbid][:30]
    sandbox.faults.add("musicbrainz", "batch_refused", limit=10)
    sandbox.faults.add("musicbrainz", "url_too_long", limit=2_000)
    small, large = (f"arid:({' OR '.join(ids[:count])})" for count in (10, 11))
    assert musicbrainz.get("/artist", query=small, fmt="json").ok
    assert musicbrainz.get("/artist", query=large, fmt="json").status_code == 400
    pages = [f"https://open.spotify.com/artist/{sandbox.world.catalogue.artist_id(index)}" for index in range(30)]
    sandbox.faults.clear(kind="batch_refused")
    assert musicbrainz.get("/url", resource=pages, fmt="json").status_code == 414
    assert musicbrainz.get("/url", resource=pages[:10], fmt="json").ok


def test_the_search_index_can_lag_and_lose_results(sandbox: Sandbox, musicbrainz: Client) -> None:
    """The lookup of an artist that searches do not know yet works."""
    ids = [artist.mbid for artist in sandbox.world.artists if artist.mbid][:20]
    query = f"arid:({' OR '.join(ids)})"
    sandbox.faults.add("musicbrainz", "index_lag", mbids=ids[:3])
    found = {item["id"] for item in musicbrainz.get("/artist", query=query, fmt="json").json()["artists"]}
    assert found == set(ids[3:])
    assert musicbrainz.get(f"/artist/{ids[0]}", fmt="json").ok
    sandbox.faults.clear()
    sandbox.faults.add("musicbrainz", "partial_results", share=0.5)
    assert len(musicbrainz.get("/artist", query=query, fmt="json").json()["artists"]) == 10


def test_a_block_and_a_shifted_clock(sandbox: Sandbox, nominatim: Client) -> None:
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    sandbox.faults.add("nominatim", "blocked", times=1)
    assert nominatim.get("/search", q="Bristol").status_code == 403
    sandbox.faults.add("nominatim", "clock_skew", times=1, seconds=-7200)
    shown = parsedate_to_datetime(nominatim.get("/search", q="Bristol").headers["Date"])
    assert 7190 < (datetime.now(UTC) - shown).total_seconds() < 7210
