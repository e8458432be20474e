"""The heartbeat: asked after each run, by the convention of two monitors; never an error of the run."""

from __future__ import annotations

import pytest
from pydantic import SecretStr

from extract_load.context import Context
from extract_load.core.results import TaskResult
from extract_load.core.settings import Settings
from extract_load.monitoring.heartbeat import heartbeat_address, send_heartbeat
from extract_load.monitoring.tracked_run import tracked_run
from tests.support.alert_receiver import SECRET, AlertReceiver


@pytest.mark.parametrize(
    ("url", "good", "asked"),
    [
        ("https://hc.example/ab-12", True, "https://hc.example/ab-12"),
        ("https://hc.example/ab-12", False, "https://hc.example/ab-12/fail"),
        ("https://hc.example/ping/key/slug?create=1", False, "https://hc.example/ping/key/slug/fail?create=1"),
        ("https://hc.example/ab-12/", False, "https://hc.example/ab-12/fail"),
        (
            "https://kuma.example/api/push/tok?status=up&msg=OK&ping=",
            True,
            "https://kuma.example/api/push/tok?status=up&msg=Said&ping=",
        ),
        (
            "https://kuma.example/api/push/tok?status=true",
            False,
            "https://kuma.example/api/push/tok?status=down&msg=Said",
        ),
        ("https://kuma.example/api/push/tok", False, "https://kuma.example/api/push/tok?status=down&msg=Said"),
    ],
)
def test_the_address_follows_the_convention(url: str, good: bool, asked: str) -> None:
    """`/fail` for healthchecks.io, `status` for Uptime Kuma."""
    assert heartbeat_address(url, good=good, message="Said") == asked


def test_each_run_asks_the_monitor_once(context: Context, receiver: AlertReceiver) -> None:
    """A good one the address, a failed one `/fail`, a cancelled one nothing."""
    context.settings = context.settings.model_copy(update={"heartbeat_url": SecretStr(receiver.monitor_url)})

    def run(status: str) -> None:
        with tracked_run(context, "daily-etl", fatal=("work",), cancelled_by=(TimeoutError,)) as tracked:
            if status == "cancelled":
                raise TimeoutError
            tracked.results["work"] = TaskResult(status)  # type: ignore[arg-type]

    for status in ("success", "no_updates", "partial"):
        run(status)
    assert receiver.asked == [f"/{SECRET}"] * 3
    run("failed")
    with pytest.raises(TimeoutError):
        run("cancelled")
    assert receiver.asked[3:] == [f"/{SECRET}/fail"]


def test_a_monitor_that_is_down_changes_nothing(
    settings: Settings, receiver: AlertReceiver, caplog: pytest.LogCaptureFixture
) -> None:
    """It is asked twice; the log says so, without the address."""
    assert send_heartbeat(settings, good=True) is None
    receiver.refuses = True
    refused = settings.model_copy(update={"heartbeat_url": SecretStr(receiver.monitor_url)})
    assert send_heartbeat(refused, good=True) is False
    assert len(receiver.asked) == 2
    gone = settings.model_copy(update={"heartbeat_url": SecretStr(f"http://127.0.0.1:9/{SECRET}")})
    assert send_heartbeat(gone, good=False) is False
    assert ("answered 500" in caplog.text, "ConnectionError" in caplog.text, SECRET in caplog.text) == (
        True,
        True,
        False,
    )
