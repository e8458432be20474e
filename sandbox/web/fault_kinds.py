"""Every kind of fault: its name, the services it can strike, its options, and what it does.

"before" kinds answer in place of the stand-in, "after" kinds change its answer, "flag" kinds are looked up by the
stand-in itself. The table in README.md lists the same names; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from sandbox.web import fault_items
from sandbox.web.fault_types import Stage, Strike
from sandbox.web.http_messages import Response, json_response, text_response

ALL = ("spotify", "accounts", "musicbrainz", "nominatim")
SPOTIFY = ("spotify",)
ACCOUNTS = ("accounts",)
MUSICBRAINZ = ("musicbrainz",)

PREMIUM_TEXT = (
    "Active premium subscription required for the owner of the app. When the subscription status changes, it can "
    "take a few hours before requests are allowed again."
)
NOT_REGISTERED_TEXT = (
    "Check settings on developer.spotify.com/dashboard, the user may not be registered. User not registered in the "
    "Developer Dashboard."
)
LOAD_SHED_TEXT = "The MusicBrainz web server is currently busy. Please try again later."
RATE_TEXT = (
    "Your requests are exceeding the allowable rate limit. Please see "
    "http://wiki.musicbrainz.org/XMLWebService for more information."
)
BLOCKED_TEXT = "Access blocked: see the usage policy of this service."

Act = Callable[[Strike], Response | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault. `act` returns an answer, or None where the fault does not apply to the request."""

    name: str
    services: tuple[str, ...]
    summary: str
    options: tuple[str, ...]
    stage: Stage
    act: Act


KINDS: dict[str, Kind] = {}


def spotify_error(status: int, message: str, **more: str) -> Response:
    """Return an error in the shape of the Web API."""
    return json_response({"error": {"status": status, "message": message, **more}}, status)


def rate_limit_503(retry_after: int) -> Response:
    """Return the 503 of MusicBrainz that says: you, slow down."""
    headers = {
        "X-RateLimit-Zone": "per-ip",
        "X-RateLimit-Limit": "22",
        "X-RateLimit-Remaining": "0",
        "Retry-After": str(retry_after),
    }
    return json_response({"error": RATE_TEXT}, 503, headers)


def _kind(stage: Stage, name: str, services: tuple[str, ...], summary: str, *options: str) -> Callable[[Act], Act]:
    def register(act: Act) -> Act:
        KINDS[name] = Kind(name, services, summary, options, stage, act)
        return act

    return register


def _always(name: str, services: tuple[str, ...], summary: str, make: Callable[[], Response]) -> None:
    _kind("before", name, services, summary)(lambda _strike: make())


def _flag(name: str, services: tuple[str, ...], summary: str, *options: str) -> None:
    _kind("flag", name, services, summary, *options)(lambda _strike: None)


# Any service.


@_kind("before", "rate_limited", ALL, "429 with `retry_after` (2); `body` is json or text", "retry_after", "body")
def _rate_limited(strike: Strike) -> Response:
    if strike.option("body", "json") == "text":
        response = text_response("Too many requests", 429)
    else:
        response = spotify_error(429, "API rate limit exceeded")
    response.headers["Retry-After"] = str(strike.option("retry_after", 2))
    return response


@_kind("before", "server_error", ALL, "a 5xx; `status` is 500, 502, 503 or 504", "status")
def _server_error(strike: Strike) -> Response:
    status = int(strike.option("status", 500))
    if status == 500:
        return spotify_error(500, "Server error.")
    return Response(status, b"<html><body><h1>Bad gateway</h1></body></html>", "text/html")


@_kind("before", "timeout", ALL, "no answer until the fault is cleared, or for `seconds` (600)", "seconds")
def _timeout(strike: Strike) -> Response:
    return Response(0, b"", headers={"seconds": str(strike.option("seconds", 600))}, delivery="hang")


_always("no_connection", ALL, "the connection is torn down without an answer", lambda: Response(0, delivery="reset"))


@_kind("before", "url_too_long", ALL, "414 for a request line of more than `limit` (8192) bytes", "limit")
def _url_too_long(strike: Strike) -> Response | None:
    if len(strike.request.target) <= int(strike.option("limit", 8192)):
        return None
    return Response(414, b"<html><body><h1>414 Request-URI Too Large</h1></body></html>", "text/html")


@_kind("after", "cut_body", ALL, "the connection ends in the middle of the body")
def _cut_body(strike: Strike) -> Response:
    strike.response.delivery = "cut"
    return strike.response


