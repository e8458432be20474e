"""A run that could not begin tells its owner once, although nothing can be recorded."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from pydantic import SecretStr

from extract_load.core.settings import Settings
from extract_load.monitoring.refused_run import forget_refused_runs, report_refused_run
from tests.support.alert_receiver import alert_receiver

SENTENCE = "The folder /app/data belongs to root (uid 0), and this program runs as uid 1000: it can't write there."


@pytest.fixture(autouse=True)
def _own_temporary_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep notes away from the machine's temporary folder."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))


def test_each_address_is_told_once_until_it_is_over(settings: Settings) -> None:
    """Every half hour a run is refused; another sentence, or a run that could begin in between, is news."""
    with alert_receiver() as receiver:
        notifying = settings.model_copy(update={"alert_urls": SecretStr(receiver.url)})
        for sentence in (SENTENCE, SENTENCE, f"{SENTENCE} Again."):
            report_refused_run(notifying, "daily-etl", sentence)
        assert len(receiver.messages) == 2
        forget_refused_runs(notifying)
        report_refused_run(notifying, "daily-etl", f"{SENTENCE} Again.")
        assert len(receiver.messages) == 3
        assert SENTENCE in receiver.texts[0]


def test_what_did_not_arrive_is_sent_again(settings: Settings) -> None:
    """A dead address is tried by the next run as well."""
    dead = settings.model_copy(update={"alert_urls": SecretStr("json://127.0.0.1:9/")})
    report_refused_run(dead, "daily-etl", SENTENCE)
    with alert_receiver() as receiver:
        report_refused_run(dead.model_copy(update={"alert_urls": SecretStr(receiver.url)}), "daily-etl", SENTENCE)
        assert len(receiver.messages) == 1
