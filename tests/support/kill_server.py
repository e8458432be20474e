"""A process that runs steps of a lifecycle in children of its own, and kills them when it is told to.

One JSON object a line comes in: `{lifecycle: {...}, step, kill_at, kill_after}`; `{status, seconds, error}` goes out,
status `killed`, `done` or `failed`. Everything is imported once, so that a child starts in milliseconds.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
import traceback
from datetime import datetime
from pathlib import Path
from typing import Any

import extract_load.geography.enrich
import extract_load.musicbrainz.enrich
import extract_load.spotify.catalogue.enrich
import extract_load.spotify.history_import.importer
import extract_load.spotify.recently_played  # noqa: F401
from extract_load.core import failpoints
from tests.support.lifecycle import Lifecycle


def serve() -> None:
    """Answer until the input ends."""
    for line in sys.stdin:
        print(json.dumps(_answer(json.loads(line))), flush=True)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    started = time.monotonic()
    log = Path(asked["lifecycle"]["folder"]).with_suffix(".log")
    child = os.fork()
    if child == 0:
        _run(asked, log)
    if asked.get("kill_after") is not None:
        time.sleep(asked["kill_after"])
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    said = "killed" if os.WIFSIGNALED(status) else "failed" if os.WEXITSTATUS(status) else "done"
    return {
        "status": said,
        "seconds": time.monotonic() - started,
        "error": log.read_text()[-4000:] if said == "failed" else "",
    }


def _run(asked: dict[str, Any], log: Path) -> None:
    """Be the child: never returns."""
    code = 1
    try:
        with log.open("w") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            failpoints.arm(asked.get("kill_at") or "")
            given = asked["lifecycle"]
            lifecycle = Lifecycle(
                Path(given["folder"]),
                given["variables"],
                datetime.fromisoformat(given["now"]),
                Path(given["export"]),
                given["artist"],
            )
            try:
                lifecycle.run(asked["step"])
                code = 0
            except BaseException:
                traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    serve()
