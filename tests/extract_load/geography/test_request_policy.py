"""The request policy of geocoders: throttling after a 429, and the project's error for each of geopy's."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from geopy import exc
from requests import Response

from extract_load.core.errors import BadInput, ConfigurationError, QuotaExhausted, ServiceUnavailable
from extract_load.geography.request_policy import classify_response, translate_error
from extract_load.http import Deliver, Retry

pytestmark = pytest.mark.fast

NOW = datetime(2026, 1, 1)


def answer(status: int) -> Response:
    response = Response()
    response.status_code = status
    return response


def test_a_429_throttles_and_an_outage_is_retried() -> None:
    assert classify_response(answer(429)) == Retry("asked to slow down", None, slow_down=True)
    assert classify_response(answer(503)) == Retry("answered 503")
    assert classify_response(answer(200)) == Deliver("ok")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (exc.GeocoderQueryError("api_key=secret"), BadInput),
        (exc.GeocoderAuthenticationFailure("api_key=secret"), ConfigurationError),
        (exc.GeocoderInsufficientPrivileges("api_key=secret"), ConfigurationError),
        (exc.GeocoderServiceError("api_key=secret"), ServiceUnavailable),
        (exc.GeocoderParseError("api_key=secret"), ServiceUnavailable),
    ],
)
def test_each_error_of_geopy_has_its_kind_and_loses_its_text(error: Exception, kind: type[Exception]) -> None:
    translated = translate_error(error, "opencage", NOW)
    assert type(translated) is kind
    assert "secret" not in str(translated)
    assert "opencage" in str(translated)


@pytest.mark.parametrize(
    ("error", "seconds"), [(exc.GeocoderQuotaExceeded("x"), 3600), (exc.GeocoderRateLimited("x", retry_after=90), 90)]
)
def test_a_spent_quota_says_when_to_resume(error: Exception, seconds: int) -> None:
    translated = translate_error(error, "opencage", NOW)
    assert isinstance(translated, QuotaExhausted)
    assert translated.resume_at == NOW + timedelta(seconds=seconds)
