"""One transport for every service: pace, retries, time-outs, quota memory and the request ledger.

`PacedSession` is a `requests.Session`, so spotipy, geopy and our MusicBrainz client ride on it. What is special about a
service is its `Policy`: how fast, how patient, and how an answer is judged. Always holds: one request at a time per
session, each attempt counted in the state, nothing sent to a bucket that is blocked or over its budget, and no wait
longer than `max_wait`: what takes longer is remembered as `blocked_until` and told as QuotaExhausted.
"""

from __future__ import annotations

import logging
import math
import random
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import requests
from requests import PreparedRequest, Response

from extract_load.core.clock import Clock, SystemClock
from extract_load.core.errors import QuotaExhausted, ServiceUnavailable
from extract_load.storage.state import LONGEST_PAUSE, RequestRecord, State

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Deliver:
    """The answer goes to the caller as it is (200, and refusals that a retry would not mend)."""

    outcome: str = "ok"


@dataclass(frozen=True, slots=True)
class Retry:
    """A passing trouble: wait (seconds, None = back off) and ask again; `slower` widens the pace from then on."""

    reason: str
    after: float | None = None
    slower: bool = False


@dataclass(frozen=True, slots=True)
class Blocked:
    """The service wants silence for so many seconds: remembered, and told as QuotaExhausted."""

    reason: str
    seconds: float


Verdict = Deliver | Retry | Blocked


def judge_plainly(response: Response) -> Verdict:
    """Judge as any polite client would: 429 waits, 408 and 5xx are asked again, the rest is delivered."""
    if response.status_code == 429:
        return Retry("asked to slow down", retry_after(response))
    if response.status_code == 408 or response.status_code >= 500:
        return Retry(f"answered {response.status_code}", retry_after(response))
    return Deliver("ok" if response.ok else f"refused {response.status_code}")


def retry_after(response: Response) -> float | None:
    """Return the Retry-After header in seconds, no more than LONGEST_PAUSE; None without a usable one."""
    try:
        seconds = float(response.headers.get("Retry-After", ""))
    except ValueError:
        return None
    return min(max(0.0, seconds), LONGEST_PAUSE.total_seconds()) if math.isfinite(seconds) else None


def bucket_of_path(request: PreparedRequest) -> str:
    """Name the endpoint bucket: the path with ids taken out."""
    return endpoint_of(request)


_STRETCH, _STRETCH_MAX = 1.5, 4.0  # how much wider the pace gets each time a service says that we are too fast

_ID = re.compile(r"^(?:[0-9A-Za-z]{22}|[0-9a-f]{8}-[0-9a-f-]{27}|[A-Z]{2}[A-Z0-9]{3}\d{7})$")


def endpoint_of(request: PreparedRequest) -> str:
    """Return the path as a template, without host, ids or parameters: safe to log and to keep."""
    parts = urlsplit(request.url or "").path.split("/")
    return "/".join("{id}" if _ID.match(part) else part for part in parts).rstrip("/") or "/"


@dataclass(frozen=True, slots=True)
class Policy:
    """How one service is to be treated. Times are seconds; `daily_budget` counts requests per bucket in 24 h."""

    service: str
    requests_per_second: float | None = None
    connect_timeout: float = 10
    read_timeout: float = 30
    max_attempts: int = 5
    backoff: float = 1.5
    max_backoff: float = 30
    max_wait: float = 60
    judge: Callable[[Response], Verdict] = judge_plainly
    bucket: Callable[[PreparedRequest], str] = bucket_of_path
    daily_budget: Callable[[str], int | None] = field(default=lambda _bucket: None)


