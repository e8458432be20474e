"""Run dbt in a process of its own, on a warehouse of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PARTIAL_PARSE = "partial_parse.msgpack"


@dataclass(frozen=True)
class Dbt:
    """dbt on a warehouse of its own: target dev, all files below `folder`.

    With `parsed_by`, dbt starts from what that build parsed and reads only the files that differ.
    """

    folder: Path
    parsed_by: Dbt | None = None

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def dev(self) -> Path:
        return self.folder / "dev.duckdb"

    @property
    def target(self) -> Path:
        return self.folder / "target"

    def run(self, *arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
        """Run dbt from a working directory, with its own files in `folder` and no settings of this machine."""
        command, environment = self._call(arguments, cwd)
        return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)

    def kill_after(self, models: int, *arguments: str, cwd: Path = ROOT) -> None:
        """Begin as `run`, and kill the process when it has begun so many nodes; it may end before."""
        command, environment = self._call(arguments, cwd)
        begun = 0
        with subprocess.Popen(command, cwd=cwd, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for line in process.stdout:
                begun += " START " in line
                if begun == models:
                    process.kill()
                    break

    def _call(self, arguments: tuple[str, ...], cwd: Path) -> tuple[list[str], dict[str, str]]:
        """Return the command and its environment."""
        self._bring_what_is_parsed()
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("DBT_", "LISTENER_"))}
        environment |= {
            "DUCKDB_PATH": str(self.warehouse),
            "DBT_DEV_PATH": str(self.dev),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
        }
        # dbt keeps the path of a seed as it was parsed: a relative one is not found by a build from another folder.
        project = [] if (cwd / "dbt_project.yml").exists() else ["--project-dir", str(cwd / "dbt_project")]
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors", *arguments, *project]
        return command, environment

    def _bring_what_is_parsed(self) -> None:
        parsed = self.target / PARTIAL_PARSE
        if self.parsed_by is not None and not parsed.exists():
            self.target.mkdir(exist_ok=True)
            shutil.copy(self.parsed_by.target / PARTIAL_PARSE, parsed)
