"""One transport for every service: throttling, retries with back-off, time-outs, quota memory and the request ledger.

`ThrottledSession` is a `requests.Session`, so spotipy, geopy and our MusicBrainz client use it unchanged. What is
special about a service is its `RequestPolicy`: its rate limit, its time-outs, and how a response is classified.
Always holds: one request at a time per session, each attempt counted in the state, nothing sent to a bucket that is
blocked or over its budget, and no wait longer than `max_wait`: a longer one is stored as `blocked_until` and raised as
QuotaExhausted.
"""

from __future__ import annotations

import logging
import math
import random
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, TypedDict
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import ConfigurationError, QuotaExhausted, RunStopped, ServiceUnavailable
from extract_load.core.network_environment import proxy_variable
from extract_load.storage.ports import State
from extract_load.storage.state import LONGEST_PAUSE, RequestRecord
from extract_load.transport.limits import AnswerTooLarge, LimitedAdapter
from extract_load.transport.session import EnvironmentSession

log = logging.getLogger(__name__)

_SLOWDOWN_STEP, _MAX_SLOWDOWN = 1.5, 4.0  # adaptive throttle: the interval grows by this each time, up to four times
_ID = re.compile(r"^(?:[0-9A-Za-z]{22}|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{2}[A-Z0-9]{3}\d{7})$")


@dataclass(frozen=True, slots=True)
class Deliver:
    """Verdict: hand the response to the caller (200, and refusals that a retry would not change)."""

    outcome: str = "ok"


@dataclass(frozen=True, slots=True)
class Retry:
    """Verdict: a transient failure; wait `after` seconds (None = back off) and send the request again.

    `slow_down` lengthens the interval between all later requests of the session; `is_last` sends it no more.
    """

    reason: str
    after: float | None = None
    slow_down: bool = False
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """Verdict: the service accepts nothing for `seconds`; this is stored, and raised as QuotaExhausted."""

    reason: str
    seconds: float


Verdict = Deliver | Retry | Blocked


def classify_response(response: Response) -> Verdict:
    """Return the verdict that fits most services: 429, 408 and 5xx are retried, everything else is delivered."""
    if response.status_code == 429:
        return Retry("asked to slow down", retry_after(response))
    if response.status_code == 408 or response.status_code >= 500:
        return Retry(f"answered {response.status_code}", retry_after(response))
    return Deliver("ok" if response.ok else f"refused {response.status_code}")


