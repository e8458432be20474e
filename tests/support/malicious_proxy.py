"""A proxy between the tracker and the sandbox that changes answers: values, parts, bytes, status codes."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

import orjson
import requests

from tests.support.malicious_inputs import NUMBERS, OTHER_BODIES, TEXTS, Answer, HostileServer, deep, dumped

STATUSES = (200, 200, 200, 200, 200, 200, 204, 400, 401, 403, 404, 429, 500, 503)


@dataclass
class Proxy:
    """Passes requests on to a target and changes a share of the answers, by a seeded choice."""

    target: str
    server: HostileServer
    dice: random.Random = field(default_factory=random.Random)
    share: float = 0.0
    changed: int = 0

    def answer(self, method: str, path: str, headers: dict[str, str], content: bytes) -> Answer:
        real = requests.request(method, self.target + path, headers=headers, data=content, timeout=10)
        if self.dice.random() >= self.share:
            return real.status_code, {"Content-Type": real.headers.get("Content-Type", "")}, real.content
        self.changed += 1
        body, how = real.content, self.dice.random()
        if how < 0.1:
            body = self.dice.choice(OTHER_BODIES)
        elif how < 0.2:
            body = body[: self.dice.randrange(len(body) + 1)]
        else:
            body = self._changed(body)
        return self.dice.choice(STATUSES) if how < 0.3 else real.status_code, {}, body

    def _changed(self, body: bytes) -> bytes:
        try:
            value = orjson.loads(body)
        except ValueError:
            return body[::-1]
        for _ in range(self.dice.randint(1, 4)):
            value = changed(value, self.dice)
        return dumped(value)


def changed(value: Any, dice: random.Random) -> Any:
    """Change one place of a value: follow a random way down, then replace, drop or double what is there."""
    inner = list(value) if isinstance(value, dict) else list(range(len(value))) if isinstance(value, list) else []
    if inner and dice.random() < 0.85:
        key = dice.choice(inner)
        if dice.random() < 0.1:
            del value[key]
        elif isinstance(value, list) and dice.random() < 0.1:
            value.append(value[key])
        else:
            value[key] = changed(value[key], dice)
        return value
    return dice.choice(
        [
            None,
            True,
            dice.choice(NUMBERS),
            dice.choice(TEXTS),
            [],
            {},
            [None],
            {"id": None},
            [[]],
            deep(400),
            deep(3000),
        ]
    )