@_kind("after", "truncated_json", ALL, "a complete answer whose JSON stops in the middle")
def _truncated_json(strike: Strike) -> Response:
    strike.response.body = strike.response.body[: len(strike.response.body) // 2]
    return strike.response


@_kind("after", "html", ALL, "an HTML page with `status` (200) and `text` in place of JSON", "status", "text")
def _html(strike: Strike) -> Response:
    page = f"<!DOCTYPE html><html><body>{strike.option('text', 'We will be right back.')}</body></html>"
    return Response(int(strike.option("status", 200)), page.encode(), "text/html; charset=utf-8")


_kind("after", "empty_body", ALL, "status 200 and nothing in it")(lambda _strike: Response(200, b""))


@_kind("after", "clock_skew", ALL, "the Date header is `seconds` (3600) away from the true time", "seconds")
def _clock_skew(strike: Strike) -> Response:
    strike.response.date_shift_s = float(strike.option("seconds", 3600))
    return strike.response


# Spotify.


@_kind(
    "before",
    "quota_exceeded",
    SPOTIFY,
    "429 QUOTA_EXCEEDED with `retry_after` (48925); with `per_bucket`, after this many requests of an endpoint in 24 h",
    "retry_after",
    "per_bucket",
)
def _quota(strike: Strike) -> Response | None:
    now = strike.clock.now()
    retry_after = int(strike.option("retry_after", 48_925))
    size = strike.option("per_bucket", None)
    if size is not None:
        memory = strike.fault.memory
        burst = [at for at in memory.get(strike.endpoint, []) if at > now - timedelta(hours=24)]
        if len(burst) < size:
            memory[strike.endpoint] = [*burst, now]
            return None
        # The 24 hours are counted from the beginning of the burst.
        retry_after = int((burst[0] + timedelta(hours=24) - now).total_seconds()) + 1
    response = spotify_error(429, "Too many requests", reason="QUOTA_EXCEEDED")
    response.headers["Retry-After"] = str(retry_after)
    return response


_always(
    "premium_lapsed",
    SPOTIFY,
    "403 in plain text: the owner's Premium is over",
    lambda: text_response(PREMIUM_TEXT, 403),
)
_always(
    "user_not_registered",
    SPOTIFY,
    "403 in plain text: the user is not on the app's list",
    lambda: text_response(NOT_REGISTERED_TEXT, 403),
)
_always(
    "insufficient_scope",
    SPOTIFY,
    "403 Insufficient client scope",
    lambda: spotify_error(403, "Insufficient client scope"),
)
_always(
    "endpoint_forbidden",
    SPOTIFY,
    "403 Forbidden, as removed endpoints answer (use with `match`)",
    lambda: spotify_error(403, "Forbidden"),
)


@_kind("before", "refused", SPOTIFY, "`status` (404), `message`; `part` of an address", "status", "message", "part")
def _refused(strike: Strike) -> Response | None:
    if str(strike.option("part", "")) not in strike.request.target:
        return None
    return spotify_error(int(strike.option("status", 404)), str(strike.option("message", "Resource not found")))


_always(
    "access_token_expired",
    SPOTIFY,
    "401 The access token expired",
    lambda: spotify_error(401, "The access token expired"),
)
for _name, _summary, _options, _edit in fault_items.EDITS:
    _kind("after", _name, SPOTIFY, _summary, *_options)(fault_items.act(_edit))


# Accounts.


def _invalid_grant(description: str) -> Act:
    def act(strike: Strike) -> Response | None:
        if strike.request.form().get("grant_type") != "refresh_token":
            return None
        return json_response({"error": "invalid_grant", "error_description": description}, 400)

    return act


_kind("before", "refresh_token_expired", ACCOUNTS, "400 invalid_grant, Refresh token expired")(
    _invalid_grant("Refresh token expired")
)
_kind("before", "refresh_token_revoked", ACCOUNTS, "400 invalid_grant, Refresh token revoked")(
    _invalid_grant("Refresh token revoked")
)


@_kind("before", "invalid_client", ACCOUNTS, "400 invalid_client, as for a wrong client secret")
def _invalid_client(strike: Strike) -> Response | None:
    if strike.request.path != "/api/token":
        return None
    return json_response({"error": "invalid_client", "error_description": "Invalid client secret"}, 400)


_flag("access_denied", ACCOUNTS, "the user says no on the consent page")
_flag("refresh_token_rotates", ACCOUNTS, "each refresh answers with a new refresh token, and the old one is dead")


# MusicBrainz.


@_kind("before", "load_shed", MUSICBRAINZ, "503 of the whole service with Retry-After: 0")
def _load_shed(strike: Strike) -> Response:
    search = "query" in strike.request.names()
    headers = {
        "X-RateLimit-Zone": "search-global" if search else "global",
        "X-RateLimit-Limit": "15" if search else "1200",
        "X-RateLimit-Remaining": "12" if search else "676",
        "Retry-After": "0",
    }
    return json_response({"error": LOAD_SHED_TEXT}, 503, headers)


@_kind("before", "rate_limit_503", MUSICBRAINZ, "503 because you are too fast, with `retry_after` (3)", "retry_after")
def _rate_503(strike: Strike) -> Response:
    return rate_limit_503(int(strike.option("retry_after", 3)))


@_kind(
    "before",
    "batch_refused",
    MUSICBRAINZ,
    "`status` (400, or 414) for more than `limit` (25) ids in one request",
    "limit",
    "status",
)
def _batch_refused(strike: Strike) -> Response | None:
    query = strike.request.value("query") or ""
    count = max(len(strike.request.values("resource")), query.count(" OR ") + 1)
    if count <= int(strike.option("limit", 25)):
        return None
    return json_response({"error": "Bad Request"}, int(strike.option("status", 400)))


_flag("index_lag", MUSICBRAINZ, "searches do not know the artists `mbids`, or a `share` of all, yet", "mbids", "share")
_flag("partial_results", MUSICBRAINZ, "searches lose a `share` (0.5) of their results, without an error", "share")


# MusicBrainz and Nominatim.

_always(
    "blocked",
    ("musicbrainz", "nominatim"),
    "403: this application is blocked",
    lambda: json_response({"error": BLOCKED_TEXT}, 403),
)
