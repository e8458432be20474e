"""Every kind of bad weather: what it is called, whom it can strike, its options, and what it does.

"before" kinds answer in place of the stand-in, "after" kinds change its answer, "flag" kinds are looked up by the
stand-in itself.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

from sandbox import fault_items
from sandbox.clock import Clock
from sandbox.faults import Fault, Stage
from sandbox.http_types import Request, Response, json_response, text_response

ALL = ("spotify", "accounts", "musicbrainz", "nominatim")
PREMIUM_TEXT = (
    "Active premium subscription required for the owner of the app. When the subscription status changes, it can "
    "take a few hours before requests are allowed again."
)
LOAD_SHED_TEXT = "The MusicBrainz web server is currently busy. Please try again later."
RATE_TEXT = (
    "Your requests are exceeding the allowable rate limit. Please see "
    "http://wiki.musicbrainz.org/XMLWebService for more information."
)

Answer = Callable[[Request, Fault, Clock, str], Response | None]
Change = Callable[[Request, Fault, Response], Response | None]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of fault."""

    name: str
    services: tuple[str, ...]
    options: tuple[str, ...]
    summary: str
    stage: Stage
    answer: Answer
    change: Change


KINDS: dict[str, Kind] = {}


def _nothing(*_: object) -> None:
    return None


def _before(name: str, services: tuple[str, ...], summary: str, *options: str) -> Callable[[Answer], Answer]:
    def register(answer: Answer) -> Answer:
        KINDS[name] = Kind(name, services, options, summary, "before", answer, _nothing)
        return answer

    return register


def _after(name: str, services: tuple[str, ...], summary: str, *options: str) -> Callable[[Change], Change]:
    def register(change: Change) -> Change:
        KINDS[name] = Kind(name, services, options, summary, "after", _nothing, change)
        return change

    return register


def _flag(name: str, services: tuple[str, ...], summary: str, *options: str) -> None:
    KINDS[name] = Kind(name, services, options, summary, "flag", _nothing, _nothing)


def spotify_error(status: int, message: str, **more: str) -> Response:
    """Return an error in the shape of the Web API."""
    return json_response({"error": {"status": status, "message": message, **more}}, status)


# Any service.


