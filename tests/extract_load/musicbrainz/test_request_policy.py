"""The request policy: a load shed is not a rate limit, a damaged body is not an answer, each status has its error."""

from __future__ import annotations

import pytest
from requests import PreparedRequest, Response

from extract_load.core.errors import ConfigurationError, ServiceUnavailable
from extract_load.http import Deliver, Retry
from extract_load.musicbrainz.request_policy import NotFound, Refused, classify_response, error_for


def answer(status: int, body: bytes = b"{}", headers: dict[str, str] | None = None, url: str = "") -> Response:
    response = Response()
    response.status_code, response._content = status, body
    response.headers.update(headers or {})
    response.request = PreparedRequest()
    response.request.url = url or "http://mirror/ws/2/artist?fmt=json"
    return response


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {}, b"{}"),
        (503, {"X-RateLimit-Zone": "ws ip=203.0.113.7"}, b"{}"),
        (503, {"X-RateLimit-Zone": "per-ip"}, b"{}"),
        (503, {}, b'{"error": "Your requests are exceeding the allowable rate limit."}'),
    ],
)
def test_a_rate_limit_throttles_the_session(status, headers, body) -> None:
    assert classify_response(answer(status, body, {**headers, "Retry-After": "5"})) == Retry(
        "refused requests as too many", 5.0, slow_down=True
    )
    assert classify_response(answer(status, body, {**headers, "Retry-After": "0"})).after == 2.0


def test_a_load_shed_is_retried_at_the_same_rate() -> None:
    verdict = classify_response(answer(503, headers={"X-RateLimit-Zone": "global", "Retry-After": "0"}))
    assert isinstance(verdict, Retry)
    assert not verdict.slow_down


@pytest.mark.parametrize("body", [b"", b"<html>", b'{"artists": [', b"[]"])
def test_a_body_that_is_no_json_object_is_retried(body) -> None:
    assert classify_response(answer(200, body)) == Retry("sent a damaged answer")


def test_a_text_list_is_complete_unless_it_is_empty_or_a_page() -> None:
    url = "http://mirror/ws/2/genre/all?fmt=txt"
    assert classify_response(answer(200, b"rock\n", url=url)) == Deliver("ok")
    assert classify_response(answer(200, b"", url=url)) == Retry("sent a damaged answer")
    page = answer(200, b"<p>", {"Content-Type": "text/html"}, url)
    assert classify_response(page) == Retry("sent a damaged answer")


def test_not_found_is_delivered() -> None:
    assert classify_response(answer(404, b"{}")) == Deliver("not found")


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (404, NotFound),
        (400, Refused),
        (413, Refused),
        (414, Refused),
        (403, ConfigurationError),
        (500, ServiceUnavailable),
    ],
)
def test_each_status_has_its_error(status, kind) -> None:
    error = error_for(status, "the server's words")
    assert type(error) is kind
    assert "the server's words" in str(error)