def retry_after(response: Response) -> float | None:
    """Return the Retry-After header in seconds, at most LONGEST_PAUSE; None when there is no usable one."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return min(max(0.0, seconds), LONGEST_PAUSE.total_seconds()) if math.isfinite(seconds) else None


def endpoint_of(request: PreparedRequest) -> str:
    """Return the path as a template, without host, ids or parameters: safe to log and to store."""
    parts = urlsplit(request.url or "").path.split("/")
    return "/".join("{id}" if _ID.match(part) else part for part in parts).rstrip("/") or "/"


@dataclass(frozen=True, slots=True)
class RequestPolicy:
    """How requests to one service are sent. Times are seconds.

    A whole answer, headers and body, must arrive within `deadline`, and its body may have `max_bytes`. `bucket` names
    the quota that a request counts against; `daily_budget` limits the requests of a bucket in 24 h.
    """

    service: str
    requests_per_second: float | None = None
    connect_timeout: float = 10
    read_timeout: float = 30
    deadline: float = 120
    max_bytes: int = 32 * 1024 * 1024
    max_attempts: int = 5
    backoff: float = 1.5
    max_backoff: float = 30
    max_wait: float = 60
    classify: Callable[[Response], Verdict] = classify_response
    bucket: Callable[[PreparedRequest], str] = endpoint_of
    daily_budget: Callable[[str], int | None] = field(default=lambda _bucket: None)


class _Times(TypedDict):
    """When an attempt began (naive UTC, and by the steady counter), and the seconds that it waited before."""

    at: datetime
    started: float
    waited: float


@dataclass(slots=True)
class Meter:
    """The requests that one thread sent, and the seconds that it waited for the rate limit."""

    sent: int = 0
    waited: float = 0.0


class ThrottledSession(EnvironmentSession):
    """A session that follows a policy. `sent` (requests) and `waited` (seconds) count what it has cost so far."""

    def __init__(
        self, policy: RequestPolicy, state: State, *, run_id: str, user_agent: str, clock: Clock | None = None
    ) -> None:
        super().__init__()
        self.policy = policy
        self.sent = 0
        self.waited = 0.0
        self.headers["User-Agent"] = user_agent
        limited = LimitedAdapter(deadline=policy.deadline, max_bytes=policy.max_bytes, check=self._hear_a_stop)
        self.mount("http://", limited)
        self.mount("https://", limited)
        self._state = state
        self._run_id = run_id
        self._clock = clock or SystemClock()
        self._own = threading.local()
        self._lock = threading.RLock()  # reentrant: a redirect is sent from within a send
        self._next_at = 0.0
        self._slowdown = 1.0
        self._random = random.Random()

    @contextmanager
    def metered(self) -> Iterator[Meter]:
        """Count what this thread sends and waits for in a block, beside the threads that share the session."""
        self._own.meter = Meter()
        try:
            yield self._own.meter
        finally:
            del self._own.meter

    def _hear_a_stop(self) -> None:
        """Raise what the clock of a stopped run raises where anybody waits."""
        self._clock.sleep(0)

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send a request under the policy and return the response.

        Errors: QuotaExhausted (blocked, or over the budget), ServiceUnavailable (no usable response in all attempts),
        and those of the clock: a run that is stopped waits for no answer.
        """
        kwargs["timeout"] = (self.policy.connect_timeout, self.policy.read_timeout)
        bucket = self.policy.bucket(request)
        with self._lock:
            self._hear_a_stop()
            reason, waited = "", 0.0
            for attempt in range(1, self.policy.max_attempts + 1):
                self._raise_if_blocked(bucket)
                waited += self._throttle()
                verdict, response = self._attempt(request, bucket, waited, kwargs)
                if isinstance(verdict, Deliver) and response is not None:
                    return response
                if isinstance(verdict, Blocked):
                    raise self._block(bucket, verdict.reason, verdict.seconds)
                reason = verdict.reason if isinstance(verdict, Retry) else "gave no answer"
                asked = verdict.after if isinstance(verdict, Retry) else None
                if isinstance(verdict, Retry) and verdict.slow_down:
                    self._slowdown = min(_MAX_SLOWDOWN, self._slowdown * _SLOWDOWN_STEP)
                if asked is not None and asked > self.policy.max_wait:
                    raise self._block(bucket, reason, asked)
                if isinstance(verdict, Retry) and verdict.is_last:
                    raise ServiceUnavailable(f"{self.policy.service} {reason}.", service=self.policy.service)
                if attempt < self.policy.max_attempts:
                    waited = self._sleep(self._backoff_seconds(attempt, asked))
        msg = f"{self.policy.service} {reason}, {self.policy.max_attempts} times in a row."
        raise ServiceUnavailable(msg, service=self.policy.service)

    def _attempt(
        self, request: PreparedRequest, bucket: str, waited: float, kwargs: dict[str, Any]
    ) -> tuple[Verdict, Response | None]:
        """Send the request once, record it in the ledger, and return the verdict with the response if there is one."""
        times: _Times = {"at": self._clock.now(), "started": self._clock.monotonic(), "waited": waited}
        response: Response | None = None
        verdict: Verdict = Retry("was not waited for")
        try:
            response = super().send(request, **kwargs)
            verdict = self.policy.classify(response)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ContentDecodingError) as error:
            verdict = Retry(_describe_transport_error(error, request.url or ""))
        except UnicodeEncodeError as error:
            msg = f"A request to {self.policy.service} can't be sent: a setting has a character that HTTP can't carry."
            raise ConfigurationError(msg, hint="Check CONTACT and the sign-in values in .env.") from error
        except requests.exceptions.ChunkedEncodingError:
            verdict = Retry("cut its answer short")
        except AnswerTooLarge:
            megabytes = self.policy.max_bytes / 1024**2
            verdict = Retry(f"answered with more than {megabytes:g} MB, which was not read", is_last=True)
        except RunStopped:
            self._record(request, bucket, verdict, None, **times)  # the service counts it, too
            raise
        self._record(request, bucket, verdict, response, **times)
        return verdict, response

    def _record(
        self,
        request: PreparedRequest,
        bucket: str,
        verdict: Verdict,
        response: Response | None,
        *,
        at: datetime,
        started: float,
        waited: float,
    ) -> None:
        """Record one attempt in the ledger."""
        self._count(sent=1)
        self._state.record_request(
            RequestRecord(
                run_id=self._run_id,
                service=self.policy.service,
                bucket=bucket,
                method=request.method or "GET",
                endpoint=endpoint_of(request),
                requested_at=at,
                status=response.status_code if response is not None else None,
                outcome=verdict.outcome if isinstance(verdict, Deliver) else verdict.reason,
                duration_ms=round((self._clock.monotonic() - started) * 1000),
                waited_ms=round(waited * 1000),
            )
        )

    def _raise_if_blocked(self, bucket: str) -> None:
        """Raise QuotaExhausted while the bucket is blocked by the service or its daily budget is spent."""
        now, service = self._clock.now(), self.policy.service
        until = self._state.blocked_until(service, bucket, now)
        if until:
            msg = f"{service} asked for a pause ({bucket})."
            raise QuotaExhausted(msg, resume_at=until, service=service, bucket=bucket)
        budget = self.policy.daily_budget(bucket)
        if budget is None:
            return
        free_at = self._state.budget_frees_at(service, bucket, budget, now)
        if free_at:
            msg = f"Today's budget of {budget} requests to {service} ({bucket}) is spent."
            raise QuotaExhausted(msg, resume_at=free_at, service=service, bucket=bucket, is_own_budget=True)

    def _block(self, bucket: str, reason: str, seconds: float) -> QuotaExhausted:
        """Store that the bucket is blocked for `seconds`, and return the error that says so."""
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        self._state.block(self.policy.service, bucket, until, now)
        msg = f"{self.policy.service} {reason} ({bucket})."
        return QuotaExhausted(msg, resume_at=until, service=self.policy.service, bucket=bucket)

    def _throttle(self) -> float:
        """Wait until the rate limit allows the next request, and return the seconds waited."""
        if not self.policy.requests_per_second:
            return 0.0
        interval = self._slowdown / self.policy.requests_per_second
        now = self._clock.monotonic()
        pause = max(0.0, self._next_at - now)
        self._next_at = max(now, self._next_at) + interval
        return self._sleep(pause)

    def _backoff_seconds(self, attempt: int, asked: float | None) -> float:
        """Return the wait before the next attempt: Retry-After or exponential back-off with jitter, if longer."""
        grown = min(self.policy.max_backoff, self.policy.backoff * 2 ** (attempt - 1))
        return float(max(asked or 0.0, grown * (0.5 + self._random.random())))

    def _sleep(self, seconds: float) -> float:
        if seconds > 0:
            self._clock.sleep(seconds)
            self._count(waited=seconds)
        return seconds

    def _count(self, sent: int = 0, waited: float = 0.0) -> None:
        """Count for the session, and for the thread that asked."""
        for counted in (self, getattr(self._own, "meter", None)):
            if counted is not None:
                counted.sent += sent
                counted.waited += waited


def _describe_transport_error(error: Exception, url: str) -> str:
    """Return what went wrong on the wire, without the address."""
    if isinstance(error, requests.exceptions.ProxyError):
        return f"could not be reached by way of the proxy that {proxy_variable(url)} names"
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "could not be trusted (TLS)"
    return "could not be reached"
