"""Requests of other pages are refused by Host and Origin before anything else is looked at."""

from __future__ import annotations

import asyncio
from collections.abc import MutableMapping
from typing import Any

import pytest

from orchestrate.server.own_pages import OwnPagesOnly

PORT = 4200
OWN = "127.0.0.1:4200"


def asked(kind: str, **headers: str) -> list[MutableMapping[str, Any]]:
    """Return what the application behind it, which answers 200, or the guard itself sends."""
    sent: list[MutableMapping[str, Any]] = []

    async def behind(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "answered", "status": 200})

    async def receive() -> MutableMapping[str, Any]:
        return {"type": f"{kind}.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {"type": kind, "headers": [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]}
    asyncio.run(OwnPagesOnly(behind, PORT)(scope, receive, send))
    return sent


@pytest.mark.parametrize("kind", ["http", "websocket"])
@pytest.mark.parametrize(
    "headers",
    [{"host": OWN}, {"host": "localhost:4200", "origin": f"http://{OWN}"}, {"host": "[::1]:4200"}],
)
def test_its_own_pages_and_programs_are_let_through(kind: str, headers: dict[str, str]) -> None:
    """Programs send no Origin."""
    assert asked(kind, **headers) == [{"type": "answered", "status": 200}]


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"host": "evil.example:4200"},
        {"host": "127.0.0.1.evil.example:4200"},
        {"host": "127.0.0.1"},
        {"host": "127.0.0.1:x"},
        {"host": OWN, "origin": "http://evil.example"},
        {"host": OWN, "origin": "null"},
        {"host": OWN, "origin": "http://127.0.0.1:3000"},
        {"host": OWN, "origin": "https://evil.example:4200"},
        {"host": OWN, "origin": "file://"},
    ],
)
def test_other_pages_are_refused(headers: dict[str, str]) -> None:
    """Also one of another port of this machine, and a name that leads to this machine."""
    start, body = asked("http", **headers)
    assert start["status"] == 403
    assert b"refused" in body["body"]
    assert asked("websocket", **headers) == [{"type": "websocket.close", "code": 1008}]


def test_the_life_of_the_application_is_not_touched() -> None:
    """Start and end come from the server itself."""
    assert asked("lifespan") == [{"type": "answered", "status": 200}]