@_before("rate_limited", ALL, "429 with Retry-After; body is json or text", "retry_after", "body")
def _rate_limited(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    if fault.option("body", "json") == "text":
        response = text_response("Too many requests", 429)
    else:
        response = spotify_error(429, "API rate limit exceeded")
    response.headers["Retry-After"] = str(fault.option("retry_after", 2))
    return response


@_before("server_error", ALL, "a 5xx; status 500, 502, 503 or 504", "status")
def _server_error(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    status = int(fault.option("status", 500))
    if status == 500:
        return spotify_error(500, "Server error.")
    return Response(status, b"<html><body><h1>Bad gateway</h1></body></html>", "text/html")


@_before("timeout", ALL, "no answer until the fault is cleared, or for `seconds` (600)", "seconds")
def _timeout(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return Response(0, b"", headers={"seconds": str(fault.option("seconds", 600))}, delivery="hang")


@_before("no_connection", ALL, "the connection is torn down without an answer")
def _no_connection(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return Response(0, delivery="reset")


@_before("url_too_long", ALL, "414 for a request line longer than `limit` (8192) bytes", "limit")
def _url_too_long(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response | None:
    if len(request.target) <= int(fault.option("limit", 8192)):
        return None
    return Response(414, b"<html><body><h1>414 Request-URI Too Large</h1></body></html>", "text/html")


@_after("cut_body", ALL, "the connection ends in the middle of the body")
def _cut_body(request: Request, fault: Fault, response: Response) -> Response:
    response.delivery = "cut"
    return response


@_after("truncated_json", ALL, "a complete answer whose JSON stops in the middle")
def _truncated_json(request: Request, fault: Fault, response: Response) -> Response:
    response.body = response.body[: len(response.body) // 2]
    return response


@_after("html", ALL, "an HTML page with status 200 (or `status`) in place of JSON", "status")
def _html(request: Request, fault: Fault, response: Response) -> Response:
    page = b"<!DOCTYPE html><html><body>We will be right back.</body></html>"
    return Response(int(fault.option("status", 200)), page, "text/html; charset=utf-8")


@_after("empty_body", ALL, "status 200 and nothing in it")
def _empty_body(request: Request, fault: Fault, response: Response) -> Response:
    return Response(200, b"")


@_after("clock_skew", ALL, "the Date header is `seconds` away from the true time", "seconds")
def _clock_skew(request: Request, fault: Fault, response: Response) -> Response:
    response.headers["X-Sandbox-Skew"] = str(fault.option("seconds", 3600))
    return response


# Spotify.


@_before(
    "quota_exceeded",
    ("spotify",),
    "429 QUOTA_EXCEEDED; at once, or after `per_bucket` requests of one endpoint in 24 h",
    "retry_after",
    "per_bucket",
)
def _quota(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response | None:
    now = clock.now()
    retry_after = int(fault.option("retry_after", 48_925))
    size = fault.option("per_bucket", None)
    if size is not None:
        burst = [at for at in fault.memory.get(endpoint, []) if at > now - timedelta(hours=24)]
        if len(burst) < size:
            fault.memory[endpoint] = [*burst, now]
            return None
        retry_after = int((burst[0] + timedelta(hours=24) - now).total_seconds()) + 1
    response = spotify_error(429, "Too many requests", reason="QUOTA_EXCEEDED")
    response.headers["Retry-After"] = str(retry_after)
    return response


@_before("premium_lapsed", ("spotify",), "403 in plain text: the owner's Premium is over")
def _premium(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return text_response(PREMIUM_TEXT, 403)


@_before("user_not_registered", ("spotify",), "403 in plain text: the user is not on the app's list")
def _not_registered(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return text_response(
        "User not registered in the Developer Dashboard. Check settings on "
        "developer.spotify.com/dashboard, the user may not be registered.",
        403,
    )


@_before("insufficient_scope", ("spotify",), "403 Insufficient client scope")
def _scope(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return spotify_error(403, "Insufficient client scope")


@_before("endpoint_forbidden", ("spotify",), "403 Forbidden, as removed endpoints answer (use with match)")
def _forbidden(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return spotify_error(403, "Forbidden")


@_before("access_token_expired", ("spotify",), "401 The access token expired")
def _token_expired(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return spotify_error(401, "The access token expired")


for _name, _summary, _option, _function in fault_items.CHANGES:
    _after(_name, ("spotify",), _summary, *_option)(_function)


# Accounts.


@_before("refresh_token_expired", ("accounts",), "400 invalid_grant, Refresh token expired")
def _refresh_expired(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response | None:
    return _invalid_grant(request, "Refresh token expired")


@_before("refresh_token_revoked", ("accounts",), "400 invalid_grant, Refresh token revoked")
def _refresh_revoked(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response | None:
    return _invalid_grant(request, "Refresh token revoked")


@_before("invalid_client", ("accounts",), "400 invalid_client, as for a wrong client secret")
def _invalid_client(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response | None:
    if request.path != "/api/token":
        return None
    return json_response({"error": "invalid_client", "error_description": "Invalid client secret"}, 400)


_flag("access_denied", ("accounts",), "the user says no on the consent page")
_flag("refresh_token_rotates", ("accounts",), "each refresh answers with a new refresh token")


# MusicBrainz.


@_before("load_shed", ("musicbrainz",), "503 of the whole service, Retry-After: 0", "zone")
def _load_shed(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    search = "query=" in request.target
    headers = {
        "X-RateLimit-Zone": fault.option("zone", "search-global" if search else "global"),
        "X-RateLimit-Limit": "15" if search else "1200",
        "X-RateLimit-Remaining": "12" if search else "676",
        "Retry-After": "0",
    }
    return json_response({"error": LOAD_SHED_TEXT}, 503, headers)


@_before("rate_limit_503", ("musicbrainz",), "503 because you are too fast", "retry_after")
def _rate_503(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return rate_limit_503(int(fault.option("retry_after", 3)))


@_before("batch_refused", ("musicbrainz",), "400 for more than `limit` (25) ids in one request", "limit")
def _batch_refused(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response | None:
    query = request.value("query") or ""
    count = max(len(request.values("resource")), query.count(" OR ") + 1)
    if count <= int(fault.option("limit", 25)):
        return None
    return json_response({"error": "Bad Request"}, 400)


_flag("index_lag", ("musicbrainz",), "searches do not know `mbids`, or a `share` of all, yet", "mbids", "share")
_flag("partial_results", ("musicbrainz",), "searches lose a `share` (0.5) of the results, without an error", "share")


# MusicBrainz and Nominatim.


@_before("blocked", ("musicbrainz", "nominatim"), "403: this application is blocked")
def _blocked(request: Request, fault: Fault, clock: Clock, endpoint: str) -> Response:
    return json_response({"error": "Access blocked: see the usage policy of this service."}, 403)


def rate_limit_503(retry_after: int) -> Response:
    """Return the 503 that says: you, slow down."""
    headers = {
        "X-RateLimit-Zone": "per-ip",
        "X-RateLimit-Limit": "22",
        "X-RateLimit-Remaining": "0",
        "Retry-After": str(retry_after),
    }
    return json_response({"error": RATE_TEXT}, 503, headers)


def date_header(response: Response, now: object) -> str:
    """Return the Date header of a response: the true time, unless a clock_skew fault moved it."""
    from datetime import UTC, datetime

    skew = float(response.headers.pop("X-Sandbox-Skew", "0"))
    return format_datetime(datetime.now(UTC) + timedelta(seconds=skew), usegmt=True)


def _invalid_grant(request: Request, description: str) -> Response | None:
    if request.path != "/api/token" or request.form().get("grant_type") != "refresh_token":
        return None
    return json_response({"error": "invalid_grant", "error_description": description}, 400)
