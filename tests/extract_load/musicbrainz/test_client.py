"""The client: batches as the contract says, sent over the throttled session, and an error for every refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from extract_load.core.errors import ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.http import ThrottledSession
from extract_load.musicbrainz.client import MusicBrainz, connect
from extract_load.musicbrainz.request_policy import Refused


@pytest.fixture
def home(make_home):
    return make_home(link_all=True)


@pytest.fixture
def client(home) -> MusicBrainz:
    context = home.context
    return connect(context.settings, context.state, "run-1", context.clock)


@pytest.fixture
def targets(home) -> Callable[[], list[str]]:
    return lambda: [served.target for served in home.sandbox.counts.requests("musicbrainz")]


def test_many_pages_are_one_request_with_readable_addresses(home, client, targets) -> None:
    """The request line stays below 8 kB for 100 pages because `:` and `/` are not escaped."""
    ids = [home.page(index) for index in range(1, 30)] + [f"{number:022d}" for number in range(71)]
    found = client.pages(ids)
    assert set(found) == {home.page(index) for index in range(1, 30)}
    assert len(targets()) == 1
    assert targets()[0].count("resource=https://open.spotify.com/artist/") == 100
    assert len(targets()[0]) < 7000


@pytest.mark.parametrize("known", [True, False])
def test_a_single_page_has_another_shape_and_the_same_answer(home, client, known) -> None:
    """One resource answers with the bare object, an unknown one with 404; neither surprises the caller."""
    page = home.page(1) if known else "0" * 22
    assert set(client.pages([page])) == ({page} if known else set())


def test_only_what_was_asked_for_comes_back(home, client) -> None:
    """An unreadable query is answered by the words in it; nothing of that is taken for an answer."""
    assert client.artists(["00000000-0000-4000-8000-000000000000"]) == {}
    mbid = home.world.artists[1].mbid
    assert set(client.artists([mbid])) == {mbid}


def test_a_merged_id_is_followed_and_reported(home, client) -> None:
    """301 leads to the new id, at the same rate, and the caller gets it; a deleted id is a tombstone."""
    merged, deleted = home.world.artists[1].mbid, home.world.artists[2].mbid
    new = home.sandbox.musicbrainz.data.merge(merged)
    home.sandbox.musicbrainz.data.delete(deleted)
    assert client.artist(merged).id == new
    assert client.artist(deleted).body is None
    assert client.session.sent == 3


def test_load_sheds_are_waited_out_at_the_same_pace(home, client) -> None:
    """Retry-After: 0 is not obeyed literally: each wait is longer than nothing and jittered."""
    home.fault("load_shed", times=4)
    assert client.genres()
    waits = [seconds for seconds in home.context.clock.slept if seconds > 0.1]
    assert len(waits) == 4
    assert len(set(waits)) == 4
    assert client.session._slowdown == 1


def test_a_rate_limit_slows_the_session_down(home, client) -> None:
    """The other 503 means us: its Retry-After is obeyed, and the pace is wider from then on."""
    home.fault("rate_limit_503", times=1, retry_after=7)
    assert client.genres()
    assert max(home.context.clock.slept) >= 7
    assert client.session._slowdown == 1.5


def test_the_pace_is_kept(home) -> None:
    """Five requests at one a second take four seconds of waiting."""
    settings = home.context.settings.model_copy(update={"musicbrainz_requests_per_second": 1.0})
    client = connect(settings, home.context.state, "r", home.context.clock)
    for _ in range(5):
        client.genres()
    assert sum(home.context.clock.slept) == pytest.approx(4)


def test_without_identification_the_error_names_the_setting(home, client) -> None:
    """403 is not an outage: the sentence says which variable to set, and nothing is tried again."""
    client.session.headers["User-Agent"] = "python-requests/2.32"
    with pytest.raises(ConfigurationError, match="CONTACT"):
        client.genres()
    assert client.session.sent == 1


@pytest.mark.parametrize("kind", ["cut_body", "truncated_json", "html", "empty_body", "server_error", "no_connection"])
def test_a_damaged_answer_is_asked_for_again(home, client, kind) -> None:
    """Cut, broken, foreign and empty bodies are passing troubles, never "nothing found"."""
    mbid = home.world.artists[1].mbid
    home.fault(kind, times=2)
    assert set(client.artists([mbid])) == {mbid}
    assert client.session.sent == 3


def test_an_outage_is_an_error(home, client) -> None:
    """An outage is reported as such, without the address of the service."""
    home.sandbox.take_down("musicbrainz")
    with pytest.raises(ServiceUnavailable, match="could not be reached, 6 times") as caught:
        client.genres()
    assert "127.0.0.1" not in str(caught.value)


def test_a_long_silence_asked_for_is_remembered(home, client) -> None:
    """A wait beyond a minute is no wait: it is remembered, and nothing is sent before it is over."""
    home.fault("rate_limited", retry_after=600)
    with pytest.raises(QuotaExhausted):
        client.genres()
    with pytest.raises(QuotaExhausted):
        client.genres()
    assert client.session.sent == 1


@pytest.mark.parametrize("status", [400, 414])
def test_a_refused_batch_has_an_error_of_its_own(home, client, status) -> None:
    """What a smaller batch may mend is `Refused`."""
    home.fault("batch_refused", limit=1, status=status)
    with pytest.raises(Refused):
        client.pages([home.page(1), home.page(2)])


def test_a_mirror_below_a_path_is_asked_there(home, targets) -> None:
    """MUSICBRAINZ_BASE_URL may have a port and a path of its own."""
    url = f"{home.context.settings.musicbrainz_base_url}/mirror"
    session: ThrottledSession = connect(home.context.settings, home.context.state, "r", home.context.clock).session
    MusicBrainz(session, url).pages(["0" * 22])
    assert targets()[0].startswith("/mirror/ws/2/url?")
