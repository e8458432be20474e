"""What a web page of somebody else can send to our servers: it reads nothing and changes nothing.

Three servers: the temporary one (a real process), the one of `music-tracker serve`, and the one that `prefect server
start` makes, by hand or in docker-compose, with the settings that our start-up hook gives it.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

ROOT = Path(__file__).parents[3]
FOREIGN = {
    "foreign Origin": {"Origin": "http://evil.example"},
    "Origin null": {"Origin": "null"},
    "foreign Host": {"Host": "evil.example:4200"},
    "no Origin, no credentials": {},
    "wrong credentials": {"Authorization": "Basic bXVzaWMtdHJhY2tlcjp3cm9uZw=="},
}
READ = ("/flows/filter", "/deployments/filter", "/variables/filter", "/block_documents/filter", "/logs/filter")
"""Prefect reads by POST, as a form of a page can."""
CHANGE = (
    ("POST", "/flows/", {"name": "mine"}),
    ("POST", "/work_pools/", {"name": "mine", "type": "process"}),
    ("POST", "/variables/", {"name": "mine", "value": "1"}),
    ("POST", "/admin/database/clear", {"confirm": True}),
    ("PATCH", "/deployments/00000000-0000-0000-0000-000000000000", {"pull_steps": []}),
    ("DELETE", "/flows/00000000-0000-0000-0000-000000000000", None),
)
SIMPLE = {"Content-Type": "text/plain"}
PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type",
}
# Prefect's app, with the settings of our start-up hook or of our process, is asked without being served: what it
# refuses, it refuses before it looks at its database.
APPS = """
import asyncio, json, os, sys
from extract_load.core.settings import load_settings
from orchestrate.server.credentials import server_environment
os.environ.update(server_environment(load_settings()))
from prefect.server.api.server import create_app
from orchestrate.server.own_pages import OwnPagesOnly
from tests.orchestrate.server.test_foreign_pages import attack
app = create_app(ephemeral=True)
print(json.dumps({"composed": asyncio.run(attack("http://127.0.0.1:4200/api", app)),
                  "served": asyncio.run(attack("http://127.0.0.1:4200/api", OwnPagesOnly(app, 4200)))}))
"""


async def attack(api: str, app: Any = None) -> list[str]:
    """Send everything that a foreign page could send, and return what was answered as it should not be."""
    transport = httpx.ASGITransport(app=app) if app else httpx.AsyncHTTPTransport()
    wrong = []
    async with httpx.AsyncClient(transport=transport, base_url=api, timeout=60) as client:
        for name, headers in FOREIGN.items():
            for path in READ:
                wrong += _answered(name, path, await client.post(path, headers={**headers, **SIMPLE}, content=b"{}"))
            for method, path, body in CHANGE:
                answer = await client.request(method, path, headers=headers, json=body)
                wrong += _answered(name, f"{method} {path}", answer)
            wrong += _answered(name, "GET", await client.get("/admin/settings", headers=headers))
        origin = FOREIGN["foreign Origin"]
        preflight = await client.options("/flows/filter", headers={**origin, **PREFLIGHT})
        if preflight.is_success or "access-control-allow-origin" in preflight.headers:
            wrong.append(f"preflight: {preflight.status_code} {dict(preflight.headers)}")
        health = await client.get("/health", headers=origin)
        if "access-control-allow-origin" in health.headers:
            wrong.append("a foreign page may read /health")
    return wrong


def _answered(name: str, what: str, answer: httpx.Response) -> list[str]:
    refused = answer.status_code in {400, 401, 403} and "access-control-allow-origin" not in answer.headers
    return [] if refused else [f"{name}: {what} -> {answer.status_code} {answer.text[:80]}"]


def test_nothing_of_the_temporary_server_is_read_or_changed(api: str) -> None:
    """As it runs for the length of `music-tracker etl`."""
    assert asyncio.run(attack(api)) == []


def test_nothing_of_a_composed_or_served_server_is_read_or_changed(tmp_path: Path) -> None:
    """With the settings that they start with."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}
    environment = {**clean, "PREFECT_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", APPS], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {"composed": [], "served": []}


def test_the_attack_finds_an_open_server() -> None:
    """The test itself can fail: an application that answers everything is found out."""

    async def open_app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"access-control-allow-origin", b"*")]})
        await send({"type": "http.response.body", "body": b"{}"})

    assert len(asyncio.run(attack("http://127.0.0.1:4200/api", open_app))) == len(FOREIGN) * 12 + 2


@pytest.mark.parametrize("path", ["events/in", "events/out", "logs/out", "task_runs/subscriptions/scheduled"])
def test_no_stream_is_opened_without_the_password(api: str, path: str) -> None:
    """Web sockets know no same-origin rule: a foreign Origin and a missing password are refused."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake
    from websockets.sync.client import connect

    url = f"{api.replace('http', 'ws', 1)}/{path}"
    with pytest.raises(InvalidHandshake):
        connect(url, additional_headers={"Origin": "http://evil.example"}, proxy=None).close()
    with (
        pytest.raises((ConnectionClosed, InvalidHandshake)),
        connect(url, subprotocols=["prefect"], proxy=None) as socket,  # type: ignore[list-item]
    ):
        socket.send(json.dumps({"type": "auth", "token": "music-tracker:wrong"}))
        socket.recv(timeout=30)
