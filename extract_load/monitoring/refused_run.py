"""A run that could not begin, because its folders can't be written: the owner is told, though nothing can be recorded.

Alerts are deduplicated in the state, which lies in those very folders. So the sentence is kept in the machine's
temporary folder instead: each address gets it once, and again when it has changed or was over in between.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from pathlib import Path

from extract_load.core.settings import Settings
from extract_load.monitoring.alert_addresses import addresses_of
from extract_load.monitoring.heartbeat import send_heartbeat

log = logging.getLogger(__name__)


def report_refused_run(settings: Settings, flow: str, sentence: str) -> None:
    """Let the heartbeat and each alert address know that a run could not begin, the latter once."""
    send_heartbeat(settings, good=False, message=f"{flow} could not begin")
    note = _note(settings)
    try:
        if note.is_file() and note.read_text(encoding="utf-8") == sentence:
            return
    except OSError:
        pass  # it is told once more
    arrived = [address.send("Music tracker: 1 new", sentence, True) for address in addresses_of(settings)]
    if any(arrived):
        try:
            note.write_text(sentence, encoding="utf-8")
        except OSError as error:
            log.info("That an alert was sent could not be noted: %s", error.strerror)


def forget_refused_runs(settings: Settings) -> None:
    """Forget what was sent, now that a run could begin."""
    _note(settings).unlink(missing_ok=True)


def _note(settings: Settings) -> Path:
    installation = hashlib.sha256(str(settings.data_dir).encode()).hexdigest()[:12]
    return Path(tempfile.gettempdir()) / f"music-tracker-{os.geteuid()}-refused-{installation}"