class PacedSession(requests.Session):
    """A session that keeps a policy. `sent` and `waited` tell what it cost so far (requests, seconds)."""

    def __init__(
        self, policy: Policy, state: State, *, run_id: str, user_agent: str, clock: Clock | None = None
    ) -> None:
        super().__init__()
        self.policy = policy
        self.sent = 0
        self.waited = 0.0
        self.trust_env = True
        self.headers["User-Agent"] = user_agent
        self._state = state
        self._run_id = run_id
        self._clock = clock or SystemClock()
        self._turn = threading.RLock()  # a redirect is sent from within a send
        self._next_at = 0.0
        self._stretch = 1.0
        self._random = random.Random()

    def send(self, request: PreparedRequest, **kwargs: Any) -> Response:
        """Send a request as the policy says and give the answer.

        Errors: QuotaExhausted (blocked, or over the budget), ServiceUnavailable (no usable answer after all attempts).
        """
        kwargs["timeout"] = (self.policy.connect_timeout, self.policy.read_timeout)
        bucket = self.policy.bucket(request)
        with self._turn:
            reason, waited = "", 0.0
            for attempt in range(1, self.policy.max_attempts + 1):
                self._refuse_if_blocked(bucket)
                waited += self._wait_for_turn()
                verdict, response = self._attempt(request, bucket, waited, kwargs)
                if isinstance(verdict, Deliver) and response is not None:
                    return response
                if isinstance(verdict, Blocked):
                    raise self._block(bucket, verdict.reason, verdict.seconds)
                reason = verdict.reason if isinstance(verdict, Retry) else "gave no answer"
                asked = verdict.after if isinstance(verdict, Retry) else None
                if isinstance(verdict, Retry) and verdict.slower:
                    self._stretch = min(_STRETCH_MAX, self._stretch * _STRETCH)
                if asked is not None and asked > self.policy.max_wait:
                    raise self._block(bucket, reason, asked)
                if attempt < self.policy.max_attempts:
                    waited = self._sleep(self._pause(attempt, asked))
        msg = f"{self.policy.service} {reason}, {self.policy.max_attempts} times in a row."
        raise ServiceUnavailable(msg, service=self.policy.service)

    def _attempt(
        self, request: PreparedRequest, bucket: str, waited: float, kwargs: dict[str, Any]
    ) -> tuple[Verdict, Response | None]:
        started, at = self._clock.monotonic(), self._clock.now()
        response: Response | None = None
        try:
            response = super().send(request, **kwargs)
            verdict = self.policy.judge(response)
        except (requests.ConnectionError, requests.Timeout, requests.exceptions.ContentDecodingError) as error:
            verdict = Retry(_plain(error))
        except requests.exceptions.ChunkedEncodingError:
            verdict = Retry("cut its answer short")
        self.sent += 1
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
        return verdict, response

    def _refuse_if_blocked(self, bucket: str) -> None:
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
            raise QuotaExhausted(msg, resume_at=free_at, service=service, bucket=bucket)

    def _block(self, bucket: str, reason: str, seconds: float) -> QuotaExhausted:
        now = self._clock.now()
        until = now + timedelta(seconds=seconds)
        self._state.block(self.policy.service, bucket, until, now)
        msg = f"{self.policy.service} {reason} ({bucket})."
        return QuotaExhausted(msg, resume_at=until, service=self.policy.service, bucket=bucket)

    def _wait_for_turn(self) -> float:
        if not self.policy.requests_per_second:
            return 0.0
        gap = self._stretch / self.policy.requests_per_second
        now = self._clock.monotonic()
        pause = max(0.0, self._next_at - now)
        self._next_at = max(now, self._next_at) + gap
        return self._sleep(pause)

    def _pause(self, attempt: int, asked: float | None) -> float:
        """Return the wait before the next attempt: what was asked for, or a growing one, whichever is longer."""
        grown = min(self.policy.max_backoff, self.policy.backoff * 2 ** (attempt - 1))
        return float(max(asked or 0.0, grown * (0.5 + self._random.random())))

    def _sleep(self, seconds: float) -> float:
        if seconds > 0:
            self._clock.sleep(seconds)
            self.waited += seconds
        return seconds


def _plain(error: Exception) -> str:
    """Return what happened on the wire, without the address."""
    if isinstance(error, requests.Timeout):
        return "did not answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "could not be trusted (TLS)"
    return "could not be reached"
