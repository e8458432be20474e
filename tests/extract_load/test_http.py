"""The transport: paces, retries what passes, remembers what lasts, counts everything, and tells no addresses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from extract_load.core.errors import ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.core.settings import load_settings
from extract_load.http import RequestPolicy, ThrottledSession, endpoint_of
from extract_load.storage.state import State

Answer = tuple[int, dict[str, str], bytes]
CUT = 299  # our own mark: promise a body and hang up


class Script:
    """A server that answers from a list, the last answer for ever, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: list[Answer] = [(200, {}, b"{}")]
        self.asked: list[str] = []
        self.agents: list[str] = []

    def next(self, path: str) -> Answer:
        self.asked.append(path)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def script() -> Iterator[tuple[Script, str]]:
    """Serve a script on loopback and give it with its address."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = script.next(self.path)
            script.agents.append(self.headers["User-Agent"])
            self.send_response(200 if status == CUT else status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + (100 if status == CUT else 0)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield script, f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def session_for(state: State, clock) -> Callable[..., ThrottledSession]:
    """Make sessions with a policy of the test's own."""

    def make(**policy: object) -> ThrottledSession:
        return ThrottledSession(
            RequestPolicy("testing", **{"max_attempts": 4, **policy}),
            state,
            run_id="r",
            user_agent="test/1",
            clock=clock,
        )

    return make


def test_a_passing_error_is_asked_again_and_each_attempt_is_counted(script, session_for, state) -> None:
    """Two 503 and then an answer: the caller sees the answer, the ledger three requests."""
    served, url = script
    served.answers = [(503, {}, b""), (503, {}, b""), (200, {}, b'{"ok": 1}')]
    assert session_for().get(f"{url}/things").json() == {"ok": 1}
    ledger = state.rows("select status, outcome, endpoint from requests order by request_id")
    assert [row["status"] for row in ledger] == [503, 503, 200]
    assert {row["endpoint"] for row in ledger} == {"/things"}


def test_a_lasting_outage_is_an_error_never_an_empty_answer(script, session_for) -> None:
    """After the last attempt the caller gets ServiceUnavailable, not a response."""
    served, url = script
    served.answers = [(500, {}, b"")]
    with pytest.raises(ServiceUnavailable, match="testing answered 500, 4 times in a row"):
        session_for().get(f"{url}/things")


def test_a_body_cut_half_way_is_asked_for_again(script, session_for) -> None:
    """A cut body is a passing trouble, and never half an answer."""
    served, url = script
    served.answers = [(CUT, {}, b'{"half":'), (200, {}, b'{"whole": 1}')]
    assert session_for().get(f"{url}/things").json() == {"whole": 1}


def test_a_refused_connection_names_no_address(session_for) -> None:
    """The error says that the service can't be reached; host, port and address stay out of it."""
    with pytest.raises(ServiceUnavailable) as caught:
        session_for(max_attempts=2).get("http://127.0.0.1:9/things")
    assert "127.0.0.1" not in str(caught.value)
    assert "could not be reached" in str(caught.value)


def test_a_short_retry_after_is_waited_for(script, session_for, clock) -> None:
    """429 with 7 seconds: at least 7 seconds pass, then the answer."""
    served, url = script
    served.answers = [(429, {"Retry-After": "7"}, b""), (200, {}, b"{}")]
    assert session_for().get(f"{url}/things").ok
    assert sum(clock.slept) >= 7


def test_a_long_retry_after_is_remembered_and_nothing_is_sent_before(script, session_for, clock, state) -> None:
    """429 with 13 hours: no sleep; a new session sends nothing until then, and works after."""
    served, url = script
    served.answers = [(429, {"Retry-After": "48925"}, b""), (200, {}, b"{}")]
    with pytest.raises(QuotaExhausted) as caught:
        session_for().get(f"{url}/things")
    assert caught.value.resume_at == clock.at + timedelta(seconds=48925)
    assert sum(clock.slept) == 0
    with pytest.raises(QuotaExhausted):
        session_for().get(f"{url}/things")
    assert len(served.asked) == 1
    clock.forward(48926)
    assert session_for().get(f"{url}/things").ok


@pytest.mark.parametrize("asked", ["inf", "-inf", "nan", "soon"])
def test_a_retry_after_that_is_no_number_of_seconds_counts_as_none(asked: str, script, session_for, clock) -> None:
    """It is asked again after the usual back-off."""
    served, url = script
    served.answers = [(429, {"Retry-After": asked}, b""), (200, {}, b"{}")]
    assert session_for().get(f"{url}/things").ok
    assert 0 < sum(clock.slept) < 60


