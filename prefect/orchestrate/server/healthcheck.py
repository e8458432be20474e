"""The health checks of the containers: `python -m orchestrate.server.healthcheck URL [--folders]`.

Exit code 0 when the address answers 200 and, with `--folders`, a run could write what it writes; else 1, with one
sentence, which `docker inspect` shows. A command without spaces in its arguments, because some engines split them.
"""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from extract_load.core.errors import ConfigurationError
from extract_load.core.folder_access import require_writable
from extract_load.core.settings import load_settings

SECONDS = 4.0


def trouble(url: str, *, folders: bool) -> str:
    """Return what is wrong in one sentence, empty when nothing is."""
    try:
        if folders:
            require_writable(load_settings())
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(url, timeout=SECONDS) as answer:
            return "" if answer.status == 200 else f"{url} answered {answer.status}."
    except ConfigurationError as error:
        return str(error)
    except (OSError, ValueError) as error:  # urllib's errors are OSErrors
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        return f"{url} does not answer: {reason}."


def main(arguments: list[str]) -> int:
    """Print what is wrong and return the exit code."""
    said = trouble(arguments[0], folders="--folders" in arguments[1:])
    if said:
        sys.stdout.write(f"{said}\n")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
