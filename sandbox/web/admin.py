"""The pages under /_sandbox/ on every port: what was served, which faults are on, what time it is.

Another process steers the sandbox with them. The ground truth is there only if the sandbox was started with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from sandbox.web.clock import Clock
from sandbox.web.faults import Faults
from sandbox.web.http_messages import Request, Response, json_response
from sandbox.web.request_counts import Counts


class AdminPages:
    """Answers the admin pages. `truth` is called for the page of that name; None keeps it shut."""

    def __init__(
        self,
        clock: Clock,
        counts: Counts,
        faults: Faults,
        env: Callable[[], dict[str, str]],
        truth: Callable[[], list[dict[str, Any]]] | None,
    ) -> None:
        self._clock, self._counts, self._faults = clock, counts, faults
        self._env, self._truth = env, truth

    def respond(self, request: Request) -> Response:
        """Return the answer to a request."""
        name = request.path.removeprefix("/_sandbox/").strip("/")
        pages = {
            "health": self._health_page,
            "counts": self._counts_page,
            "clock": self._clock_page,
            "faults": self._faults_page,
            "env": self._env_page,
            "truth": self._truth_page,
        }
        if name not in pages or (name == "truth" and self._truth is None):
            return json_response({"error": f"there is no page {name!r}"}, 404)
        try:
            return pages[name](request.method, _body(request))
        except (ValueError, TypeError, KeyError) as error:
            return json_response({"error": str(error)}, 400)

    def _health_page(self, _method: str, _body: dict[str, Any]) -> Response:
        return json_response({"status": "ok"})

    def _env_page(self, _method: str, _body: dict[str, Any]) -> Response:
        return json_response(self._env())

    def _truth_page(self, _method: str, _body: dict[str, Any]) -> Response:
        return json_response(self._truth() if self._truth else [])

    def _counts_page(self, method: str, _body: dict[str, Any]) -> Response:
        if method == "DELETE":
            self._counts.reset()
        return json_response(self._counts.as_rows())

    def _clock_page(self, method: str, body: dict[str, Any]) -> Response:
        if method == "POST" and "now" in body:
            self._clock.set(datetime.fromisoformat(body["now"]))
        elif method == "POST":
            self._clock.advance(seconds=float(body["advance_seconds"]))
        return json_response({"now": self._clock.now().isoformat()})

    def _faults_page(self, method: str, body: dict[str, Any]) -> Response:
        if method == "POST":
            service, kind = body.pop("service"), body.pop("kind")
            return json_response(self._faults.add(service, kind, **body).describe(), 201)
        if method == "DELETE":
            self._faults.clear(body.get("service"), body.get("kind"), number=body.get("number"))
        return json_response([fault.describe() for fault in self._faults.active()])


def _body(request: Request) -> dict[str, Any]:
    if not request.body:
        return dict(request.query)
    payload = orjson.loads(request.body)
    if not isinstance(payload, dict):
        raise ValueError("the body has to be a JSON object")
    return payload
