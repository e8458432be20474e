"""The pages under /_sandbox/ on every port: what was served, which faults are on, what time it is.

Another process steers the sandbox with them. The ground truth is there only if the sandbox was started with it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson

from sandbox.clock import Clock
from sandbox.counts import Counts
from sandbox.faults import Faults
from sandbox.http_types import Request, Response, json_response


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
        page = request.path.removeprefix("/_sandbox/").strip("/")
        try:
            return self._page(request.method, page, _body(request))
        except (ValueError, TypeError, KeyError) as error:
            return json_response({"error": str(error)}, 400)

    def _page(self, method: str, page: str, body: dict[str, Any]) -> Response:
        if (method, page) == ("GET", "health"):
            return json_response({"status": "ok"})
        if page == "counts":
            if method == "DELETE":
                self._counts.reset()
            return json_response(self._counts.as_rows())
        if page == "clock":
            return self._clock_page(method, body)
        if page == "faults":
            return self._faults_page(method, body)
        if (method, page) == ("GET", "env"):
            return json_response(self._env())
        if (method, page) == ("GET", "truth") and self._truth is not None:
            return json_response(self._truth())
        return json_response({"error": f"there is no page {page!r}"}, 404)

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
        return {key: value for key, value in request.query}
    payload = orjson.loads(request.body)
    if not isinstance(payload, dict):
        raise ValueError("the body has to be a JSON object")
    return payload