@pytest.mark.parametrize("asked", ["1e30", "999999999"])
def test_a_retry_after_of_years_is_believed_for_two_days(asked: str, script, session_for, clock) -> None:
    """Nothing is sent for 48 hours, and then it works."""
    served, url = script
    served.answers = [(429, {"Retry-After": asked}, b""), (200, {}, b"{}")]
    with pytest.raises(QuotaExhausted) as caught:
        session_for().get(f"{url}/things")
    assert caught.value.resume_at == clock.at + timedelta(hours=48)
    clock.forward(48 * 3600 - 1)
    with pytest.raises(QuotaExhausted):
        session_for().get(f"{url}/things")
    clock.forward(2)
    assert session_for().get(f"{url}/things").ok


def test_a_block_of_a_clock_that_was_ahead_does_not_hold(script, session_for, clock) -> None:
    """Made in a year to come, it ends as soon as the clock is right."""
    served, url = script
    served.answers = [(429, {"Retry-After": "48925"}, b""), (200, {}, b"{}")]
    right, clock.at = clock.at, clock.at + timedelta(days=365)
    with pytest.raises(QuotaExhausted):
        session_for().get(f"{url}/things")
    clock.at = right
    assert session_for().get(f"{url}/things").ok


def test_a_block_holds_its_bucket_only(script, session_for) -> None:
    """Another endpoint of the same service goes on."""
    served, url = script
    served.answers = [(429, {"Retry-After": "9999"}, b""), (200, {}, b"{}")]
    with pytest.raises(QuotaExhausted):
        session_for().get(f"{url}/one")
    assert session_for().get(f"{url}/two").ok


def test_the_daily_budget_is_kept_over_sessions_and_rolls(script, session_for, clock) -> None:
    """Three requests in 24 hours: the fourth is refused before it is sent, and told when the first falls out."""
    served, url = script
    first = clock.at
    for _ in range(3):
        session_for(daily_budget=lambda _: 3).get(f"{url}/things")
        clock.forward(3600)
    with pytest.raises(QuotaExhausted) as caught:
        session_for(daily_budget=lambda _: 3).get(f"{url}/things")
    assert len(served.asked) == 3
    assert caught.value.resume_at == first + timedelta(hours=24)
    clock.forward(21 * 3600 + 1)
    assert session_for(daily_budget=lambda _: 3).get(f"{url}/things").ok


def test_requests_of_a_clock_that_was_ahead_spend_no_budget(script, session_for, clock) -> None:
    """The budget was spent in a year to come: once the clock is right it is whole, and is kept again."""
    _, url = script
    right, clock.at = clock.at, clock.at + timedelta(days=365)
    for _ in range(3):
        session_for(daily_budget=lambda _: 3).get(f"{url}/things")
    clock.at = right
    for _ in range(3):
        assert session_for(daily_budget=lambda _: 3).get(f"{url}/things").ok
    with pytest.raises(QuotaExhausted) as caught:
        session_for(daily_budget=lambda _: 3).get(f"{url}/things")
    assert caught.value.resume_at == right + timedelta(hours=24)


def test_the_pace_holds_from_one_request_to_the_next(script, session_for, clock) -> None:
    """Five requests at two a second take two seconds of waiting."""
    _, url = script
    session = session_for(requests_per_second=2)
    for _ in range(5):
        session.get(f"{url}/things")
    assert sum(clock.slept) == pytest.approx(2.0, abs=0.05)
    assert session.sent == 5


def test_a_redirect_is_followed_within_the_pace_and_counted(script, session_for, state) -> None:
    """Both hops are in the ledger."""
    served, url = script
    served.answers = [(301, {"Location": f"{url}/new"}, b""), (200, {}, b"{}")]
    answer = session_for(requests_per_second=2).get(f"{url}/old")
    assert answer.url.endswith("/new")
    assert len(state.rows("select * from requests")) == 2


def test_an_endpoint_is_told_without_ids_host_or_parameters(script, session_for) -> None:
    """What is kept of an address names nobody and nothing."""
    _, url = script
    request = session_for().get(f"{url}/v1/tracks/6hgoYQDUcPyCz7LcTUHKxa?market=DE").request
    assert endpoint_of(request) == "/v1/tracks/{id}"


def test_a_header_of_any_letters_is_sent_and_what_can_not_be_is_a_setting(script, session_for) -> None:
    """Never told as an answer that is malformed: nothing was asked."""
    served, url = script
    session = session_for()
    session.headers["User-Agent"] = load_settings(Path("no.env"), contact="Jürgen 東京").user_agent()
    assert session.get(url).status_code == 200
    assert "Jürgen 東京" in served.agents[-1].encode("latin-1").decode()
    session.headers["User-Agent"] = "東京"
    with pytest.raises(ConfigurationError, match="can't be sent"):
        session.get(url)
